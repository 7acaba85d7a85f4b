"""Shadows: where the light is dimmed evenly, but what is lit looks as before.

A pixel that surprises by being darker is held against the background in the 5×5 pixels around it. If the picture there
is the background times one factor, within the noise, then something stands in its light and nothing stands there
(shading by a constant ratio as in Jacques, Jung and Musse, "Background subtraction and shadow detection in grayscale
video sequences", 2005). A factor below `DARKEST_PERCENT` is no shadow of daylight but a dark thing.
"""

import numpy as np
from numba import njit

from detectors.integrate import UNIT
from detectors.scanning import next_reaching

REACH = 2
DARKEST_PERCENT = 60
LIGHTEST_PERCENT = 97
MOST_RESIDUAL = 3 * UNIT
"""The mean difference, in the units of the blurred frame, from the background times the factor."""


@njit(cache=True, nogil=True)
def _looks_alike(
    frame: np.ndarray, expected: np.ndarray, y0: int, y1: int, x0: int, x1: int, seen: np.int64, lit: np.int64
) -> bool:
    """Whether the picture in a box, `y1` and `x1` exclusive, is its background times seen / lit, within the noise."""
    most = MOST_RESIDUAL * lit * (y1 - y0) * (x1 - x0)
    residual = np.int64(0)
    for y in range(y0, y1):
        for x in range(x0, x1):
            residual += abs(frame[y, x] * lit - np.int64(expected[y, x]) * seen)
        if residual > most:
            return False
    return True


@njit(cache=True, nogil=True)
def _clear_shadows(score: np.ndarray, frame: np.ndarray, expected: np.ndarray, above: int) -> None:
    """The sums over the columns of a row's neighbourhoods are taken once, as far as they are needed."""
    height, width = score.shape
    column_seen, column_lit = np.empty(width, np.int64), np.empty(width, np.int64)
    for y in range(height):
        y0, y1 = max(0, y - REACH), min(height, y + REACH + 1)
        summed = 0
        x = next_reaching(score[y], 0, above)
        while x < width:
            if frame[y, x] < expected[y, x]:
                x0, x1 = max(0, x - REACH), min(width, x + REACH + 1)
                for u in range(max(summed, x0), x1):
                    column_seen[u] = column_lit[u] = 0
                    for v in range(y0, y1):
                        column_seen[u] += frame[v, u]
                        column_lit[u] += np.int64(expected[v, u])
                summed = x1
                seen, lit = np.int64(0), np.int64(0)
                for u in range(x0, x1):
                    seen += column_seen[u]
                    lit += column_lit[u]
                dimmed = DARKEST_PERCENT * lit <= 100 * seen <= LIGHTEST_PERCENT * lit
                if dimmed and _looks_alike(frame, expected, y0, y1, x0, x1, seen, lit):
                    score[y, x] = 0
            x = next_reaching(score[y], x + 1, above)


def without_shadows(score: np.ndarray, frame: np.ndarray, expected: np.ndarray, above: int) -> np.ndarray:
    """The score map with nothing where a shadow lies; only pixels that reach `above` are looked at.

    `score` (height, width) uint8; `frame` int32 and `expected` float32 in the units of the blurred frame.
    """
    calm = score.copy()
    _clear_shadows(calm, frame, expected, above)
    return calm
