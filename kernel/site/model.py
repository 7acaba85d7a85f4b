"""What a site file means, defaults filled in: frozen values in the units of the fold.

Coordinates are integers in millionths of the frame, durations in nanoseconds.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from kernel.events import ExceptionName, RuleType
from kernel.site.linkage_model import AlarmOutput, LinkageSettings

Point = tuple[int, int]
Polygon = tuple[Point, ...]
SceneMode = Literal["general", "distant_view", "leaves_interfered"]
TargetName = Literal["human", "vehicle", "animal", "other"]
ChannelKind = Literal["thermal", "optical"]
PlanType = Literal["continuous", "motion", "alarm", "motion_or_alarm", "motion_and_alarm", "event"]
ALWAYS = "always"
"""The schedule that every site has: armed at all times."""


class Period(msgspec.Struct, frozen=True):
    """A half-open stretch of the civil day, in minutes since midnight: 0 ≤ start < end ≤ 1440."""

    start: int
    end: int


class Schedule(msgspec.Struct, frozen=True):
    """When something is armed: the periods of Monday (first) to Sunday, in order, without overlaps."""

    name: str
    days: tuple[tuple[Period, ...], ...]


class SizeLimits(msgspec.Struct, frozen=True):
    """Inclusive limits for a target's width and height, millionths of the frame; None does not limit."""

    min_width: int | None = None
    min_height: int | None = None
    max_width: int | None = None
    max_height: int | None = None


class Perspective(msgspec.Struct, frozen=True):
    """Two persons in the picture of a channel: where their feet are and how high they are, millionths of the frame.

    `near_foot` is larger than `far_foot`, and `near_height` not less than `far_height`.
    """

    near_foot: int
    near_height: int
    far_foot: int
    far_height: int


class Rule(msgspec.Struct, frozen=True):
    """One rule of a channel with everything resolved (`like`, the channel's vca defaults and its perspective)."""

    id: str
    channel: str
    enabled: bool
    type: RuleType
    line: tuple[Point, Point] | None
    region: Polygon | None
    direction: Literal["both", "a_to_b", "b_to_a"]
    sensitivity: int
    targets: frozenset[TargetName]
    anchor: Literal["foot", "centre"]
    schedule: str
    linkage: tuple[str, ...]
    duration_ns: int
    size_filter: dict[TargetName, SizeLimits]
    scene_mode: SceneMode
    background_interference_suppression: bool
    single_alarm: bool
    repeat_interval_ns: int
    shield: tuple[Polygon, ...]
    name: str = ""
    perspective: Perspective | None = None


class MotionArea(msgspec.Struct, frozen=True):
    """An area of expert mode. Without a switch between day and night both sensitivities are the same."""

    region: Polygon
    day_sensitivity: int
    night_sensitivity: int


class Motion(msgspec.Struct, frozen=True):
    """Motion detection of a channel: `areas` and `sensitivity` count in normal mode, `expert_areas` in expert mode.

    `areas` empty means the whole frame. `day_period` is the local day, where `day_night` is scheduled.
    """

    enabled: bool
    mode: Literal["normal", "expert"]
    sensitivity: int
    areas: tuple[Polygon, ...]
    expert_areas: tuple[MotionArea, ...]
    day_night: Literal["off", "auto", "scheduled"]
    day_period: Period | None
    dynamic_analysis: bool
    schedule: str
    linkage: tuple[str, ...]


class Tamper(msgspec.Struct, frozen=True):
    """Video tampering detection of a channel; `area` None means the whole frame."""

    enabled: bool
    sensitivity: int
    area: Polygon | None
    schedule: str
    linkage: tuple[str, ...]


class SceneChange(msgspec.Struct, frozen=True):
    """Scene change detection of a channel."""

    enabled: bool
    sensitivity: int
    schedule: str
    linkage: tuple[str, ...]


