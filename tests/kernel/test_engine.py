"""The Engine with a scripted detector: what alarms, outputs and schedules do with the hits it is given."""

import pytest

from kernel.events import CommandReceived, DeviceOffline
from support.linkage import fold, session, site, timeline
from support.scripted import SECOND, Facts, FailingDetector, ScriptedDetector


def test_a_hit_raises_one_alarm_that_ends_when_its_target_is_gone() -> None:
    detector = ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 6)})
    drafts = fold(detector, session(site(), 10))
    assert timeline(drafts, "AlarmRaised", "AlarmCleared") == [(2, "AlarmRaised"), (6, "AlarmCleared")]
    cleared = next(d.body for d in drafts if type(d.body).__name__ == "AlarmCleared")
    assert cleared.reason == "target_gone"


def test_with_single_alarm_further_hits_on_the_same_target_are_silent() -> None:
    detector = ScriptedDetector({n: [("yard", 7)] for n in (2, 3, 4)}, {7: range(1, 9)})
    drafts = fold(detector, session(site(), 8))
    assert timeline(drafts, "AlarmRaised", "AlarmRepeated") == [(2, "AlarmRaised")]
    assert len(timeline(drafts, "RuleTriggered")) == 3


def test_without_single_alarm_the_alarm_repeats_at_its_interval_until_the_target_is_gone() -> None:
    detector = ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 15)})
    drafts = fold(detector, session(site(single=False), 25))
    assert timeline(drafts, "AlarmRaised", "AlarmRepeated", "AlarmCleared") == [
        (2, "AlarmRaised"),
        (7, "AlarmRepeated"),
        (12, "AlarmRepeated"),
        (15, "AlarmCleared"),
    ]


def test_two_targets_raise_two_alarms() -> None:
    detector = ScriptedDetector({2: [("yard", 7), ("yard", 8)]}, {7: range(1, 6), 8: range(1, 6)})
    raised = [d.body for d in fold(detector, session(site(), 10)) if type(d.body).__name__ == "AlarmRaised"]
    assert [(b.track, b.ordinal) for b in raised] == [(7, 1), (8, 2)]


def test_an_output_goes_off_its_delay_after_the_last_alarm() -> None:
    detector = ScriptedDetector({2: [("yard", 7)], 5: [("yard", 8)]}, {7: range(1, 20), 8: range(4, 20)})
    drafts = fold(detector, session(site(), 20))
    assert timeline(drafts, "OutputActivated", "OutputReleased") == [(2, "OutputActivated"), (10, "OutputReleased")]
    commands = [(d.body.command, d.body.ordinal) for d in drafts if type(d.body).__name__ == "ActionRequested"]
    assert commands == [("on", 1), ("off", 2)]


def test_a_timer_fires_at_its_own_time_even_if_the_next_fact_is_late() -> None:
    facts = Facts()
    detector = ScriptedDetector({1: [("yard", 7)]}, {7: range(0, 9)})
    events = [*facts.start(site()), *(facts.frame(n * SECOND) for n in (0, 1, 60))]
    released = next(d for d in fold(detector, events) if type(d.body).__name__ == "OutputReleased")
    assert released.time == 6 * SECOND


def test_a_manual_output_stays_on_until_the_session_ends() -> None:
    detector = ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 5)})
    drafts = fold(detector, session(site(delay='"manual"'), 100))
    assert timeline(drafts, "OutputActivated", "OutputReleased") == [(2, "OutputActivated"), (99, "OutputReleased")]


def test_the_end_of_the_session_clears_alarms_and_releases_outputs() -> None:
    detector = ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 99)})
    bodies = [d.body for d in fold(detector, session(site(), 4))]
    reasons = [b.reason for b in bodies if type(b).__name__ in ("AlarmCleared", "OutputReleased")]
    assert reasons == ["session_ended", "session_ended"]


def test_at_the_end_of_an_armed_period_a_live_alarm_is_cleared_to_the_nanosecond() -> None:
    detector = ScriptedDetector({2: [("yard", 7)], 70: [("yard", 7)]}, {7: range(1, 99)})
    drafts = fold(detector, session(site(schedule="night"), 80, civil_offset=0))
    cleared = [d for d in drafts if type(d.body).__name__ == "AlarmCleared"]
    assert [(d.time, d.body.reason) for d in cleared] == [(60 * SECOND, "disarmed")]
    assert timeline(drafts, "RuleTriggered") == [(2, "RuleTriggered")], "a disarmed rule triggers nothing"


def test_where_civil_time_is_unknown_schedules_are_ignored() -> None:
    detector = ScriptedDetector({70: [("yard", 7)]}, {7: range(1, 99)})
    drafts = fold(detector, session(site(schedule="night"), 80))
    assert timeline(drafts, "AlarmRaised") == [(70, "AlarmRaised")]


