"""The alarm machine: from a rule's hits on a target to one alarm, its repetitions and its end.

An alarm lives from the first hit of a rule on a target until the target is gone, the rule is disarmed or changed, an
operator clears it or the session ends. With `single_alarm` further hits of the same rule on the same target are
silent while the target is there; otherwise each one, and every `repeat_interval`, repeats the alarm.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from kernel.detector import RuleHit
from kernel.events import AlarmCleared, AlarmRaised, AlarmRepeated, Body, Box, RuleTriggered
from kernel.site.model import Rule
from kernel.state import StateDamaged
from kernel.timers import Timers

REPEAT = "repeat"
Emit = Callable[[str, Body, int], int]
"""Adds a derived event (source, body, cause) and gives its ordinal."""
ClearReason = Literal["target_gone", "disarmed", "configuration", "command", "device_offline", "session_ended"]


class LiveAlarm(msgspec.Struct):
    """An alarm that has begun and not ended. `event` is the ordinal of its AlarmRaised, `frame` its latest frame."""

    rule: Rule
    track: int
    ordinal: int
    event: int
    box: Box
    frame: int
    repeats: int = 0


class AlarmsState(msgspec.Struct, frozen=True):
    """`live` holds (rule, track, ordinal, event, box, frame, repeats), `silenced` (rule, track, channel)."""

    live: list[tuple[str, int, int, int, Box, int, int]]
    silenced: list[tuple[str, int, str]]
    counts: dict[str, int]


class Alarms:
    """All live alarms, by (rule, track)."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._live: dict[tuple[str, int], LiveAlarm] = {}
        self._silenced: dict[tuple[str, int], str] = {}
        self._counts: dict[str, int] = {}

    def live(self) -> list[LiveAlarm]:
        return list(self._live.values())

    def hit(self, rule: Rule, hit: RuleHit, frame: int, time: int, emit: Emit, cause: int) -> int | None:
        """Take a rule's hit in frame number `frame`; gives the ordinal of the AlarmRaised or AlarmRepeated, if any."""
        source = f"rule.{rule.id}"
        trigger = emit(
            source,
            RuleTriggered(rule.channel, rule.id, hit.type, hit.track, hit.target, hit.box, frame, hit.detail),
            cause,
        )
        key = (rule.id, hit.track)
        alarm = self._live.get(key)
        if alarm is None and key not in self._silenced:
            return self._raise(rule, hit, frame, time, emit, trigger)
        if alarm is None or rule.single_alarm:
            return None
        alarm.box, alarm.frame = hit.box, frame
        return self._repeat(alarm, time, emit, trigger)

    def _raise(self, rule: Rule, hit: RuleHit, frame: int, time: int, emit: Emit, trigger: int) -> int:
        ordinal = self._counts.get(rule.id, 0) + 1
        self._counts[rule.id] = ordinal
        body = AlarmRaised(
            rule.channel, rule.id, hit.type, ordinal, hit.track, hit.target, hit.box, trigger, frame, hit.detail
        )
        event = emit(f"rule.{rule.id}", body, trigger)
        self._live[(rule.id, hit.track)] = LiveAlarm(rule, hit.track, ordinal, event, hit.box, frame)
        self._arm_repeat(rule, hit.track, time, event)
        return event

    def _arm_repeat(self, rule: Rule, track: int, time: int, cause: int) -> None:
        if not rule.single_alarm:
            self._timers.arm((REPEAT, rule.id, str(track)), time + rule.repeat_interval_ns, cause)

    def _repeat(self, alarm: LiveAlarm, time: int, emit: Emit, cause: int) -> int:
        alarm.repeats += 1
        body = AlarmRepeated(
            alarm.event, alarm.rule.channel, alarm.rule.id, alarm.ordinal, alarm.repeats, alarm.box, alarm.frame
        )
        event = emit(f"rule.{alarm.rule.id}", body, cause)
        self._arm_repeat(alarm.rule, alarm.track, time, event)
        return event

    def repeat_due(self, rule: str, track: int, time: int, emit: Emit, cause: int) -> tuple[Rule, int] | None:
        """The repetition timer fired: the alarm's rule and the ordinal of its AlarmRepeated."""
        alarm = self._live.get((rule, track))
        return None if alarm is None else (alarm.rule, self._repeat(alarm, time, emit, cause))

    def follow(self, channel: str, boxes: dict[int, Box], frame: int) -> None:
        """Keep where the targets of live alarms are now, so that a repetition shows the latest frame."""
        for alarm in self._live.values():
            if alarm.rule.channel == channel and alarm.track in boxes:
                alarm.box, alarm.frame = boxes[alarm.track], frame

    def tracks_ended(self, channel: str, causes: dict[int, int], emit: Emit) -> None:
        """Targets are gone: `causes` maps their tracks to what says so."""
        for alarm in [a for a in self.live() if a.rule.channel == channel and a.track in causes]:
            self._clear(alarm, "target_gone", emit, causes[alarm.track])
        self._silenced = {key: of for key, of in self._silenced.items() if of != channel or key[1] not in causes}

    def clear_where(self, chosen: Callable[[LiveAlarm], bool], reason: ClearReason, emit: Emit, cause: int) -> None:
        """End the live alarms that `chosen` picks, in the order in which they began."""
        for alarm in [a for a in self.live() if chosen(a)]:
            self._clear(alarm, reason, emit, cause)
            if reason == "command":
                self._silenced[(alarm.rule.id, alarm.track)] = alarm.rule.channel

    def _clear(self, alarm: LiveAlarm, reason: ClearReason, emit: Emit, cause: int) -> None:
        rule = alarm.rule
        del self._live[(rule.id, alarm.track)]
        self._timers.cancel((REPEAT, rule.id, str(alarm.track)))
        emit(f"rule.{rule.id}", AlarmCleared(alarm.event, rule.channel, rule.id, alarm.ordinal, reason), cause)

    def set_rules(self, rules: tuple[Rule, ...], emit: Emit, cause: int) -> None:
        """New settings: alarms of rules that are gone or moved to another channel end; the rest go on under the new."""
        by_id = {r.id: r for r in rules}
        self.clear_where(
            lambda a: a.rule.id not in by_id or by_id[a.rule.id].channel != a.rule.channel, "configuration", emit, cause
        )
        for alarm in self._live.values():
            alarm.rule = by_id[alarm.rule.id]

    def references(self) -> list[tuple[int, str, int]]:
        """What live alarms point to: (ordinal, channel, frame number)."""
        return [(a.event, a.rule.channel, a.frame) for a in self._live.values()]

    def state(self) -> AlarmsState:
        live = [(a.rule.id, a.track, a.ordinal, a.event, a.box, a.frame, a.repeats) for a in self._live.values()]
        return AlarmsState(live, [(*key, channel) for key, channel in self._silenced.items()], self._counts)

    def restore(self, state: AlarmsState, rules: tuple[Rule, ...]) -> None:
        """Go on where the Alarms were that gave `state` under these rules. Raises `StateDamaged`."""
        by_id = {rule.id: rule for rule in rules}
        if not {rule for rule, *_ in state.live} <= by_id.keys():
            raise StateDamaged("an alarm is live of a rule that the settings do not have")
        self._live = {
            (rule, track): LiveAlarm(by_id[rule], track, ordinal, event, box, frame, repeats)
            for rule, track, ordinal, event, box, frame, repeats in state.live
        }
        self._silenced = {(rule, track): channel for rule, track, channel in state.silenced}
        self._counts = state.counts
