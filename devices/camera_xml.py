"""The alert document that cameras post to an alarm server: EventNotificationAlert 2.0, a line an element."""

import re
from xml.etree import ElementTree

from devices.notice import Notice

_FORBIDDEN = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
NAMESPACE = "http://www.hikvision.com/ver20/XMLSchema"
EVENT_TYPES = {
    "line_crossing": "linedetection",
    "intrusion": "fielddetection",
    "region_entrance": "regionEntrance",
    "region_exiting": "regionExiting",
    "motion": "VMD",
    "tamper": "shelteralarm",
    "scene_change": "scenechangedetection",
    "alarm_input": "IO",
    "storage_full": "diskfull",
    "storage_error": "diskerror",
    "network_disconnected": "nicbroken",
    "address_conflict": "ipconflict",
    "illegal_login": "illaccess",
}
"""What the cameras call each type of alarm; a type that is not here goes out under its own name."""


def alert(notice: Notice) -> bytes:
    """The notice as the cameras say it. Characters that XML does not allow are left out."""
    root = ElementTree.Element("EventNotificationAlert", {"version": "2.0", "xmlns": NAMESPACE})
    for name, text in _fields(notice):
        ElementTree.SubElement(root, name).text = _allowed(text)
    if notice.box is not None:
        regions = ElementTree.SubElement(root, "DetectionRegionList")
        entry = ElementTree.SubElement(regions, "DetectionRegionEntry")
        ElementTree.SubElement(entry, "regionID").text = "1"
        ElementTree.SubElement(entry, "detectionTarget").text = _allowed(notice.target)
        rectangle = ElementTree.SubElement(entry, "TargetRect")
        for name, value in zip(("X", "Y", "width", "height"), notice.box, strict=True):
            ElementTree.SubElement(rectangle, name).text = f"{value:.6f}"
    ElementTree.indent(root)
    return ElementTree.tostring(root, "utf-8", xml_declaration=True) + b"\n"


def heartbeat() -> bytes:
    """What the cameras send while all is quiet: a loss of video that is not there."""
    root = ElementTree.Element("EventNotificationAlert", {"version": "2.0", "xmlns": NAMESPACE})
    said = {"eventType": "videoloss", "eventState": "inactive", "activePostCount": "0"}
    for name, text in {**said, "eventDescription": "videoloss alarm"}.items():
        ElementTree.SubElement(root, name).text = text
    ElementTree.indent(root)
    return ElementTree.tostring(root, "utf-8", xml_declaration=True) + b"\n"


def _fields(notice: Notice) -> list[tuple[str, str]]:
    return [
        ("ipAddress", "0.0.0.0"),
        ("portNo", "0"),
        ("protocol", "HTTP"),
        ("macAddress", "00:00:00:00:00:00"),
        ("channelID", str(notice.channel_number)),
        ("dateTime", notice.time.replace(" ", "T")),
        ("activePostCount", "1" if notice.state == "active" else "0"),
        ("eventType", EVENT_TYPES.get(notice.type, notice.type)),
        ("eventState", notice.state),
        ("eventDescription", notice.summary),
        ("channelName", notice.channel),
        ("ruleName", notice.rule),
        ("eventID", notice.key),
    ]


def _allowed(text: str) -> str:
    """What XML 1.0 allows of it."""
    return _FORBIDDEN.sub("", text)
