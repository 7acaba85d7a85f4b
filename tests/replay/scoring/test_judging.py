"""Which alarms are true, duplicates, false or nobody's business."""

from hypothesis import given
from hypothesis import strategies as st

from replay.labels import Mark, Reviewed, TrueEvent, Truth
from replay.scoring import Tally, Windows, judge, poisson_interval, score_of, share_interval, tally_of
from replay.scoring.armed import common, united
from replay.sweep import SweptAlarm

SECOND = 1_000_000_000


def alarm(at: float, rule: str = "gate") -> SweptAlarm:
    box = (0, 0, 100_000, 100_000)
    return SweptAlarm(round(at * SECOND), "thermal", rule, "intrusion", 1, 1, "human", box, 0)


def event(start: float, end: float, **more: object) -> TrueEvent:
    return TrueEvent(round(start * SECOND), round(end * SECOND), **more)  # type: ignore[arg-type]


def kinds(alarms: list[SweptAlarm], truth: Truth, duration: int = 0, windows: Windows = Windows()) -> list[str]:
    return [v.kind for v in judge(alarms, truth, {"gate": duration * SECOND}, windows).verdicts]


ALL = (Reviewed(0, 3600 * SECOND),)


def test_an_alarm_may_begin_ten_seconds_and_the_rules_duration_after_the_event() -> None:
    truth = Truth((event(100, 101),), reviewed=ALL)
    assert kinds([alarm(110)], truth) == ["true"]
    assert kinds([alarm(110.001)], truth) == ["false"]
    assert kinds([alarm(115)], truth, duration=5) == ["true"]
    assert kinds([alarm(99.9)], truth) == ["false"]
    assert kinds([alarm(99.9)], truth, windows=Windows(early_ns=SECOND)) == ["true"]


def test_more_alarms_than_the_event_should_raise_are_duplicates() -> None:
    truth = Truth((event(10, 60, count=2),), reviewed=ALL)
    assert kinds([alarm(11), alarm(12), alarm(13), alarm(55)], truth) == ["true", "true", "duplicate", "duplicate"]


def test_an_alarm_too_late_in_an_event_neither_finds_it_nor_is_false() -> None:
    judged = judge([alarm(55)], Truth((event(10, 60),), reviewed=ALL), {})
    assert judged.verdicts[0].kind == "duplicate" and judged.found == (0,)


def test_events_of_other_rules_do_not_count() -> None:
    truth = Truth((event(10, 20, rule="yard"),), reviewed=ALL)
    assert kinds([alarm(11), alarm(12, "yard")], truth) == ["false", "true"]


def test_only_where_somebody_looked_is_an_alarm_without_a_label_false() -> None:
    truth = Truth(
        marks=(Mark(30 * SECOND, 40 * SECOND, "ignore"), Mark(50 * SECOND, 60 * SECOND, "false", cause="rain")),
        reviewed=(Reviewed(0, 20 * SECOND),),
    )
    assert kinds([alarm(5), alarm(25), alarm(35), alarm(55)], truth) == ["false", "unreviewed", "ignored", "false"]


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 60)), max_size=8), st.lists(st.floats(0, 600), max_size=12))
def test_every_alarm_has_one_verdict_and_no_event_more_than_it_wants(
    spans: list[tuple[float, float]], times: list[float]
) -> None:
    truth = Truth(tuple(event(start, start + length) for start, length in spans), reviewed=ALL)
    judged = judge([alarm(t) for t in sorted(times)], truth, {})
    assert len(judged.verdicts) == len(times)
    assert sum(judged.found) == sum(v.kind == "true" for v in judged.verdicts)
    assert all(found <= 1 for found in judged.found)


def test_false_alarms_count_over_the_time_that_is_both_armed_and_reviewed() -> None:
    truth = Truth(reviewed=(Reviewed(0, 100 * SECOND), Reviewed(50 * SECOND, 200 * SECOND)))
    tally = tally_of(judge([], truth, {}), truth, {"thermal": [(150 * SECOND, 400 * SECOND)], "optical": []})
    assert tally.exposure_ns == 50 * SECOND


def test_exact_intervals_are_those_of_the_tables() -> None:
    low, high = poisson_interval(0)
    assert (low, round(high, 4)) == (0.0, 3.6889)
    low, high = poisson_interval(10)
    assert (round(low, 4), round(high, 4)) == (4.7954, 18.3904)
    low, high = share_interval(9, 10)
    assert (round(low, 4), round(high, 4)) == (0.555, 0.9975)
    assert share_interval(0, 0) == (0.0, 1.0)


def test_over_sessions_the_bootstrap_spans_what_they_differ_by() -> None:
    def session(hits: int, false: int) -> Tally:
        return Tally(4, hits, false, 0, 0, 0, 3600 * SECOND, (), (hits,), {}, False)

    score = score_of([session(4, 0), session(0, 8), session(2, 1)])
    assert score.recall == 0.5
    assert score.recall_by_session is not None and score.recall_by_session[0] < 0.5 < score.recall_by_session[1]
    assert score_of([session(4, 0)]).recall_by_session is None
    assert score_of([]).recall is None


def test_stretches_are_united_and_cut_with_each_other() -> None:
    assert united([(5, 7), (0, 3), (3, 4), (9, 9)]) == [(0, 4), (5, 7)]
    assert common([(0, 10), (20, 30)], [(5, 25)]) == [(5, 10), (20, 25)]
