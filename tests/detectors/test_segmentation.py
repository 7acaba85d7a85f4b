"""What is foreground at one sensitivity is foreground at every higher one; 0 is off."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectors.scene_modes import SCENE_MODES, thresholds
from detectors.segmentation import cut_for, foreground, segment

SCORES = arrays(np.uint8, (16, 20), elements=st.integers(0, 255))


@settings(max_examples=80, deadline=None)
@given(SCORES, st.integers(1, 99), st.sampled_from(sorted(SCENE_MODES)))
def test_more_sensitive_never_sees_less(score: np.ndarray, sensitivity: int, mode: str) -> None:
    parameters = SCENE_MODES[mode]
    less, more = foreground(score, sensitivity, parameters), foreground(score, sensitivity + 1, parameters)
    assert not ((less == 255) & (more == 0)).any()


@pytest.mark.parametrize("mode", sorted(SCENE_MODES))
def test_thresholds_fall_as_sensitivity_rises(mode: str) -> None:
    pairs = [thresholds(s, SCENE_MODES[mode]) for s in range(1, 101)]
    assert pairs == sorted(pairs, reverse=True)
    assert all(later[1] <= earlier[1] for earlier, later in pairwise(pairs))


@pytest.mark.parametrize("mode", sorted(SCENE_MODES))
def test_sensitivity_zero_sees_nothing_at_all(mode: str) -> None:
    score = np.full((20, 20), 255, np.uint8)
    assert segment(score, 0, SCENE_MODES[mode]) == ()
    assert not foreground(score, 0, SCENE_MODES[mode]).any()


def test_one_strong_square_is_one_blob_with_its_box() -> None:
    score = np.zeros((40, 40), np.uint8)
    score[10:20, 5:12] = 240
    (blob,) = segment(score, 50, SCENE_MODES["general"])
    assert (blob.x0, blob.y0, blob.x1, blob.y1, blob.area, blob.score) == (5, 10, 12, 20, 70, 240)


def test_a_weak_spot_within_the_box_of_a_strong_one_is_not_foreground() -> None:
    score = np.zeros((40, 40), np.uint8)
    score[5:30, 5:7] = 240
    score[28:30, 5:30] = 240
    score[10:12, 20:22] = 60
    assert not foreground(score, 50, SCENE_MODES["general"])[10:12, 20:22].any()


@pytest.mark.parametrize(
    ("mode", "shape", "least"),
    [
        ("general", (120, 160), 30),
        ("general", (240, 320), 100),
        ("general", (512, 640), 100),
        ("general", (1080, 1920), 259),
        ("leaves_interfered", (512, 640), 100),
        ("distant_view", (512, 640), 4),
    ],
)
def test_the_smallest_blob_is_of_ten_by_ten_pixels_less_on_small_sensors_and_a_few_in_distant_view(
    mode: str, shape: tuple[int, int], least: int
) -> None:
    assert cut_for(shape, 50, SCENE_MODES[mode]).least_area == least
    assert cut_for(shape, 100, SCENE_MODES[mode]).least_area == least - least // 2
