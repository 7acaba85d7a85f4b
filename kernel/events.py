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
    """What happened; each subclass in this file is one kind of event."""


# --- Facts -----------------------------------------------------------------------------------------------------


class ActionKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What names an action in every run mode."""

    output: str
    ordinal: int


class Carried(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the run before left undone: the outputs that are still on, the last number used for each output, and the
    actions that nobody confirmed. They are sent again under the same keys, the outputs are switched off."""

    outputs: tuple[str, ...]
    ordinals: dict[str, int]
    unconfirmed: tuple[ActionKey, ...]


class SessionStarted(Body, frozen=True):
    """A run of the daemon or an import began. `versions` names the software, libraries and tzdata that fold it.

    `carried` is what a crash, or outputs that could not be reached, left to be seen to first; None if nothing.
    """

    mode: Literal["run", "import"]
    schema: int
    versions: dict[str, str]
    channels: tuple[str, ...]
    carried: Carried | None = None


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


class AlarmInputChanged(Body, frozen=True):
    """The contact of the alarm input with this number closed or opened, before any debouncing."""

    number: int
    closed: bool


class StorageFull(Body, frozen=True):
    """Storage is full: `detail` says what gives way. Said again only after StorageFreed."""

    free_bytes: int
    detail: str


class StorageFreed(Body, frozen=True):
    """Storage is no longer full."""

    free_bytes: int


class StorageFault(Body, frozen=True):
    """Something could not be written or read."""

    detail: str


class SegmentsPruned(Body, frozen=True):
    """Frames, or the events, of these segments were removed on purpose: `freed_bytes` of them, and why."""

    part: Literal["frames", "events"]
    segments: tuple[str, ...]
    freed_bytes: int
    why: Literal["expired", "quota", "disk"]


class AddressConflict(Body, frozen=True):
    """Another device in the network uses this device's address."""

    address: str


class LoginFailed(Body, frozen=True):
    """Somebody who could not prove who they are was turned away."""

    who: str
    address: str
    detail: str


class CommandReceived(Body, frozen=True):
    """An operator's command, as given: `name` is one of the command line's, `arguments` its words."""

    name: str
    arguments: tuple[str, ...]
    who: str


class AlarmReviewed(Body, frozen=True):
    """Somebody judged an alarm, which changes no conclusion; what was said last counts.

    `session` is the fact_no of the SessionStarted of the alarm's session; (`session`, `rule`, `ordinal`) names it.
    """

    session: int
    channel: str
    rule: str
    ordinal: int
    label: Label
    cause: Cause | None
    note: str
    who: str


class ActionFinished(Body, frozen=True):
    """The driver of an output confirmed the action with this key.

    `earlier` is the seq of the ActionRequested where that was in an earlier session, otherwise 0: a notice waits for a
    day, but ordinals go on only from what the last segments say, so that its key may have been given again since.
    """

    output: str
    ordinal: int
    earlier: int = 0


class ActionFailed(Body, frozen=True):
    """The action with this key was not carried out; `earlier` as in ActionFinished."""

    output: str
    ordinal: int
    reason: str
    earlier: int = 0


class PictureKept(Body, frozen=True):
    """A picture that the capture with this key asked for lies in `file`, relative to the log's directory.

    `sha256` is that of the file, `frame_sha256` that of the frame's payload as FrameCaptured names it.
    """

    output: str
    ordinal: int
    channel: str
    file: str
    bytes: int
    sha256: str
    frame_sha256: str


class PicturesPruned(Body, frozen=True):
    """So many kept pictures, the oldest ones, were removed on purpose, and why."""

    files: int
    freed_bytes: int
    why: Literal["expired", "quota", "disk"]


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


class RecognisedObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a recogniser took something for: the model's own class number, `confidence` in millionths."""

    kind: int
    confidence: int
    box: Box


class ObjectsRecognised(Body, frozen=True):
    """What a model, running beside the fold, found in a part (`box`) of one frame of the channel.

    The frame is the one of the channel with this `captured_ns`. `model` is the file as the site file names it,
    `model_sha256` the digest of its content. `objects` are all that it gave at least some confidence, the surest
    first, so that other classes or another confidence can be asked for later without the model.
    """

    captured_ns: int
    box: Box
    model: str
    model_sha256: str
    objects: tuple[RecognisedObject, ...]


class Ticked(Body, frozen=True):
    """A watermark of logical time while nothing else happens, so that due timers fire."""


# --- Derived events --------------------------------------------------------------------------------------------


class HoldOffStarted(Body, frozen=True):
    """Detection on the channel waits until its background is learnt."""

    reason: str


class HoldOffEnded(Body, frozen=True):
    """Detection on the channel goes on."""


class LookRequested(Body, frozen=True):
    """A recogniser shall look at these parts of a frame; its targets are followed when it has, or has had its time."""

    frame: FrameRef
    parts: tuple[Box, ...]


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


class MotionStarted(Body, frozen=True):
    """Something moves on the channel; `box` is around all that does, `areas` are those of expert mode, from 0."""

    frame: FrameRef
    box: Box
    areas: tuple[int, ...] = ()


class MotionSeen(Body, frozen=True):
    """What moves in a frame while there is motion, part by part; written where dynamic analysis is on."""

    frame: FrameRef
    boxes: tuple[Box, ...]


