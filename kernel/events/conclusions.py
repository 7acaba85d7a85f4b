"""Derived events: what the fold concluded from the facts."""

from typing import Literal

import msgspec

from kernel.events.words import (
    AlarmType,
    Body,
    Box,
    ClearReason,
    DetectorName,
    EventRef,
    EventRefs,
    ExceptionName,
    FrameRef,
    MaybeEventRef,
    MaybeFrameRef,
    RuleType,
    TargetClass,
)


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
