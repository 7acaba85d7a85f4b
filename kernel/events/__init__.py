"""The catalogue: every kind of event that Emberline records, in one table.

An event is an `Event` envelope around a body. The name of the body's class is the event's `kind`. Facts are what
reached the system; derived events are what the fold concluded from them. Coordinates are integers in millionths of
the frame (origin top left), durations and times are integers in nanoseconds.

A field typed `EventRef` or `FrameRef` points to another event. In the log it holds that event's `seq`; inside the
fold it holds a number that does not depend on how the log is laid out (see `kernel/references.py`).
"""

from typing import get_type_hints

import msgspec

from kernel.events.conclusions import (
    ActionRequested,
    AlarmCleared,
    AlarmRaised,
    AlarmRepeated,
    DetectedObject,
    ExceptionCleared,
    ExceptionRaised,
    FoldFailed,
    HoldOffEnded,
    HoldOffStarted,
    InputActivated,
    InputReleased,
    LookRequested,
    MediaWanted,
    MotionEnded,
    MotionSeen,
    MotionStarted,
    ObjectsDetected,
    OutputActivated,
    OutputReleased,
    RecordingExtended,
    RecordingStarted,
    RecordingStopped,
    RuleTriggered,
    SceneChanged,
    StateDigested,
    StateKept,
    TamperEnded,
    TamperStarted,
    TrackEnded,
    TrackStarted,
    TrackUpdated,
    alarm_raiser,
)
from kernel.events.facts import (
    ActionFailed,
    ActionFinished,
    ActionKey,
    AddressConflict,
    AlarmInputChanged,
    AlarmReviewed,
    Carried,
    ClockSet,
    CommandReceived,
    ConfigChanged,
    DeviceFault,
    DeviceOffline,
    DeviceOnline,
    FrameCaptured,
    FramesLost,
    LoginFailed,
    LogRecovered,
    ObjectsRecognised,
    PictureKept,
    PicturesPruned,
    RecognisedObject,
    SegmentsPruned,
    SessionEnded,
    SessionStarted,
    StorageFault,
    StorageFreed,
    StorageFull,
    Ticked,
)
from kernel.events.words import (
    AlarmType,
    Body,
    Box,
    Cause,
    ClearReason,
    DetectorName,
    EventRef,
    EventRefs,
    ExceptionName,
    FrameRef,
    Label,
    MaybeEventRef,
    MaybeFrameRef,
    PixelFormat,
    RuleType,
    TargetClass,
)

__all__ = [
    "DERIVED",
    "EVENT_REFS",
    "FACTS",
    "FRAME_REFS",
    "KINDS",
    "SCHEMA_VERSION",
    "WITH_PAYLOAD",
    "ActionFailed",
    "ActionFinished",
    "ActionKey",
    "ActionRequested",
    "AddressConflict",
    "AlarmCleared",
    "AlarmInputChanged",
    "AlarmRaised",
    "AlarmRepeated",
    "AlarmReviewed",
    "AlarmType",
    "Body",
    "Box",
    "Carried",
    "Cause",
    "ClearReason",
    "ClockSet",
    "CommandReceived",
    "ConfigChanged",
    "DetectedObject",
    "DetectorName",
    "DeviceFault",
    "DeviceOffline",
    "DeviceOnline",
    "Event",
    "EventRef",
    "EventRefs",
    "ExceptionCleared",
    "ExceptionName",
    "ExceptionRaised",
    "FoldFailed",
    "FrameCaptured",
    "FrameRef",
    "FramesLost",
    "HoldOffEnded",
    "HoldOffStarted",
    "InputActivated",
    "InputReleased",
    "Label",
    "LogRecovered",
    "LoginFailed",
    "LookRequested",
    "MaybeEventRef",
    "MaybeFrameRef",
    "MediaWanted",
    "MotionEnded",
    "MotionSeen",
    "MotionStarted",
    "ObjectsDetected",
    "ObjectsRecognised",
    "OutputActivated",
    "OutputReleased",
    "PictureKept",
    "PicturesPruned",
    "PixelFormat",
    "RecognisedObject",
    "RecordingExtended",
    "RecordingStarted",
    "RecordingStopped",
    "RuleTriggered",
    "RuleType",
    "SceneChanged",
    "SegmentsPruned",
    "SessionEnded",
    "SessionStarted",
    "StateDigested",
    "StateKept",
    "StorageFault",
    "StorageFreed",
    "StorageFull",
    "TamperEnded",
    "TamperStarted",
    "TargetClass",
    "Ticked",
    "TrackEnded",
    "TrackStarted",
    "TrackUpdated",
    "alarm_raiser",
    "decode_body",
    "encode_body",
]

