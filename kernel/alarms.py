"""The alarm machine: from what a source tells of to one alarm, its repetitions and its end.

An alarm of a rule lives from the first hit on a target until the target is gone, the rule is disarmed or changed, an
operator clears it or the session ends. With `single_alarm` further hits of the same rule on the same target are
silent while the target is there; otherwise each one, and every `repeat_interval`, repeats the alarm.

Detectors (motion, tamper) and alarm inputs tell when something begins and ends: their alarm lives as long as that goes
on while they are armed. A scene change has no length: its alarm is over as soon as it was raised.
"""

from collections.abc import Callable

import msgspec

from kernel.detector import RuleHit
from kernel.drafting import Drafts
from kernel.events import AlarmCleared, AlarmRaised, AlarmRepeated, Box, ClearReason, RuleTriggered, TargetClass
from kernel.sources import AlarmSource
from kernel.state import StateDamaged
from kernel.timers import Timers

REPEAT = "repeat"
NO_TRACK = 0
"""The track of alarms that follow no target."""
WHOLE_FRAME: Box = (0, 0, 1_000_000, 1_000_000)
Key = tuple[str, int]
"""Source and track."""


class Activity(msgspec.Struct, frozen=True):
    """What a detector or alarm input tells of: `event` is the ordinal of what said so."""

    event: int
    frame: int | None
    box: Box
    detail: str = ""


class LiveAlarm(msgspec.Struct):
    """An alarm that has begun and not ended. `event` is the ordinal of its AlarmRaised, `frame` its latest frame.

    `source` is the id of what raised it, `told` are the linkages that acted on it.
    """

    source: str
    track: int
    ordinal: int
    event: int
    target: TargetClass
    box: Box
    frame: int | None
    detail: str
    repeats: int = 0
    told: tuple[str, ...] = ()


class AlarmsState(msgspec.Struct, frozen=True):
    """`silenced` holds (source, track): an operator cleared their alarm while what raised it goes on."""

    live: list[LiveAlarm]
    silenced: list[Key]
    active: dict[str, Activity]
    counts: dict[str, int]


class Linked(msgspec.Struct, frozen=True):
    """What linkages are told of an alarm: that it began, goes on or ended with the derived event `event`."""

    source: AlarmSource
    alarm: LiveAlarm
    event: int
    kind: type[AlarmRaised] | type[AlarmRepeated] | type[AlarmCleared]


