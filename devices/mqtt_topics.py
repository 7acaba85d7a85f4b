"""Where on a broker a site's alarms are told, and what Home Assistant is told of them.

A notice goes out as JSON on the topic of the settings, its state as ON or OFF on TOPIC/RULE/state, kept by the broker.
"""

import msgspec

from devices.notice import Envelope, Notice, Raiser
from devices.upload import filled

ONLINE, OFFLINE = "online", "offline"
ON, OFF = "ON", "OFF"


class Message(msgspec.Struct, frozen=True):
    """What is to be published."""

    topic: str
    payload: str
    retain: bool


def availability_topic(pattern: str, site: str) -> str:
    """Where the broker says whether Emberline is there: beside all that differs between alarms."""
    fixed: list[str] = []
    for part in pattern.split("/"):
        if any("{" + word + "}" in part for word in ("channel", "rule", "date", "hour")):
            break
        fixed.append(part)
    root = "/".join(filled("/".join(fixed) or "emberline/{site}", {"site": site}))
    return f"{root}/availability"


def topic_of(pattern: str, site: str, raiser: Raiser) -> str:
    """The topic of the alarms of one rule or detector. `date` and `hour` have no place in a topic and are left out."""
    words = {"site": site, "channel": raiser.channel or "site", "rule": raiser.id, "date": "alarms", "hour": "alarms"}
    return "/".join(filled(pattern, words))


def state_topic(pattern: str, site: str, raiser: Raiser) -> str:
    """The topic of its state."""
    return f"{topic_of(pattern, site, raiser)}/{filled(raiser.id, {})[0]}/state"


def raiser_of(notice: Notice) -> Raiser:
    """What raised the alarm of a notice."""
    name = notice.rule or notice.type
    return Raiser(name, name, notice.channel)


def discovery(envelope: Envelope, pattern: str, prefix: str) -> list[Message]:
    """A binary sensor a rule, for Home Assistant's MQTT discovery; each goes unavailable when Emberline does."""
    site_id = "_".join(filled(envelope.site or "site", {}))
    device = {"identifiers": [f"emberline_{site_id}"], "name": envelope.site, "manufacturer": "Emberline"}
    messages: list[Message] = []
    for raiser in envelope.raisers:
        unique = f"emberline_{site_id}_{'_'.join(filled(raiser.id, {}))}"
        config = {
            "name": raiser.name,
            "unique_id": unique,
            "device_class": "motion",
            "state_topic": state_topic(pattern, envelope.site, raiser),
            "json_attributes_topic": topic_of(pattern, envelope.site, raiser),
            "availability_topic": availability_topic(pattern, envelope.site),
            "payload_on": ON,
            "payload_off": OFF,
            "device": device,
        }
        topic = f"{prefix}/binary_sensor/{unique}/config"
        messages.append(Message(topic, msgspec.json.encode(config).decode(), True))
    return messages
