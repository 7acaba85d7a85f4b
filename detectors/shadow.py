"""Shadows: where the light is dimmed evenly, but what is lit looks as before.

A pixel that surprises by being darker is held against the background in the 5×5 pixels around it. If the picture there
is the background times one factor, within the noise, then something stands in its light and nothing stands there
(shading by a constant ratio as in Jacques, Jung and Musse, "Background subtraction and shadow detection in grayscale
video sequences", 2005). A factor below `DARKEST_PERCENT` is no shadow of daylight but a dark thing.
"""

import numpy as np
from numba import njit

from detectors.integrate import UNIT
from detectors.scanning import next_reaching, stretch_end

REACH = 2
SIDE = 2 * REACH + 1
DARKEST_PERCENT = 60
LIGHTEST_PERCENT = 97
MOST_RESIDUAL = 3 * UNIT
"""The mean difference, in the units of the blurred frame, from the background times the factor."""


@njit(cache=True, nogil=True)
def _look_around(picture: np.ndarray, y: int, start: int, end: int, window: np.ndarray) -> None:
    """What is around the pixels of row `y` from `start` to `end`, as whole numbers; nothing is beyond the edges.

    `window` is (SIDE, width + 2 · REACH) int32, pixel x at x + REACH, and zero in its first and last REACH columns.
    """
    height, width = picture.shape
    left, right = max(0, start - REACH), min(width, end + REACH)
    for j in range(SIDE):
        within = window[j][left + REACH : right + REACH]
        v = y - REACH + j
        if 0 <= v < height:
            row = picture[v][left:right]
            for k in range(within.size):
                within[k] = np.int32(row[k])
        else:
            within[:] = 0


@njit(cache=True, nogil=True)
def _sum_around(window: np.ndarray, start: int, columns: np.ndarray, out: np.ndarray) -> None:
    """The sum of what is around each pixel from `start` on, (n,) int32.

    `columns`, (n + 2 · REACH,) int32, is room for the sums down the columns.
    """
    above2, above, here = window[0][start:], window[1][start:], window[2][start:]
    below, below2 = window[3][start:], window[4][start:]
    for k in range(columns.size):
        columns[k] = above2[k] + above[k] + here[k] + below[k] + below2[k]
    left2, left, within, right, right2 = columns[0:], columns[1:], columns[2:], columns[3:], columns[4:]
    for k in range(out.size):
        out[k] = left2[k] + left[k] + within[k] + right[k] + right2[k]


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
    """Where pixels surprise by being darker, and all around by a factor that a shadow may have: uint8 of 0 and 1."""
    for k in range(score.size):
        percent, whole = np.int64(100) * np.int64(seen[k]), np.int64(lit[k])
        surprises = np.uint8(score[k] >= above) & np.uint8(np.float32(frame[k]) < expected[k])
        fits = np.uint8(DARKEST_PERCENT * whole <= percent) & np.uint8(percent <= LIGHTEST_PERCENT * whole)
        dimmed[k] = surprises & fits


@njit(cache=True, nogil=True)
def _add_residual(frame: np.ndarray, expected: np.ndarray, seen: np.ndarray, lit: np.ndarray, out: np.ndarray) -> None:
    """Add how far, times lit, a row around each pixel is from the background times seen / lit: (n,) int64.

    `frame` and `expected` are (n + 2 · REACH,) int32, a row of the windows; `seen` and `lit` (n,) int32 their sums.
    """
    frame0, frame1, frame2, frame3, frame4 = frame[0:], frame[1:], frame[2:], frame[3:], frame[4:]
    lit0, lit1, lit2, lit3, lit4 = expected[0:], expected[1:], expected[2:], expected[3:], expected[4:]
    for k in range(out.size):
        whole, part = np.int64(lit[k]), np.int64(seen[k])
        near = abs(frame1[k] * whole - lit1[k] * part) + abs(frame3[k] * whole - lit3[k] * part)
        far = abs(frame0[k] * whole - lit0[k] * part) + abs(frame4[k] * whole - lit4[k] * part)
        out[k] += near + far + abs(frame2[k] * whole - lit2[k] * part)