class Alarms:
    """All live alarms, by source and track. `link` hears of each event of an alarm and gives the linkages that act."""

    def __init__(self, timers: Timers, drafts: Drafts, link: Callable[[Linked], tuple[str, ...]]) -> None:
        self._timers = timers
        self._drafts = drafts
        self._link = link
        self._sources: dict[str, AlarmSource] = {}
        self._live: dict[Key, LiveAlarm] = {}
        self._silenced: dict[Key, None] = {}
        self._active: dict[str, Activity] = {}
        self._counts: dict[str, int] = {}

    def live(self) -> list[LiveAlarm]:
        return list(self._live.values())

    # What rules tell

    def hit(self, hit: RuleHit, frame: int, cause: int) -> None:
        """Take a rule's hit in frame number `frame`."""
        source = self._sources[hit.rule]
        trigger = self._drafts.emit(
            source.origin,
            RuleTriggered(source.channel, hit.rule, hit.type, hit.track, hit.target, hit.box, frame, hit.detail),
            cause,
        )
        key = (hit.rule, hit.track)
        alarm = self._live.get(key)
        if alarm is None and key not in self._silenced:
            self._raise(source, Activity(trigger, frame, hit.box, hit.detail), trigger, hit.track, hit.target)
        elif alarm is not None and not source.single_alarm:
            alarm.box, alarm.frame = hit.box, frame
            self._repeat(alarm, trigger)

    def repeat_due(self, source: str, track: int, cause: int) -> None:
        """The repetition timer fired."""
        alarm = self._live.get((source, track))
        if alarm is not None:
            self._repeat(alarm, cause)

    def follow(self, channel: str, boxes: dict[int, Box], frame: int) -> None:
        """Keep where the targets of live alarms are now, so that a repetition shows the latest frame."""
        for alarm in self._live.values():
            if self._sources[alarm.source].channel == channel and alarm.track in boxes:
                alarm.box, alarm.frame = boxes[alarm.track], frame

    def tracks_ended(self, channel: str, causes: dict[int, int]) -> None:
        """Targets are gone: `causes` maps their tracks to what says so."""
        for alarm in self.live():
            if self._sources[alarm.source].channel == channel and alarm.track in causes:
                self._clear(alarm, "target_gone", causes[alarm.track])
        for id, track in list(self._silenced):
            if self._sources[id].channel == channel and track in causes:
                del self._silenced[(id, track)]

    # What detectors and alarm inputs tell

    def began(self, source: str, activity: Activity, armed: bool) -> None:
        """Something began; its alarm is raised now if the source is armed, otherwise as soon as it is."""
        if source in self._sources:
            self._active[source] = activity
            self._raise_if_due(source, activity, armed, activity.event)

    def ended(self, source: str, cause: int) -> None:
        """What had begun is over."""
        key = (source, NO_TRACK)
        self._active.pop(source, None)
        self._silenced.pop(key, None)
        if key in self._live:
            self._clear(self._live[key], "over", cause)

    def follow_arming(self, armed: dict[str, int], cause: int) -> None:
        """Alarms of sources that are not in `armed` end; what goes on while its source becomes armed raises one."""
        self.clear_where(lambda alarm: alarm.source not in armed, "disarmed", cause)
        for source, activity in self._active.items():
            self._raise_if_due(source, activity, source in armed, cause)

    def _raise_if_due(self, source: str, activity: Activity, armed: bool, cause: int) -> None:
        key = (source, NO_TRACK)
        if armed and key not in self._live and key not in self._silenced:
            self._raise(self._sources[source], activity, cause, NO_TRACK, "unknown")

    # The alarm itself

    def _raise(self, source: AlarmSource, what: Activity, cause: int, track: int, target: TargetClass) -> None:
        ordinal = self._counts.get(source.id, 0) + 1
        self._counts[source.id] = ordinal
        body = AlarmRaised(
            channel=source.channel,
            rule=source.rule,
            type=source.type,
            ordinal=ordinal,
            track=track,
            target=target,
            box=what.box,
            trigger=what.event,
            frame=what.frame,
            detail=what.detail,
            detector=source.detector,
            input=source.input,
        )
        event = self._drafts.emit(source.origin, body, cause)
        alarm = LiveAlarm(source.id, track, ordinal, event, target, what.box, what.frame, what.detail)
        self._live[(source.id, track)] = alarm
        self._arm_repeat(alarm, event)
        alarm.told = self._link(Linked(source, alarm, event, AlarmRaised))

    def _arm_repeat(self, alarm: LiveAlarm, cause: int) -> None:
        source = self._sources[alarm.source]
        if not source.single_alarm:
            due = self._drafts.time + source.repeat_interval_ns
            self._timers.arm((REPEAT, source.id, str(alarm.track)), due, cause)

    def _repeat(self, alarm: LiveAlarm, cause: int) -> None:
        alarm.repeats += 1
        source = self._sources[alarm.source]
        body = AlarmRepeated(
            alarm=alarm.event,
            channel=source.channel,
            rule=source.rule,
            ordinal=alarm.ordinal,
            count=alarm.repeats,
            box=alarm.box,
            frame=alarm.frame,
            detector=source.detector,
            input=source.input,
        )
        event = self._drafts.emit(source.origin, body, cause)
        self._arm_repeat(alarm, event)
        told = self._link(Linked(source, alarm, event, AlarmRepeated))
        alarm.told += tuple(id for id in told if id not in alarm.told)

    def clear_where(self, chosen: Callable[[LiveAlarm], bool], reason: ClearReason, cause: int) -> None:
        """End the live alarms that `chosen` picks, in the order in which they began."""
        for alarm in [a for a in self.live() if chosen(a)]:
            self._clear(alarm, reason, cause)
            if reason == "command":
                self._silenced[(alarm.source, alarm.track)] = None

    def _clear(self, alarm: LiveAlarm, reason: ClearReason, cause: int) -> None:
        source = self._sources[alarm.source]
        del self._live[(source.id, alarm.track)]
        self._timers.cancel((REPEAT, source.id, str(alarm.track)))
        body = AlarmCleared(
            alarm.event, source.channel, source.rule, alarm.ordinal, reason, source.detector, source.input
        )
        self._link(Linked(source, alarm, self._drafts.emit(source.origin, body, cause), AlarmCleared))

    def lose_channel(self, channel: str, reason: ClearReason, cause: int) -> None:
        """Nothing of the channel can be followed any more."""
        self.clear_where(lambda alarm: self._sources[alarm.source].channel == channel, reason, cause)
        self._active = {id: a for id, a in self._active.items() if self._sources[id].channel != channel}
        gone = [key for key in self._silenced if self._sources[key[0]].channel == channel]
        for key in gone:
            if key[1] == NO_TRACK:
                del self._silenced[key]

    def set_sources(self, sources: tuple[AlarmSource, ...], cause: int) -> None:
        """New settings: alarms of sources that are gone or of another channel end; the rest go on under the new."""
        new = {source.id: source for source in sources}
        stays = {id for id, old in self._sources.items() if id in new and new[id].channel == old.channel}
        self.clear_where(lambda alarm: alarm.source not in stays, "configuration", cause)
        self._active = {id: what for id, what in self._active.items() if id in stays and new[id].enabled}
        self._silenced = {key: None for key in self._silenced if key[0] in stays}
        self._sources = new

    def references(self) -> tuple[list[int], list[tuple[str, int]]]:
        """What live alarms and activities point to: ordinals, and frames by (channel, number)."""
        ordinals = [a.event for a in self._live.values()] + [a.event for a in self._active.values()]
        shown = [(a.source, a.frame) for a in self._live.values()] + [(id, a.frame) for id, a in self._active.items()]
        return ordinals, [(self._sources[id].channel, frame) for id, frame in shown if frame is not None]

    def state(self) -> AlarmsState:
        return AlarmsState(self.live(), list(self._silenced), self._active, self._counts)

    def restore(self, state: AlarmsState, sources: tuple[AlarmSource, ...]) -> None:
        """Go on where the Alarms were that gave `state` under these sources. Raises `StateDamaged`."""
        self._sources = {source.id: source for source in sources}
        named = {a.source for a in state.live} | {id for id, _ in state.silenced} | state.active.keys()
        if not named <= self._sources.keys():
            raise StateDamaged("an alarm is live of a source that the settings do not have")
        self._live = {(alarm.source, alarm.track): alarm for alarm in state.live}
        self._silenced = dict.fromkeys(state.silenced)
        self._active = state.active
        self._counts = state.counts
