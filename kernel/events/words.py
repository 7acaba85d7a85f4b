"""The words of the catalogue: what the fields of events are made of."""

from typing import Annotated, Literal

import msgspec

EventRef = Annotated[int, "event"]
EventRefs = Annotated[tuple[int, ...], "event"]
MaybeEventRef = Annotated[int | None, "event"]
FrameRef = Annotated[int, "frame"]
MaybeFrameRef = Annotated[int | None, "frame"]
Box = tuple[int, int, int, int]
"""x, y, width, height in millionths of the frame."""

PixelFormat = Literal["gray8", "gray16"]
TargetClass = Literal["human", "vehicle", "animal", "other", "unknown"]
Label = Literal["true", "false", "ignore"]
Cause = Literal[
    "vegetation", "rain", "snow", "insect", "shadow", "headlight", "small_animal", "sensor", "camera_moved", "other"
]
"""What can set off a false alarm."""
RuleType = Literal["line_crossing", "intrusion", "region_entrance", "region_exiting"]
DetectorName = Literal["motion", "tamper", "scene_change", "alarm_input"]
AlarmType = RuleType | DetectorName
ClearReason = Literal[
    "target_gone", "over", "disarmed", "configuration", "command", "device_offline", "fold_failed", "session_ended"
]
"""`over`: what a detector or an alarm input had told of has ended."""
ExceptionName = Literal["storage_full", "storage_error", "network_disconnected", "address_conflict", "illegal_login"]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happened; each subclass in this package is one kind of event."""