@njit(cache=True, nogil=True)
def _keep_alike(
    seen_rows: np.ndarray,
    lit_rows: np.ndarray,
    seen: np.ndarray,
    lit: np.ndarray,
    most: np.ndarray,
    residual: np.ndarray,
    dimmed: np.ndarray,
) -> None:
    """Of the dimmed pixels of a row keep those where the rows around them come near to the background times one factor.

    `seen_rows` and `lit_rows` are (rows, width + 2 · REACH) int32; the others (width,): `most` is the residual allowed,
    `residual` is room for it, both int64.
    """
    start = next_reaching(dimmed, 0, 1)
    while start < dimmed.size:
        end = stretch_end(dimmed, start, 1)
        found, allowed, kept = residual[start:end], most[start:end], dimmed[start:end]
        found[:] = 0
        for j in range(seen_rows.shape[0]):
            here, there = seen_rows[j][start : end + 2 * REACH], lit_rows[j][start : end + 2 * REACH]
            _add_residual(here, there, seen[start:end], lit[start:end], found)
        for k in range(kept.size):
            kept[k] &= np.uint8(found[k] <= allowed[k])
        start = next_reaching(dimmed, end, 1)


@njit(cache=True, nogil=True)
def _around(place: int, size: int) -> int:
    """How many places there are around one of `size`."""
    return min(size, place + REACH + 1) - max(0, place - REACH)


@njit(cache=True, nogil=True)
def _clear_shadows(score: np.ndarray, frame: np.ndarray, expected: np.ndarray, above: int) -> None:
    """Row by row, in the stretches that surprise.

    What is not alike when summed up down the columns is not alike pixel by pixel either, and is told at a fifth of the
    cost.
    """
    height, width = score.shape
    windows, columns = np.zeros((2, SIDE, width + 2 * REACH), np.int32), np.empty((2, 1, width + 2 * REACH), np.int32)
    seen, lit, dimmed = np.empty(width, np.int32), np.empty(width, np.int32), np.empty(width, np.uint8)
    most, residual = np.empty(width, np.int64), np.empty(width, np.int64)
    across = np.array([_around(x, width) for x in range(width)])
    for y in range(height):
        start = next_reaching(score[y], 0, above)
        if start == width:
            continue
        dimmed[:] = 0
        allowed = MOST_RESIDUAL * _around(y, height)
        while start < width:
            end = stretch_end(score[y], start, above)
            _look_around(frame, y, start, end, windows[0])
            _look_around(expected, y, start, end, windows[1])
            _sum_around(windows[0], start, columns[0, 0][start : end + 2 * REACH], seen[start:end])
            _sum_around(windows[1], start, columns[1, 0][start : end + 2 * REACH], lit[start:end])
            there = frame[y][start:end], expected[y][start:end], seen[start:end], lit[start:end]
            _mark_dimmed(score[y][start:end], *there, np.uint8(above), dimmed[start:end])
            for x in range(start, end):
                most[x] = allowed * across[x] * lit[x]
            start = next_reaching(score[y], end, above)
        _keep_alike(columns[0], columns[1], seen, lit, most, residual, dimmed)
        _keep_alike(windows[0], windows[1], seen, lit, most, residual, dimmed)
        row = score[y]
        for x in range(width):
            row[x] *= np.uint8(1) - dimmed[x]


def without_shadows(score: np.ndarray, frame: np.ndarray, expected: np.ndarray, above: int) -> np.ndarray:
    """The score map with nothing where a shadow lies; only pixels that reach `above` are looked at.

    `score` (height, width) uint8; `frame` int32 and `expected` float32 in the units of the blurred frame.
    """
    calm = score.copy()
    _clear_shadows(calm, frame, expected, above)
    return calm
