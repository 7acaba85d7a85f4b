"""The measuring instrument itself, on made-up cases whose answer is known."""

import numpy as np
import pytest

from tests.accuracy.crossings import LINES, SIZE, Crossing, matches, true_crossings
from tests.accuracy.following import overlap
from tests.accuracy.identity import idf1
from tests.accuracy.masks import Counts

BOX = (10.0, 10.0, 20.0, 40.0)


def walk(xs: list[float], y: float = 100.0) -> dict[int, dict[int, tuple[float, float, float, float]]]:
    """One person, whose foot point is at (x, y)."""
    return {n: {1: (x - 10, y - 40, 20.0, 40.0)} for n, x in enumerate(xs)}


def test_the_f_measure_ignores_what_the_truth_does_not_know() -> None:
    truth = np.array([[255, 255, 0, 50, 170, 85]], np.uint8)
    counts = Counts()
    counts.add(np.array([[True, False, True, False, True, True]]), truth)
    assert (counts.hit, counts.false, counts.missed) == (1, 1, 1)
    assert counts.f_measure == 0.5


def test_a_walk_over_a_line_is_one_crossing_with_its_direction() -> None:
    line = LINES["middle"][0][0] * SIZE[0]
    (crossing,) = [c for c in true_crossings(walk([line - 40, line - 3, line + 3, line + 40])) if c.line == "middle"]
    assert crossing.frame == 3
    assert crossing.direction == "b_to_a", "looking down the picture, its right half is on the left"


def test_swaying_on_a_line_is_no_crossing() -> None:
    line = LINES["middle"][0][0] * SIZE[0]
    assert [c for c in true_crossings(walk([line - 40, line + 5, line - 5, line - 40])) if c.line == "middle"] == []


def test_a_crossing_found_twice_is_true_once() -> None:
    true = Crossing("middle", "a_to_b", 100, 300.0, 200.0)
    twice = [Crossing("middle", "a_to_b", n, 310.0, 200.0) for n in (101, 104)]
    assert matches([true], twice) == 1
    assert matches([true], [Crossing("middle", "b_to_a", 100, 300.0, 200.0)]) == 0


def test_idf1_counts_the_boxes_that_keep_one_identity() -> None:
    truth = {n: {1: BOX} for n in range(10)}
    assert idf1(truth, truth) == 1.0
    halves = {n: {1 if n < 5 else 2: BOX} for n in range(10)}
    assert idf1(truth, halves) == pytest.approx(0.5)
    assert idf1(truth, {n: {7: BOX} for n in range(5)}) == pytest.approx(2 / 3)


def test_boxes_that_share_nothing_do_not_overlap() -> None:
    assert overlap(BOX, BOX) == 1.0
    assert overlap(BOX, (31.0, 10.0, 5.0, 5.0)) == 0.0
