"""Which of the swept settings is recommended, and what is said to be unsure about it."""

from itertools import product

import pytest

from replay.scoring import Tally
from replay.sweep import parse_axis
from replay.tuning.choice import Candidate, candidate, choose, held_out, told_apart, unsure_about
from replay.tuning.objective import parse_objective

DAY_NS = 86_400_000_000_000
SENSITIVITY = "rule.gate.sensitivity"
MODE = "channel.yard.vca.scene_mode"
AXES = [parse_axis(f"{SENSITIVITY}=10..90:20"), parse_axis(f"{MODE}=general,distant_view")]
RECORDED = frozenset({(SENSITIVITY, "50"), (MODE, "general")})
WEEKLY = parse_objective("fa<=1/week")


def session(raised: tuple[int, ...], false: int, days: int = 30) -> Tally:
    """A session with one true event for each of `raised`, how many alarms it raised, and false alarms beside."""
    hits = sum(n > 0 for n in raised)
    return Tally(len(raised), hits, false, 0, 0, 0, days * DAY_NS, (), raised, {}, biased=False)


def grid(results: dict[tuple[str, str], tuple[int, int]], found_otherwise: tuple[int, int] = (0, 9)) -> list[Candidate]:
    """The recorded settings, then the grid; `results` are (events found of four, false alarms) by settings."""

    def of(sensitivity: str, mode: str) -> Candidate:
        hits, false = results.get((sensitivity, mode), found_otherwise)
        tally = session(tuple(int(n < hits) for n in range(4)), false)
        return candidate(((SENSITIVITY, sensitivity), (MODE, mode)), [tally])

    ways = list(product(AXES[0].values, AXES[1].values))
    first = candidate((), of("50", "general").tallies)
    return [first, *(of(*way) for way in ways)]


def chosen(candidates: list[Candidate]) -> dict[str, str]:
    return dict(choose(candidates, WEEKLY, AXES, RECORDED).settings)


def test_the_highest_recall_within_the_budget_is_taken_even_where_more_is_found_beyond_it() -> None:
    found = chosen(grid({("70", "general"): (3, 2), ("90", "general"): (4, 30), ("50", "general"): (2, 0)}))
    assert found == {SENSITIVITY: "70", MODE: "general"}


def test_the_recorded_settings_stay_where_none_is_better() -> None:
    assert chosen(grid({("50", "general"): (3, 0), ("70", "general"): (3, 0), ("90", "distant_view"): (3, 0)})) == {}


def test_of_equals_those_with_the_fewest_changes_are_taken() -> None:
    equals = {("90", "general"): (4, 0), ("90", "distant_view"): (4, 0), ("70", "distant_view"): (4, 0)}
    assert chosen(grid(equals)) == {SENSITIVITY: "90", MODE: "general"}


def test_of_equals_with_as_many_changes_the_one_in_the_middle_is_taken() -> None:
    equals = {(value, "general"): (4, 0) for value in ("70", "90", "30", "10")}
    middle = chosen(grid({**equals, ("90", "general"): (0, 9)}))
    assert middle == {SENSITIVITY: "30", MODE: "general"}


@pytest.mark.parametrize(("objective", "value"), [("fa<=1/week", "30"), ("recall>=0.9", "70")])
def test_each_objective_takes_what_it_asks_for(objective: str, value: str) -> None:
    candidates = grid({("30", "general"): (3, 1), ("70", "general"): (4, 6), ("90", "general"): (4, 60)})
    taken = choose(candidates, parse_objective(objective), AXES, RECORDED)
    assert dict(taken.settings)[SENSITIVITY] == value


def test_the_best_f1_is_taken_however_many_alarms_are_false() -> None:
    candidates = grid({("30", "general"): (1, 0), ("70", "general"): (4, 2)})
    assert dict(choose(candidates, parse_objective("f1"), AXES, RECORDED).settings)[SENSITIVITY] == "70"


def test_where_no_setting_holds_the_budget_the_fewest_false_alarms_are_taken() -> None:
    assert chosen(grid({("30", "general"): (1, 6)}, found_otherwise=(4, 90)))[SENSITIVITY] == "30"


def test_each_session_is_scored_under_what_was_chosen_without_it() -> None:
    one, other = ((SENSITIVITY, "10"),), ((SENSITIVITY, "90"),)
    sees, blind = session((1, 1), 0), session((0, 0), 0)
    candidates = [
        candidate((), [blind, blind]),
        candidate(one, [sees, blind]),
        candidate(other, [blind, sees]),
    ]
    tested = held_out(candidates, WEEKLY, AXES, RECORDED)
    assert tested is not None
    assert (tested.chosen.hits, tested.recorded.hits, tested.different_choices) == (0, 0, 2)
    assert held_out([candidate((), [sees])], WEEKLY, AXES, RECORDED) is None


def test_four_true_alarms_are_too_few_to_tell_two_sensitivities_apart_and_forty_are_not() -> None:
    few = [candidate((), [session((1,) * n + (0,) * (4 - n), 0)]) for n in (4, 0)]
    many = [candidate((), [session((1,) * n + (0,) * (40 - n), 0)]) for n in (40, 0)]
    assert not told_apart(*few)
    assert told_apart(*many)


def test_many_false_alarms_tell_settings_apart_whatever_they_find() -> None:
    quiet, noisy = (candidate((), [session((1, 1, 1, 1), false)]) for false in (1, 30))
    assert told_apart(quiet, noisy)
    assert not told_apart(quiet, quiet)


def test_the_values_that_cannot_be_told_from_the_chosen_one_are_named_for_each_setting() -> None:
    candidates = grid({(v, "general"): (4, 0) for v in ("30", "70")} | {("50", "general"): (3, 0)}, (0, 60))
    taken = next(c for c in candidates if c.settings == ((SENSITIVITY, "70"), (MODE, "general")))
    by_path = {unsure.path: unsure for unsure in unsure_about(taken, candidates, AXES)}
    assert (by_path[SENSITIVITY].chosen, set(by_path[SENSITIVITY].alike)) == ("70", {"30", "50"})
    assert by_path[MODE].alike == ()