class Recogniser(msgspec.Struct, frozen=True):
    """An ONNX model that looks at what moves on a channel, beside the fold.

    `model` is its file, relative to the site file; `classes` says which of the model's class numbers mean what, in
    the order of the numbers. Below `confidence`, in millionths, nothing counts. Hits on targets that it has not seen
    wait up to `wait_ns` for it, and with `tracking` the following of targets, which it then takes part in.
    """

    enabled: bool
    model: str
    classes: tuple[tuple[int, TargetName], ...]
    confidence: int
    wait_ns: int
    tracking: bool

    @property
    def follows(self) -> bool:
        """Whether it takes part in following targets: only what may wait for it can hear of it in time."""
        return self.enabled and self.tracking and self.wait_ns > 0


class Channel(msgspec.Struct, frozen=True):
    """A camera channel: where its frames come from and what its own rules default to.

    `user`, `password_file`, `ca_file` and `transport` are how a network camera is reached, `keys` is the directory of
    CURVE keys of a driver that connects by itself. `interface` is the address of the camera's HTTP interface where the
    source is another.
    `motion`, `tamper`, `scene_change` and `recogniser` are None, and so off, where the site file has no table for them.
    """

    id: str
    kind: ChannelKind
    source: str
    fps: float | None
    privacy_mask: tuple[Polygon, ...]
    scene_mode: SceneMode
    background_interference_suppression: bool
    single_alarm: bool
    repeat_interval_ns: int
    shield: tuple[Polygon, ...]
    name: str = ""
    motion: Motion | None = None
    tamper: Tamper | None = None
    scene_change: SceneChange | None = None
    user: str = ""
    password_file: str = ""
    transport: Literal["tcp", "udp"] = "tcp"
    keys: str = ""
    ca_file: str = ""
    interface: str = ""
    recogniser: Recogniser | None = None
    perspective: Perspective | None = None


class Linkage(msgspec.Struct, frozen=True):
    """What alarms set off. `delay_ns` None means manual: on until cleared; it and `number` are of alarm outputs.

    `settings` are those of the kind, of the type that `kernel/site/linkage_kinds.py` names for it.
    """

    id: str
    kind: str
    schedule: str
    number: int | None = None
    delay_ns: int | None = None
    name: str = ""
    settings: LinkageSettings = AlarmOutput()


class AlarmInput(msgspec.Struct, frozen=True):
    """A contact that raises an alarm when it leaves its rest position for longer than it bounces."""

    id: str
    number: int
    name: str
    contact: Literal["normally_open", "normally_closed"]
    enabled: bool
    schedule: str
    linkage: tuple[str, ...]
    debounce_ns: int = 50_000_000


class RecordingPlan(msgspec.Struct, frozen=True):
    """What is recorded of the channels, and when."""

    channels: tuple[str, ...]
    type: PlanType
    schedule: str
    pre_record_ns: int
    post_record_ns: int


class Recording(msgspec.Struct, frozen=True):
    """What becomes of recordings. `evidence_expire_days` None means that evidence expires with the rest."""

    overwrite: bool = True
    expire_days: int = 30
    evidence_expire_days: int | None = None
    quota_mb: int = 20_000
    plans: tuple[RecordingPlan, ...] = ()


class Contacts(msgspec.Struct, frozen=True):
    """Where alarm inputs are wired: a GPIO chip, or `camera:` and a channel, and the line for each input number."""

    chip: str
    lines: tuple[tuple[int, int], ...]


class Site(msgspec.Struct, frozen=True):
    """The whole site. `timezone` is an IANA name. `exceptions` maps each exception to the linkages it sets off."""

    name: str
    timezone: str
    channels: tuple[Channel, ...]
    rules: tuple[Rule, ...]
    schedules: dict[str, Schedule]
    linkages: tuple[Linkage, ...]
    alarm_inputs: tuple[AlarmInput, ...] = ()
    exceptions: Mapping[ExceptionName, tuple[str, ...]] = {}
    recording: Recording = Recording()
    contacts: Contacts | None = None

    def channel(self, id: str) -> Channel | None:
        return next((c for c in self.channels if c.id == id), None)

    def rules_of(self, channel: str) -> tuple[Rule, ...]:
        return tuple(r for r in self.rules if r.channel == channel)
