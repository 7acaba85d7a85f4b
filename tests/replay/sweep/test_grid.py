"""What may be written as a grid, and what it means."""

import pytest

from replay.sweep import Axis, GridError, parse_axis, settings_of_grid


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("rule.gate.sensitivity=20..80:20", ("20", "40", "60", "80")),
        ("rule.gate.sensitivity=98..100", ("98", "99", "100")),
        ("rule.gate.duration=0.5..2:0.5", ("0.5", "1", "1.5", "2")),
        ("rule.gate.duration=1..2:3", ("1",)),
        ("channel.t.vca.scene_mode = general, distant_view", ("general", "distant_view")),
        ("rule.gate.shield=[],[[[0,0],[1,0],[1,1]]]", ("[]", "[[[0,0],[1,0],[1,1]]]")),
    ],
)
def test_a_range_has_both_ends_and_lists_keep_their_commas(text: str, values: tuple[str, ...]) -> None:
    assert parse_axis(text).values == values


@pytest.mark.parametrize(
    "text", ["", "path", "path=", "=1", "p=1,", "p=1,1", "p=5..1", "p=1..5:0", "p=0..999999999:0.000001"]
)
def test_what_is_no_grid_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(GridError, match=r"write|twice|more than"):
        parse_axis(text)


def test_all_combinations_are_run_the_last_axis_fastest() -> None:
    runs = settings_of_grid([Axis("a", ("1", "2")), Axis("b", ("x", "y"))])
    assert [tuple(value for _, value in run) for run in runs] == [("1", "x"), ("1", "y"), ("2", "x"), ("2", "y")]


def test_a_path_said_twice_and_a_grid_beyond_the_limit_are_refused() -> None:
    with pytest.raises(GridError, match="twice"):
        settings_of_grid([Axis("a", ("1",)), Axis("a", ("2",))])
    with pytest.raises(GridError, match="at most"):
        settings_of_grid([Axis(str(i), tuple(map(str, range(101)))) for i in range(2)])
