"""Shadows: where the light is dimmed evenly, but what is lit looks as before.

A pixel that surprises by being darker is held against the background in the 5×5 pixels around it. If the picture there
is the background times one factor, within the noise, then something stands in its light and nothing stands there
(shading by a constant ratio as in Jacques, Jung and Musse, "Background subtraction and shadow detection in grayscale
video sequences", 2005). A factor below `DARKEST_PERCENT` is no shadow of daylight but a dark thing.
"""

import numpy as np
from numba import njit

from detectors.integrate import UNIT

REACH = 2
DARKEST_PERCENT = 60
LIGHTEST_PERCENT = 97
MOST_RESIDUAL = 3 * UNIT
"""The mean difference, in the units of the blurred frame, from the background times the factor."""


@njit(cache=True, nogil=True)
def _clear_shadows(score: np.ndarray, frame: np.ndarray, expected: np.ndarray, above: int) -> None:
    height, width = score.shape
    for y in range(height):
        for x in range(width):
            if score[y, x] < above or frame[y, x] >= expected[y, x]:
                continue
            y0, y1, x0, x1 = max(0, y - REACH), min(height, y + REACH + 1), max(0, x - REACH), min(width, x + REACH + 1)
            seen, lit = np.int64(0), np.int64(0)
            for v in range(y0, y1):
                for u in range(x0, x1):
                    seen += frame[v, u]
                    lit += np.int64(expected[v, u])
            if 100 * seen < DARKEST_PERCENT * lit or 100 * seen > LIGHTEST_PERCENT * lit:
                continue
            residual = np.int64(0)
            for v in range(y0, y1):
                for u in range(x0, x1):
                    residual += abs(frame[v, u] * lit - np.int64(expected[v, u]) * seen)
            if residual <= MOST_RESIDUAL * lit * (y1 - y0) * (x1 - x0):
                score[y, x] = 0


def without_shadows(score: np.ndarray, frame: np.ndarray, expected: np.ndarray, above: int) -> np.ndarray:
    """The score map with nothing where a shadow lies; only pixels that reach `above` are looked at.

    `score` (height, width) uint8; `frame` int32 and `expected` float32 in the units of the blurred frame.
    """
    calm = score.copy()
    _clear_shadows(calm, frame, expected, above)
    return calm