def test_a_step_of_the_civil_clock_moves_schedules_and_not_logical_time() -> None:
    facts = Facts()
    events = facts.start(site(schedule="night"), 0)
    events += [facts.frame(SECOND)]
    events += [facts.fact(facts.start(site(), 3600 * SECOND)[2].body, "site", 2 * SECOND)]
    events += [facts.frame(3 * SECOND), facts.frame(4 * SECOND)]
    detector = ScriptedDetector({0: [("yard", 7)], 1: [("yard", 8)]}, {})
    drafts = fold(detector, events)
    assert timeline(drafts, "AlarmRaised", "AlarmCleared") == [(1, "AlarmRaised"), (2, "AlarmCleared")]


def test_a_lost_camera_ends_its_alarms_and_its_background_is_learnt_afresh() -> None:
    facts = Facts()
    events = [*facts.start(site()), facts.frame(0), facts.frame(SECOND)]
    events += [facts.fact(DeviceOffline("thermal", "silent"), "channel.thermal", 2 * SECOND)]
    detector = ScriptedDetector({1: [("yard", 7)]}, {7: range(0, 9)})
    cleared = [d.body.reason for d in fold(detector, events) if type(d.body).__name__ == "AlarmCleared"]
    assert cleared == ["device_offline"]
    assert detector.restarts == ["reconnect"]


def test_a_detector_that_raises_is_quarantined_and_the_fold_goes_on() -> None:
    drafts = fold(FailingDetector(3), session(site(), 10))
    failed = [d.body for d in drafts if type(d.body).__name__ == "FoldFailed"]
    assert [f.channel for f in failed] == ["thermal"]
    assert "broken on purpose" in failed[0].error
    assert timeline(drafts, "StateDigested") == [(9, "StateDigested")]


def test_facts_that_resolve_to_nothing_are_ignored() -> None:
    facts = Facts()
    events = [*facts.start(site()), facts.fact(CommandReceived("clear", ("yard#9",), "operator"), "operator")]
    assert fold(ScriptedDetector({}, {}), events) == []


def test_state_is_digested_every_256_frames_and_at_the_end() -> None:
    drafts = fold(ScriptedDetector({}, {}), session(site(), 600))
    assert timeline(drafts, "StateDigested") == [(255, "StateDigested"), (511, "StateDigested"), (599, "StateDigested")]


@pytest.mark.parametrize("start", [0, 1_700_000_000 * SECOND])
def test_the_same_facts_give_the_same_conclusions_whenever_the_session_begins(start: int) -> None:
    facts = Facts()
    facts.time = start
    events = [*facts.start(site()), *(facts.frame(start + n * SECOND) for n in range(8)), facts.end()]
    drafts = fold(ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 5)}), events)
    assert drafts == fold(ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 5)}), session(site(), 8))


def commanded(detector: ScriptedDetector, commands: dict[int, CommandReceived], frames: int, document: str) -> list:
    """A session with these commands just ahead of the frames of these numbers."""
    facts = Facts()
    events = facts.start(document)
    for n in range(frames):
        if n in commands:
            events.append(facts.fact(commands[n], "operator", n * SECOND))
        events.append(facts.frame(n * SECOND))
    return fold(detector, [*events, facts.end()])


def say(name: str, *words: str) -> CommandReceived:
    return CommandReceived(name, words, "operator")


def test_an_operator_clears_an_alarm_and_its_target_raises_no_other() -> None:
    detector = ScriptedDetector({2: [("yard", 7)], 6: [("yard", 7)]}, {7: range(1, 20)})
    drafts = commanded(detector, {4: say("clear", "yard#1")}, 10, site())
    assert timeline(drafts, "AlarmRaised", "AlarmCleared") == [(2, "AlarmRaised"), (4, "AlarmCleared")]


def test_a_disarmed_site_raises_nothing_until_it_is_armed_again() -> None:
    hits = {n: [("yard", n)] for n in (2, 6, 12)}
    detector = ScriptedDetector(hits, {n: range(n, 30) for n in (2, 6, 12)})
    drafts = commanded(detector, {4: say("disarm"), 10: say("arm")}, 20, site())
    assert [t for t, _ in timeline(drafts, "AlarmRaised")] == [2, 12]
    assert next(d.body.reason for d in drafts if type(d.body).__name__ == "AlarmCleared") == "disarmed"


def test_a_pause_ends_by_itself_to_the_nanosecond() -> None:
    detector = ScriptedDetector({n: [("yard", n)] for n in (5, 9)}, {n: range(n, 30) for n in (5, 9)})
    drafts = commanded(detector, {2: say("pause", "7s")}, 20, site())
    assert [t for t, _ in timeline(drafts, "AlarmRaised")] == [9]


def test_an_output_switched_on_by_hand_stays_on_over_alarms_until_switched_off() -> None:
    detector = ScriptedDetector({4: [("yard", 7)]}, {7: range(1, 6)})
    drafts = commanded(detector, {2: say("output", "siren", "on"), 20: say("output", "siren", "off")}, 30, site())
    assert timeline(drafts, "OutputActivated", "OutputReleased") == [(2, "OutputActivated"), (20, "OutputReleased")]


def test_restart_vca_ends_alarms_and_learns_the_background_afresh() -> None:
    detector = ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 20)})
    drafts = commanded(detector, {4: say("restart-vca")}, 10, site())
    assert timeline(drafts, "AlarmCleared") == [(4, "AlarmCleared")]
    assert detector.restarts == ["restart VCA"]
