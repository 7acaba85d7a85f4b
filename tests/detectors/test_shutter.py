"""What a shutter correction of a thermal sensor leaves behind is no target, whether the camera tells of it or not."""

import numpy as np
import pytest

from detectors.background import Background
from detectors.surprise import LEARN_BELOW

STEP_NS = 111_000_000
CORRECTED_AT = 40
NOISE = 4.0


def picture(n: int, pattern: np.ndarray) -> np.ndarray:
    """Flat ground of a 16-bit sensor with its fixed pattern and the noise of frame `n`, (120, 160)."""
    noise = np.random.default_rng(1000 + n).normal(0, NOISE, (120, 160))
    return np.rint(3000 + pattern + noise).astype(np.uint16)


def patterns() -> tuple[np.ndarray, np.ndarray]:
    """The sensor's fixed pattern before and after a correction: columns and a side that has been drifting."""
    columns = np.random.default_rng(5).normal(0, 12.0, (2, 1, 160))
    drifted = np.where(np.arange(160) < 25, 60.0, 0.0)
    return columns[0] + np.zeros((120, 1)), columns[1] + drifted + np.zeros((120, 1))


def scores(told: bool, target: bool = False) -> list[np.ndarray]:
    """The score maps (120, 160) of the frames from the correction on; with a warm target that stays where it is."""
    before, after = patterns()
    background, found = Background(thermal=True), list[np.ndarray]()
    for n in range(CORRECTED_AT + 10):
        shown = picture(n, before if n < CORRECTED_AT else after)
        if target and n >= CORRECTED_AT - 3:
            shown[50:70, 80:90] += 500
        score = background.perceive(shown, n * STEP_NS, told and n == CORRECTED_AT)
        if n >= CORRECTED_AT:
            found.append(score.copy())
    return found


@pytest.mark.parametrize("told", [True, False], ids=["told of", "not told of"])
def test_a_new_pattern_all_over_the_picture_surprises_nobody(told: bool) -> None:
    assert all((score < LEARN_BELOW).all() for score in scores(told))


@pytest.mark.parametrize("told", [True, False], ids=["told of", "not told of"])
def test_a_target_is_seen_right_through_it(told: bool) -> None:
    assert all((score[52:68, 82:88] > LEARN_BELOW).all() for score in scores(told, target=True))


def test_right_after_it_more_is_put_up_with_than_before() -> None:
    background = Background(thermal=True)
    steady, _ = patterns()

    def score(n: int, corrected: bool) -> int:
        shown = picture(n, steady)
        shown[50:70, 80:90] += 14
        return int(background.perceive(shown, n * STEP_NS, corrected)[55:65, 83:87].min())

    for n in range(300):
        background.perceive(picture(n, steady), n * STEP_NS, False)
    assert score(300, corrected=False) > 2 * score(301, corrected=True) > 0
