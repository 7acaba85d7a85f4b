"""Which alarms are true: each alarm of a session held against the truth, each true event against the alarms."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from replay.labels.truth import TrueEvent, Truth
from replay.sweep.result import SweptAlarm

SECOND_NS = 1_000_000_000
Kind = Literal["true", "duplicate", "false", "ignored", "unreviewed"]


class Windows(msgspec.Struct, frozen=True):
    """How long before the start of a true event, and after it and the rule's duration, an alarm may begin."""

    early_ns: int = 0
    late_ns: int = 10 * SECOND_NS


class Verdict(msgspec.Struct, frozen=True):
    """What an alarm was: of which event (its place in the truth) with what latency, or false for which cause."""

    alarm: SweptAlarm
    kind: Kind
    event: int | None = None
    latency_ns: int | None = None
    cause: str | None = None


class Judged(msgspec.Struct, frozen=True):
    """A session's verdicts in the order of its alarms, and how many alarms each true event got."""

    verdicts: tuple[Verdict, ...]
    found: tuple[int, ...]


def judge(
    alarms: Sequence[SweptAlarm], truth: Truth, durations_ns: Mapping[str, int], windows: Windows = Windows()
) -> Judged:
    """Judge a session's alarms, given in order; `durations_ns` are those of the rules.

    An alarm goes to the first event that still wants one in whose window it begins. One that begins within an event
    that has all of its alarms, or too late in it, is a duplicate; elsewhere it is what a mark says, and else false
    where the time has been looked through.
    """
    found = [0] * len(truth.events)
    verdicts: list[Verdict] = []
    for alarm in alarms:
        late = windows.late_ns + durations_ns.get(alarm.rule, 0)
        near = [
            (number, event)
            for number, event in enumerate(truth.events)
            if event.concerns(alarm.channel, alarm.rule)
            and event.start_ns - windows.early_ns <= alarm.time_ns <= max(event.start_ns + late, event.end_ns)
        ]
        wanting = [
            (number, event)
            for number, event in near
            if found[number] < event.count and alarm.time_ns <= event.start_ns + late
        ]
        if wanting:
            number, event = min(wanting, key=lambda pair: (pair[1].start_ns, pair[0]))
            found[number] += 1
            verdicts.append(Verdict(alarm, "true", number, alarm.time_ns - event.start_ns))
        else:
            verdicts.append(_otherwise(alarm, truth, near))
    return Judged(tuple(verdicts), tuple(found))


def _otherwise(alarm: SweptAlarm, truth: Truth, near: list[tuple[int, TrueEvent]]) -> Verdict:
    if near:
        return Verdict(alarm, "duplicate", near[0][0])
    marks = [m for m in truth.marks if m.holds(alarm.time_ns, alarm.channel, alarm.rule)]
    if any(m.label == "ignore" for m in marks):
        return Verdict(alarm, "ignored")
    if marks:
        return Verdict(alarm, "false", cause=marks[0].cause)
    looked = any(r.channel in (None, alarm.channel) and r.start_ns <= alarm.time_ns <= r.end_ns for r in truth.reviewed)
    return Verdict(alarm, "false" if looked else "unreviewed")
