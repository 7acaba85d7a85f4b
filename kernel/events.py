"""The catalogue: every kind of event that Emberline records, in one table.

An event is an `Event` envelope around a body. The name of the body's class is the event's `kind`. Facts are what
reached the system; derived events are what the fold concluded from them. Coordinates are integers in millionths of
the frame (origin top left), durations and times are integers in nanoseconds.

A field typed `EventRef` or `FrameRef` points to another event. In the log it holds that event's `seq`; inside the
fold it holds a number that does not depend on how the log is laid out (see `kernel/references.py`).
"""

from typing import Annotated, Literal, get_type_hints

import msgspec

SCHEMA_VERSION = 1

EventRef = Annotated[int, "event"]
FrameRef = Annotated[int, "frame"]
Box = tuple[int, int, int, int]
"""x, y, width, height in millionths of the frame."""

PixelFormat = Literal["gray8", "gray16"]
TargetClass = Literal["human", "vehicle", "animal", "other", "unknown"]
RuleType = Literal["line_crossing", "intrusion", "region_entrance", "region_exiting"]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happened; each subclass in this file is one kind of event."""


# --- Facts -----------------------------------------------------------------------------------------------------


class SessionStarted(Body, frozen=True):
    """A run of the daemon or an import began. `versions` names the software, libraries and tzdata that fold it."""

    mode: Literal["run", "import"]
    schema: int
    versions: dict[str, str]
    channels: tuple[str, ...]


class SessionEnded(Body, frozen=True):
    """Nothing more follows in this session: live alarms are cleared, outputs released."""

    reason: str


class ConfigChanged(Body, frozen=True):
    """The whole site file as it stood from here on, and who changed it."""

    document: str
    who: str


class ClockSet(Body, frozen=True):
    """Civil time (ns since 1970, UTC) is logical time + `offset_ns` from here on."""

    offset_ns: int
    why: str


class FrameCaptured(Body, frozen=True):
    """One frame of a channel. The payload (`codec`) is kept beside the event, in the frames file.

    `captured_ns` is the device's clock mapped to logical time. `key` says that the payload decodes without the ones
    before it. `mk_scale`, `mk_offset`: millikelvin = counts × mk_scale / 1000 + mk_offset, for radiometric thermal.
    """

    captured_ns: int
    width: int
    height: int
    pixel_format: PixelFormat
    codec: str
    key: bool
    payload_bytes: int
    payload_sha256: str
    shutter: Literal["open", "closed", "corrected"] | None = None
    night: bool | None = None
    mk_scale: int | None = None
    mk_offset: int | None = None


class FramesLost(Body, frozen=True):
    """`count` frames of the channel never reached the detectors; zero where the number is not known."""

    count: int
    reason: str


class DeviceOnline(Body, frozen=True):
    """A driver said hello; `capabilities` is what it announced."""

    driver: str
    capabilities: dict[str, str]


class DeviceOffline(Body, frozen=True):
    """A driver ended or fell silent."""

    driver: str
    reason: str


class DeviceFault(Body, frozen=True):
    """A driver reported, or caused, something wrong; it goes on."""

    driver: str
    reason: str


class CommandReceived(Body, frozen=True):
    """An operator's command, as given: `name` is one of the command line's, `arguments` its words."""

    name: str
    arguments: tuple[str, ...]
    who: str


class ActionFinished(Body, frozen=True):
    """The driver of an output confirmed the action with this key."""

    output: str
    ordinal: int


class ActionFailed(Body, frozen=True):
    """The action with this key was not carried out."""

    output: str
    ordinal: int
    reason: str


class LogRecovered(Body, frozen=True):
    """Opening the log for this session mended something, or found that something is gone.

    `what` is one of write_ahead_cut, events_lost, payloads_lost, quarantined and ledger_mended, `where` the file or
    segment, `lost` the number of events or payloads that are gone (0: none), `detail` why, and where the damaged file
    is kept.
    """

    what: str
    where: str
    lost: int
    detail: str


class Ticked(Body, frozen=True):
    """A watermark of logical time while nothing else happens, so that due timers fire."""


# --- Derived events --------------------------------------------------------------------------------------------


class HoldOffStarted(Body, frozen=True):
    """Detection on the channel waits until its background is learnt."""

    reason: str


class HoldOffEnded(Body, frozen=True):
    """Detection on the channel goes on."""


class DetectedObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One target in one frame; `score` is its strongest surprise in tenths of σ."""

    track: int
    target: TargetClass
    box: Box
    score: int


