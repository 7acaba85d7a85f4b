"""A shadow on the ground is no target; a dark thing is, and so is what hides the ground's texture."""

import numpy as np
import pytest

from detectors.background import Background
from detectors.shadow import DARKEST_PERCENT, LIGHTEST_PERCENT, MOST_RESIDUAL, REACH, without_shadows

STEP = 40_000_000


def ground(n: int) -> np.ndarray:
    """Textured ground in even light with the noise of frame `n`, (120, 160) float."""
    texture = np.kron(np.random.default_rng(7).uniform(90, 190, (20, 20)), np.ones((6, 8)))
    return texture + np.random.default_rng(n).normal(0, 1.0, texture.shape)


def scored(change, kind_is_thermal: bool = False) -> np.ndarray:
    """Whether the changed patch surprises, pixel by pixel, after 100 frames of bare ground."""
    background = Background(thermal=kind_is_thermal)
    for n in range(100):
        background.perceive(ground(n).astype(np.uint8), n * STEP, False)
    last = ground(100)
    last[40:80, 60:100] = change(last[40:80, 60:100])
    return background.perceive(last.astype(np.uint8), 100 * STEP, False)[44:76, 64:96] >= 80


def test_ground_in_shadow_does_not_surprise() -> None:
    assert scored(lambda patch: patch * 0.75).mean() < 0.1


def test_the_same_dimming_surprises_on_thermal_where_light_casts_no_shadow() -> None:
    assert scored(lambda patch: patch * 0.75, kind_is_thermal=True).mean() > 0.9


def test_what_is_much_darker_than_any_shadow_surprises() -> None:
    assert scored(lambda patch: patch * 0.35).mean() > 0.9


def test_what_hides_the_texture_of_the_ground_surprises() -> None:
    assert scored(lambda patch: np.full_like(patch, 80.0)).mean() > 0.7


@pytest.mark.parametrize("seed", range(6))
def test_each_pixel_is_judged_by_what_is_around_it_up_to_the_edges(seed: int) -> None:
    rng = np.random.default_rng(seed)
    expected = (rng.uniform(20_000, 40_000, (9, 200)) + 0.5).astype(np.float32)
    factor = np.repeat(rng.uniform(0.55, 1.05, 10), 20)
    frame = (expected * factor + rng.normal(0, 850, expected.shape)).astype(np.int32)
    score = np.where(rng.random(expected.shape) < 0.4, rng.integers(0, 256, expected.shape), 0).astype(np.uint8)
    calm = without_shadows(score, frame, expected, 30)
    plain = score.copy()
    for y, x in np.argwhere((score >= 30) & (frame < expected)).tolist():
        around = np.s_[max(0, y - REACH) : y + REACH + 1, max(0, x - REACH) : x + REACH + 1]
        here, there = frame[around].astype(np.int64), expected[around].astype(np.int64)
        seen, lit = int(here.sum()), int(there.sum())
        residual = int(np.abs(here * lit - there * seen).sum())
        dimmed = DARKEST_PERCENT * lit <= 100 * seen <= LIGHTEST_PERCENT * lit
        if dimmed and residual <= MOST_RESIDUAL * lit * here.size:
            plain[y, x] = 0
    assert 100 < np.count_nonzero(plain) < np.count_nonzero(score) - 20
    assert (calm == plain).all()
