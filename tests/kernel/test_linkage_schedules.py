"""Schedules in force: every source and every linkage by its own, to the nanosecond, also where clocks change."""

from datetime import UTC, datetime

import pytest

from kernel.events import AlarmCleared, AlarmRaised, MotionEnded, MotionStarted, SceneChanged, TamperStarted
from support.linkage import fold, session
from support.many_linkages import KINDS, actions, linked
from support.scripted import BOX, SECOND, Facts, ScriptedDetector

CHANGES = [
    ("Europe/Berlin", "2026-03-29T00:00", "01:30-03:30", 7200, "2026-03-29T00:30", "2026-03-29T01:30"),
    ("Europe/Berlin", "2026-10-24T23:00", "01:30-03:30", 14400, "2026-10-24T23:30", "2026-10-25T02:30"),
    ("America/New_York", "2026-03-08T06:00", "01:30-03:30", 7200, "2026-03-08T06:30", "2026-03-08T07:30"),
    ("America/New_York", "2026-11-01T05:00", "01:45-02:15", 10800, "2026-11-01T05:45", "2026-11-01T06:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:00", "01:45-02:45", 7200, "2026-10-03T15:15", "2026-10-03T15:45"),
    ("Australia/Lord_Howe", "2026-04-04T14:00", "01:15-02:15", 7200, "2026-04-04T14:15", "2026-04-04T15:45"),
    ("Asia/Kathmandu", "2026-06-01T00:00", "06:00-06:15", 7200, "2026-06-01T00:15", "2026-06-01T00:30"),
]
"""Zone, begin of the session (UTC), period (local), length of the session (s), first edges (UTC)."""


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


@pytest.mark.parametrize(("zone", "begin", "period", "length", "arms", "disarms"), CHANGES)
def test_an_alarm_is_raised_and_cleared_at_the_edges_of_its_schedule_when_clocks_change(
    zone: str, begin: str, period: str, length: int, arms: str, disarms: str
) -> None:
    document = linked(schedule="night").replace('timezone = "UTC"', f'timezone = "{zone}"')
    facts = Facts()
    events = facts.start(document.replace("00:00-00:01", period), ns(begin))
    events += [facts.frame(0), facts.frame(length * SECOND)]
    drafts = fold(ScriptedDetector({}, {}, {0: [MotionStarted(0, BOX)]}), events)
    edges = [d.time + ns(begin) for d in drafts if isinstance(d.body, AlarmRaised | AlarmCleared)]
    assert edges[:2] == [ns(arms), ns(disarms)]


@pytest.mark.parametrize("detector", ["yard", "motion.thermal", "tamper.thermal", "scene_change.thermal"])
def test_each_source_raises_alarms_by_its_schedule_only(detector: str) -> None:
    told = {n: [TamperStarted(n, "covered"), MotionStarted(n, BOX), SceneChanged(n, "moved")] for n in (30, 90)}
    told[45] = [MotionEnded(45, SECOND)]
    scripted = ScriptedDetector({30: [("yard", 1)], 90: [("yard", 2)]}, {1: range(20, 40), 2: range(80, 99)}, told)
    drafts = fold(scripted, session(linked(schedule="night"), 99, civil_offset=0))
    raised = [(d.time // SECOND, d.body.raiser) for d in drafts if isinstance(d.body, AlarmRaised)]
    assert [t for t, raiser in raised if raiser == detector] == [30]


def test_what_goes_on_while_its_source_becomes_armed_raises_its_alarm_then() -> None:
    told = {10: [MotionStarted(10, BOX)], 90: [MotionEnded(90, 80 * SECOND)]}
    document = linked(schedule="night").replace('"00:00-00:01"', '"00:01-00:02"')
    drafts = fold(ScriptedDetector({}, {}, told), session(document, 100, civil_offset=0))
    seen = [(d.time, type(d.body).__name__) for d in drafts if isinstance(d.body, AlarmRaised | AlarmCleared)]
    assert seen == [(60 * SECOND, "AlarmRaised"), (90 * SECOND, "AlarmCleared")]


@pytest.mark.parametrize("output", [name for name in KINDS if name != "clip"])
def test_each_linkage_acts_by_its_own_schedule(output: str) -> None:
    document = linked(output).replace(KINDS[output], f'{KINDS[output]}schedule = "night"\n')
    hits = {20: [("yard", 1)], 80: [("yard", 2)]}
    drafts = fold(ScriptedDetector(hits, {1: range(10, 22), 2: range(70, 82)}), session(document, 99, civil_offset=0))
    times = [t for t, _, _ in actions(drafts)]
    assert times and all(20 <= t < 30 for t in times)