class ObjectsDetected(Body, frozen=True):
    """What was seen in a frame; written only where something was seen."""

    frame: FrameRef
    objects: tuple[DetectedObject, ...]


class TrackStarted(Body, frozen=True):
    """A target was seen often enough to be followed. Track numbers are never used again within a session."""

    track: int
    frame: FrameRef
    box: Box


class TrackUpdated(Body, frozen=True):
    """The class of a track changed."""

    track: int
    frame: FrameRef
    target: TargetClass
    confidence: int
    """In millionths."""


class TrackEnded(Body, frozen=True):
    """The target is gone; `duration_ns` from its first to its last sighting."""

    track: int
    target: TargetClass
    duration_ns: int


class RuleTriggered(Body, frozen=True):
    """A target did what a rule watches for, while the rule was armed."""

    channel: str
    rule: str
    type: RuleType
    track: int
    target: TargetClass
    box: Box
    frame: FrameRef
    detail: str
    """line_crossing: a_to_b | b_to_a; otherwise empty."""


class AlarmRaised(Body, frozen=True):
    """An alarm began. (`channel`, `rule`, `ordinal`) names it in every run mode."""

    channel: str
    rule: str
    type: RuleType
    ordinal: int
    track: int
    target: TargetClass
    box: Box
    trigger: EventRef
    frame: FrameRef
    detail: str = ""


class AlarmRepeated(Body, frozen=True):
    """The alarm goes on; `count` is 1 for its first repetition."""

    alarm: EventRef
    channel: str
    rule: str
    ordinal: int
    count: int
    box: Box
    frame: FrameRef


class AlarmCleared(Body, frozen=True):
    """The alarm ended."""

    alarm: EventRef
    channel: str
    rule: str
    ordinal: int
    reason: Literal["target_gone", "disarmed", "configuration", "command", "device_offline", "session_ended"]


class OutputActivated(Body, frozen=True):
    """An alarm output was switched on."""

    output: str


class OutputReleased(Body, frozen=True):
    """An alarm output was switched off."""

    output: str
    reason: Literal["delay", "command", "configuration", "session_ended"]


class ActionRequested(Body, frozen=True):
    """Something to be done outside; sent once this event is committed. (`output`, `ordinal`) is its key."""

    output: str
    ordinal: int
    kind: str
    command: str
    parameters: dict[str, str]


class StateDigested(Body, frozen=True):
    """SHA-256 over background, tracks and linkage state, so that silence proves something too."""

    sha256: str


class StateKept(Body, frozen=True):
    """The fold's whole state after the fact that is its cause, from which a later segment refolds alone.

    No conclusion but a part of the log's layout, so it is in no outcome digest. `sha256` is the state digest; the
    payload, kept in the frames file, is what `kernel.kept` makes of the state.
    """

    sha256: str
    payload_bytes: int
    payload_sha256: str


class FoldFailed(Body, frozen=True):
    """The fold raised on this fact; the channel is quarantined and the rest goes on."""

    channel: str
    error: str


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
    CommandReceived,
    ActionFinished,
    ActionFailed,
    LogRecovered,
    Ticked,
)
DERIVED: tuple[type[Body], ...] = (
    HoldOffStarted,
    HoldOffEnded,
    ObjectsDetected,
    TrackStarted,
    TrackUpdated,
    TrackEnded,
    RuleTriggered,
    AlarmRaised,
    AlarmRepeated,
    AlarmCleared,
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