class MotionEnded(Body, frozen=True):
    """Nothing moves any more."""

    frame: FrameRef
    duration_ns: int


class TamperStarted(Body, frozen=True):
    """The camera no longer sees what it should."""

    frame: FrameRef
    how: Literal["covered", "blinded", "defocused"]


class TamperEnded(Body, frozen=True):
    """The camera sees again."""

    frame: FrameRef
    how: Literal["covered", "blinded", "defocused"]
    duration_ns: int


class SceneChanged(Body, frozen=True):
    """The camera looks elsewhere from now on."""

    frame: FrameRef
    how: Literal["moved", "turned"]


class InputActivated(Body, frozen=True):
    """The contact of an alarm input left its rest position and stayed away from it for the debounce time."""

    input: str
    number: int


class InputReleased(Body, frozen=True):
    """The contact of an alarm input is back in its rest position."""

    input: str
    number: int


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
    """An alarm began. (`channel`, `rule`, `detector`, `input`, `ordinal`) names it in every run mode.

    `rule` is empty where a `detector` raised it. An alarm input (`detector` is alarm_input, `input` its id) has no
    `channel` and no `frame`. `track` is 0 where no target is followed. `trigger` is the RuleTriggered, MotionStarted,
    TamperStarted, SceneChanged or InputActivated.
    """

    channel: str
    rule: str
    type: AlarmType
    ordinal: int
    track: int
    target: TargetClass
    box: Box
    trigger: EventRef
    frame: MaybeFrameRef
    detail: str = ""
    detector: DetectorName | None = None
    input: str = ""

    @property
    def raiser(self) -> str:
        """What raised it: `gate`, `motion.thermal`, `alarm_input.door`."""
        return alarm_raiser(self)


class AlarmRepeated(Body, frozen=True):
    """The alarm goes on; `count` is 1 for its first repetition."""

    alarm: EventRef
    channel: str
    rule: str
    ordinal: int
    count: int
    box: Box
    frame: MaybeFrameRef
    detector: DetectorName | None = None
    input: str = ""

    @property
    def raiser(self) -> str:
        """What raised it, as in AlarmRaised."""
        return alarm_raiser(self)


class AlarmCleared(Body, frozen=True):
    """The alarm ended."""

    alarm: EventRef
    channel: str
    rule: str
    ordinal: int
    reason: ClearReason
    detector: DetectorName | None = None
    input: str = ""

    @property
    def raiser(self) -> str:
        """What raised it, as in AlarmRaised."""
        return alarm_raiser(self)


def alarm_raiser(body: "AlarmRaised | AlarmRepeated | AlarmCleared") -> str:
    """The rule's id, or `detector.channel`, or `alarm_input.id`: ids have no dots, so these differ."""
    return body.rule if body.detector is None else f"{body.detector}.{body.channel or body.input}"


class ExceptionRaised(Body, frozen=True):
    """Something is wrong with the system itself. (`exception`, `ordinal`) names it in every run mode.

    `subject` is what it is about: a channel, an address, empty for the storage.
    """

    exception: ExceptionName
    ordinal: int
    subject: str
    detail: str


class ExceptionCleared(Body, frozen=True):
    """What was wrong is right again."""

    raised: EventRef
    exception: ExceptionName
    ordinal: int
    subject: str
    reason: Literal["over", "configuration", "session_ended"]


class RecordingStarted(Body, frozen=True):
    """Recording of a channel began: what was captured from `pre_record_ns` before this event on is kept as evidence.

    `plan` is the type of the plan that asks for it, or `linkage`; `event` the alarm or exception, None where the
    schedule alone decides.
    """

    channel: str
    ordinal: int
    plan: str
    pre_record_ns: int
    event: MaybeEventRef


class RecordingExtended(Body, frozen=True):
    """A further alarm or exception came while the channel was recorded."""

    recording: EventRef
    channel: str
    ordinal: int
    event: EventRef


class RecordingStopped(Body, frozen=True):
    """The recording ended with this event; `duration_ns` is its whole length, pre-recording included."""

    recording: EventRef
    channel: str
    ordinal: int
    reason: Literal["post_record", "schedule", "configuration", "session_ended"]
    duration_ns: int


class OutputActivated(Body, frozen=True):
    """An alarm output was switched on."""

    output: str


class OutputReleased(Body, frozen=True):
    """An alarm output was switched off."""

    output: str
    reason: Literal["delay", "command", "configuration", "session_ended", "restart"]


class MediaWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture or a clip that goes along with an action.

    `from_ns` and `to_ns` count from the moment in question: when the action's `frame` was captured, or where it has
    none, the time of its `event`. They say which captured times are meant; for a picture both are the same and the
    nearest frame is meant.
    """

    what: Literal["picture", "clip"]
    channel: str
    from_ns: int
    to_ns: int


class ActionRequested(Body, frozen=True):
    """Something to be done outside; sent once this event is committed. (`output`, `ordinal`) is its key.

    `event` is what it tells of, `also` what was gathered into it since; docs/wire.md lists the commands and the
    parameters of each kind. `media` were captured by the time of this event.
    """

    output: str
    ordinal: int
    kind: str
    command: str
    parameters: dict[str, str]
    event: MaybeEventRef = None
    also: EventRefs = ()
    channel: str = ""
    frame: MaybeFrameRef = None
    media: tuple[MediaWanted, ...] = ()


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
