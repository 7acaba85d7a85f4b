"""The outline of a target lies where it was before the blur smeared it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectors.integrate import UNIT, integrated
from detectors.outline import outlined

LOW = 50
CORNER_PIXELS = 4 * 4
SCORES = arrays(np.uint8, (12, 14), elements=st.integers(0, 255))


def smeared(height: int) -> tuple[np.ndarray, np.ndarray]:
    """The score map of a target of 12×28 px, `height` tenths of σ high, and where the target is."""
    there = np.zeros((48, 32), np.bool_)
    there[10:38, 10:22] = True
    score = integrated(np.where(there, height, 0).astype(np.uint16)) // UNIT
    return score.astype(np.uint8), there


@pytest.mark.parametrize("height", [60, 80, 120, 160, 250])
def test_a_target_is_as_large_as_it_is_however_high_it_stands_but_for_a_pixel_at_each_corner(height: int) -> None:
    score, there = smeared(height)
    mask = np.where(score >= LOW, np.uint8(255), np.uint8(0))
    wrong = (outlined(mask, score, LOW) > 0) != there
    assert not wrong[12:36].any() and not wrong[:, 12:20].any()
    assert wrong.sum() <= CORNER_PIXELS


def test_without_the_outline_a_dim_target_would_be_too_small_and_a_bright_one_too_large() -> None:
    dim, there = smeared(60)
    bright, _ = smeared(250)
    assert (dim >= LOW).sum() < there.sum() < (bright >= LOW).sum()


@settings(max_examples=60, deadline=None)
@given(SCORES, st.integers(20, 120), st.integers(1, 20))
def test_a_lower_threshold_never_takes_anything_away(score: np.ndarray, low: int, lower_by: int) -> None:
    strict, lenient = (np.where(score >= t, np.uint8(255), np.uint8(0)) for t in (low, low - lower_by))
    less, more = outlined(strict, score, low), outlined(lenient, score, low - lower_by)
    assert not ((less > 0) & (more == 0)).any()
