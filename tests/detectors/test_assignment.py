"""The assignment costs least, and equal costs are decided by (cost, track, blob)."""

from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from detectors.assignment import FORBIDDEN, assign


@settings(max_examples=80, deadline=None)
@given(arrays(np.int64, (4, 4), elements=st.integers(0, 30)))
def test_no_other_pairing_costs_less(costs: np.ndarray) -> None:
    got = sum(int(costs[row, column]) for row, column in assign(costs))
    assert got == min(sum(int(costs[i, p[i]]) for i in range(4)) for p in permutations(range(4)))


def test_a_crowd_of_a_hundred_is_paired_optimally_too() -> None:
    for seed in range(8):
        costs = np.random.default_rng(seed).integers(0, 40, (100, 100)).astype(np.int64)
        rows, columns = linear_sum_assignment(costs)
        assert sum(int(costs[r, c]) for r, c in assign(costs)) == int(costs[rows, columns].sum())


def test_forbidden_pairs_are_never_made() -> None:
    costs = np.array([[FORBIDDEN, FORBIDDEN], [5, FORBIDDEN]], np.int64)
    assert assign(costs) == [(1, 0)]


def test_equal_costs_go_to_the_first_track_and_blob() -> None:
    assert assign(np.zeros((3, 3), np.int64)) == [(0, 0), (1, 1), (2, 2)]
