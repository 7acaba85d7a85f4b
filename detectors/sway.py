"""Background interference suppression: what moved by a few pixels against a textured background is no surprise.

Grass, branches and water shift their texture to and fro. A pixel that surprises is compared with the background
around it too: if its value is normal for a neighbour, it counts as that (the neighbourhood test of Elgammal, Harwood
and Davis, "Non-parametric model for background subtraction", 2000, on a single Gaussian).
"""

import numpy as np
from numba import njit

WIDTH_PER_REACH = 160
"""The neighbourhood reaches one pixel for each so many of the frame's width, and at least two."""


@njit(cache=True, nogil=True)
def _least_surprise(
    score: np.ndarray,
    frame: np.ndarray,
    expected: np.ndarray,
    spread: np.ndarray,
    reach: int,
    above: int,
    tenths_per_deviation: np.float32,
    out: np.ndarray,
) -> None:
    height, width = score.shape
    for y in range(height):
        for x in range(width):
            best = np.float32(score[y, x])
            if score[y, x] >= above:
                value = np.float32(frame[y, x])
                for v in range(max(0, y - reach), min(height, y + reach + 1)):
                    for u in range(max(0, x - reach), min(width, x + reach + 1)):
                        best = min(best, tenths_per_deviation * abs(value - expected[v, u]) / spread[v, u])
            out[y, x] = np.uint8(np.int32(best))


def least_surprise(
    score: np.ndarray,
    frame: np.ndarray,
    expected: np.ndarray,
    spread: np.ndarray,
    above: int,
    tenths_per_deviation: np.float32,
) -> np.ndarray:
    """The score map with each pixel that reaches `above` held against the background around it.

    `score` (height, width) uint8 in tenths of σ; `frame` int32, `expected` and `spread` (mean absolute deviation)
    float32 in the units of the blurred frame. Never higher than `score`.
    """
    out = np.empty(score.shape, np.uint8)
    reach = max(2, score.shape[1] // WIDTH_PER_REACH)
    _least_surprise(score, frame, expected, spread, reach, above, tenths_per_deviation, out)
    return out
