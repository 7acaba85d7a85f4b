"""All thresholds in one pass: the same components, and the same blobs, as threshold by threshold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.component_tree import Cutter
from detectors.components import MAX_RUNS
from detectors.scene_modes import SCENE_MODES
from detectors.segmentation import Cut, cut_for, segment


def smooth_noise(seed: int, height: int, width: int, scale: float) -> np.ndarray:
    """A score map with islands within islands."""
    rng = np.random.default_rng(seed)
    coarse = np.kron(rng.random((height // 6 + 1, width // 6 + 1)), np.ones((6, 6)))[:height, :width]
    return np.clip(scale * (coarse * 180 + rng.random((height, width)) * 70), 0, 255).astype(np.uint8)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(5, 60), st.integers(5, 90), st.floats(0.1, 1.0))
def test_every_setting_gives_the_blobs_that_it_gives_alone(seed: int, height: int, width: int, scale: float) -> None:
    score = smooth_noise(seed, height, width, scale)
    ways = [(s, SCENE_MODES[mode]) for mode in SCENE_MODES for s in range(0, 101, 3)]
    cuts = [cut_for(score.shape, *way) for way in ways]
    together = Cutter(cuts).blobs(score)
    for way, cut in zip(ways, cuts, strict=True):
        assert together.get(cut, ()) == segment(score, *way), way


def test_a_map_without_anything_has_no_blobs_at_any_setting() -> None:
    cuts = [cut_for((40, 50), s, SCENE_MODES["general"]) for s in range(101)]
    assert Cutter(cuts).blobs(np.zeros((40, 50), np.uint8)) == {}


@pytest.mark.parametrize("levels", [(60, 200), (200, 60)])
def test_noise_that_is_cut_short_alone_is_cut_short_in_the_same_place_together(levels: tuple[int, int]) -> None:
    first, second = levels
    score = np.zeros((400, 400), np.uint8)
    score[:, ::2] = second
    score[:200, ::2] = first
    score[::50] = 220  # 400 rows of 200 runs: more than are looked at
    assert MAX_RUNS < 400 * 200
    parameters = SCENE_MODES["distant_view"]
    cuts = [cut_for(score.shape, s, parameters) for s in (20, 50, 90)]
    together = Cutter(cuts).blobs(score)
    assert [together.get(c, ()) for c in cuts] == [segment(score, s, parameters) for s in (20, 50, 90)]


def test_a_cut_that_is_off_finds_nothing() -> None:
    assert Cutter([Cut(256, 256, 1, 4)]).blobs(np.full((9, 9), 255, np.uint8)) == {}
