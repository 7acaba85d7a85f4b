"""What a network camera says of its alarm inputs and outputs, and what it is told: small XML documents."""

from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from devices.camera_http import Answer, CameraHttp
from devices.camera_xml import NAMESPACE
from devices.live import SourceAway

MAX_BYTES = 64 * 1024
STATES = {"active": True, "inactive": False}
DONE = "1"


def input_is_active(camera: CameraHttp, port: int) -> bool:
    """Whether the camera's alarm input is active. Raises `SourceAway`."""
    answer = camera.get(f"System/IO/inputs/{port}/status", MAX_BYTES)
    state = _text(_document(answer), "ioState")
    if state not in STATES:
        raise SourceAway(f"alarm input {port}: the camera says {state[:40]!r}, active or inactive is needed")
    return STATES[state]


def set_output(camera: CameraHttp, port: int, on: bool) -> None:
    """Switch the camera's alarm output. Raises `SourceAway` where that was not confirmed."""
    level = "high" if on else "low"
    document = f'<IOPortData version="2.0" xmlns="{NAMESPACE}">\n<outputState>{level}</outputState>\n</IOPortData>\n'
    answer = camera.put(f"System/IO/outputs/{port}/trigger", document.encode(), MAX_BYTES)
    status = _document(answer)
    if _text(status, "statusCode") != DONE:
        said = _text(status, "statusString") or _text(status, "statusCode") or "nothing"
        raise SourceAway(f"alarm output {port}: the camera does not confirm, it says {said[:100]!r}")


def _document(answer: Answer) -> Element:
    """The answer's root. A document type is refused: with it a short document can become gigabytes."""
    try:
        return fromstring(answer.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise SourceAway("an answer that is no XML of the interface") from None


def _text(root: Element, name: str) -> str:
    """The text of the root's first child of this name, in whatever namespace; empty where there is none."""
    child = next((child for child in root if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == name), None)
    return "" if child is None else (child.text or "").strip()