SCHEMA_VERSION = 1

FACTS: tuple[type[Body], ...] = (
    SessionStarted,
    SessionEnded,
    ConfigChanged,
    ClockSet,
    FrameCaptured,
    FramesLost,
    DeviceOnline,
    DeviceOffline,
    DeviceFault,
    AlarmInputChanged,
    StorageFull,
    StorageFreed,
    StorageFault,
    SegmentsPruned,
    AddressConflict,
    LoginFailed,
    CommandReceived,
    AlarmReviewed,
    ActionFinished,
    ActionFailed,
    PictureKept,
    PicturesPruned,
    LogRecovered,
    ObjectsRecognised,
    Ticked,
)
DERIVED: tuple[type[Body], ...] = (
    HoldOffStarted,
    HoldOffEnded,
    LookRequested,
    ObjectsDetected,
    TrackStarted,
    TrackUpdated,
    TrackEnded,
    MotionStarted,
    MotionSeen,
    MotionEnded,
    TamperStarted,
    TamperEnded,
    SceneChanged,
    InputActivated,
    InputReleased,
    RuleTriggered,
    AlarmRaised,
    AlarmRepeated,
    AlarmCleared,
    ExceptionRaised,
    ExceptionCleared,
    RecordingStarted,
    RecordingExtended,
    RecordingStopped,
    OutputActivated,
    OutputReleased,
    ActionRequested,
    StateDigested,
    StateKept,
    FoldFailed,
)
WITH_PAYLOAD: tuple[type[Body], ...] = (FrameCaptured, StateKept)
"""The kinds that name a payload, kept beside the events, by size and digest."""
KINDS: dict[str, type[Body]] = {body.__name__: body for body in (*FACTS, *DERIVED)}


class Event(msgspec.Struct, frozen=True):
    """The envelope. `cause` is the seq of what brought a derived event about, and None on a fact.

    `time` is logical time in ns. `digest` is the SHA-256 chain digest up to and including this event.
    """

    seq: int
    fact_no: int
    time: int
    source: str
    kind: str
    cause: int | None
    body: Body
    digest: bytes = b""

    @property
    def is_fact(self) -> bool:
        return self.cause is None


def _fields_marked(mark: str) -> dict[type[Body], tuple[str, ...]]:
    table: dict[type[Body], tuple[str, ...]] = {}
    for body in KINDS.values():
        hints = get_type_hints(body, include_extras=True)
        table[body] = tuple(n for n, h in hints.items() if mark in getattr(h, "__metadata__", ()))
    return table


EVENT_REFS: dict[type[Body], tuple[str, ...]] = _fields_marked("event")
"""The fields of each kind that point to a derived event."""
FRAME_REFS: dict[type[Body], tuple[str, ...]] = _fields_marked("frame")
"""The fields of each kind that point to a frame of the channel that `source` or `channel` names."""


def encode_body(body: Body) -> bytes:
    """The canonical body: JSON with the fields in the order of the catalogue."""
    return msgspec.json.encode(body)


def decode_body(kind: str, data: bytes | str) -> Body:
    """The body of an event of `kind` from its canonical JSON.

    Raises `ValueError` where the kind is unknown or the JSON does not fit it.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown event kind {kind!r}")
    try:
        return msgspec.json.decode(data, type=KINDS[kind])
    except msgspec.DecodeError as error:  # ValidationError is one too
        raise ValueError(f"{kind} body does not fit the catalogue: {error}") from None
