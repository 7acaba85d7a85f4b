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
def _sum_around(picture: np.ndarray, y: int, columns: np.ndarray, out: np.ndarray) -> None:
    """The sum of what is around each pixel of row `y`, (width,) int32; nothing is beyond the picture's edges.

    `columns`, (width + 2 · REACH,) int32, is room for the sums down the columns, zero at its ends.
    """
    width = out.size
    within = columns[REACH : REACH + width]
    within[:] = 0
    for v in range(max(0, y - REACH), min(picture.shape[0], y + REACH + 1)):
        row = picture[v]
        for x in range(width):
            within[x] += np.int32(row[x])
    left2, left, right, right2 = columns[:width], columns[1:], columns[3:], columns[4:]
    for x in range(width):
        out[x] = left2[x] + left[x] + within[x] + right[x] + right2[x]


@njit(cache=True, nogil=True)
def _mark_dimmed(
    score: np.ndarray,
    frame: np.ndarray,
    expected: np.ndarray,
    seen: np.ndarray,
    lit: np.ndarray,
    above: np.uint8,
    dimmed: np.ndarray,
) -> None:
    """Where a row surprises by being darker, and all around by a factor that a shadow may have: uint8 of 0 and 1."""
    for x in range(score.size):
        percent, whole = np.int64(100) * np.int64(seen[x]), np.int64(lit[x])
        surprises = np.uint8(score[x] >= above) & np.uint8(np.float32(frame[x]) < expected[x])
        fits = np.uint8(DARKEST_PERCENT * whole <= percent) & np.uint8(percent <= LIGHTEST_PERCENT * whole)
        dimmed[x] = surprises & fits


@njit(cache=True, nogil=True)
def _looks_alike(frame: np.ndarray, expected: np.ndarray, y: int, x: int, seen: np.int64, lit: np.int64) -> bool:
    """Whether the picture around a pixel is its background times seen / lit, within the noise."""
    y0, y1 = max(0, y - REACH), min(frame.shape[0], y + REACH + 1)
    x0, x1 = max(0, x - REACH), min(frame.shape[1], x + REACH + 1)
    most = MOST_RESIDUAL * lit * (y1 - y0) * (x1 - x0)
    residual = np.int64(0)
    for v in range(y0, y1):
        for u in range(x0, x1):
            residual += abs(frame[v, u] * lit - np.int64(expected[v, u]) * seen)
        if residual > most:
            return False
    return True


@njit(cache=True, nogil=True)
def _clear_shadows(score: np.ndarray, frame: np.ndarray, expected: np.ndarray, above: int) -> None:
    height, width = score.shape
    columns = np.zeros(width + 2 * REACH, np.int32)
    seen, lit = np.empty(width, np.int32), np.empty(width, np.int32)
    dimmed = np.empty(width, np.uint8)
    for y in range(height):
        if next_reaching(score[y], 0, above) == width:
            continue
        _sum_around(frame, y, columns, seen)
        _sum_around(expected, y, columns, lit)
        _mark_dimmed(score[y], frame[y], expected[y], seen, lit, np.uint8(above), dimmed)
        x = next_reaching(dimmed, 0, 1)
        while x < width:
            if _looks_alike(frame, expected, y, x, np.int64(seen[x]), np.int64(lit[x])):
                score[y, x] = 0
            x = next_reaching(dimmed, x + 1, 1)


def without_shadows(score: np.ndarray, frame: np.ndarray, expected: np.ndarray, above: int) -> np.ndarray:
    """The score map with nothing where a shadow lies; only pixels that reach `above` are looked at.

    `score` (height, width) uint8; `frame` int32 and `expected` float32 in the units of the blurred frame.
    """
    calm = score.copy()
    _clear_shadows(calm, frame, expected, above)
    return calm
