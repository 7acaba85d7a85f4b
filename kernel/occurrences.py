"""What linkages act on: an alarm or an exception that began, goes on or ended, in one form and in plain words."""

import msgspec

from kernel.alarms import Linked
from kernel.events import AlarmCleared, AlarmType, Box, ExceptionName


class Occurrence(msgspec.Struct, frozen=True):
    """`event` is the ordinal of the event that tells of it, `of` that of its AlarmRaised or ExceptionRaised.

    `type` is the alarm's, None for an exception. `active` is False where it ended. `words` go into the action's
    parameters.
    """

    event: int
    of: int
    active: bool
    time: int
    words: dict[str, str]
    type: AlarmType | None = None
    channel: str = ""
    frame: int | None = None


def of_alarm(linked: Linked, time: int) -> Occurrence:
    """An event of an alarm at session time `time`."""
    source, alarm = linked.source, linked.alarm
    active = linked.kind is not AlarmCleared
    words = {
        "event": linked.kind.__name__,
        "state": "active" if active else "inactive",
        "alarm": f"{source.id}#{alarm.ordinal}",
        "name": source.name,
        "channel": source.channel,
        "rule": source.rule,
        "detector": source.detector or "",
        "input": source.input,
        "type": source.type,
        "ordinal": str(alarm.ordinal),
        "target": alarm.target,
        "box": box_words(alarm.box) if source.channel else "",
        "detail": alarm.detail,
    }
    return Occurrence(linked.event, alarm.event, active, time, words, source.type, source.channel, alarm.frame)


def of_exception(
    event: int, raised: int, active: bool, time: int, exception: ExceptionName, ordinal: int, subject: str, detail: str
) -> Occurrence:
    """The event of an exception at session time `time`."""
    words = {
        "event": "ExceptionRaised" if active else "ExceptionCleared",
        "state": "active" if active else "inactive",
        "alarm": f"{exception}#{ordinal}",
        "name": exception.replace("_", " "),
        "type": exception,
        "ordinal": str(ordinal),
        "subject": plain_words(subject),
        "detail": plain_words(detail),
    }
    return Occurrence(event, raised, active, time, words)


def plain_words(text: str) -> str:
    """What a stranger may have said (a user's name at a login), on one line and at most 300 characters long."""
    return "".join(c if c.isprintable() else " " for c in text[:300])


def box_words(box: Box) -> str:
    """`x y width height` in millionths of the frame."""
    return " ".join(str(number) for number in box)
