"""Spatial integration: a small binomial blur, in integers, so that dim targets of several pixels stand out of noise.

A target of contrast 3 σ over 12×28 px is missed by a threshold on single pixels; after this blur white noise has 0.27
of its σ and the same target stands 11 σ high.
"""

import numpy as np
from numba import njit

UNIT = 256
"""One count of the sensor in the blurred frame: the weights 1 4 6 4 1 in both directions sum to 256."""


@njit(cache=True, nogil=True)
def _blur_rows(frame: np.ndarray, out: np.ndarray) -> None:
    height, width = frame.shape
    for y in range(height):
        for x in range(width):
            a = frame[y, max(x - 2, 0)]
            b = frame[y, max(x - 1, 0)]
            c = frame[y, x]
            d = frame[y, min(x + 1, width - 1)]
            e = frame[y, min(x + 2, width - 1)]
            out[y, x] = np.int32(a) + 4 * np.int32(b) + 6 * np.int32(c) + 4 * np.int32(d) + np.int32(e)


@njit(cache=True, nogil=True)
def _blur_columns(rows: np.ndarray, out: np.ndarray) -> None:
    height, width = rows.shape
    for y in range(height):
        y0, y1, y3, y4 = max(y - 2, 0), max(y - 1, 0), min(y + 1, height - 1), min(y + 2, height - 1)
        for x in range(width):
            out[y, x] = rows[y0, x] + 4 * rows[y1, x] + 6 * rows[y, x] + 4 * rows[y3, x] + rows[y4, x]


def integrated(pixels: np.ndarray) -> np.ndarray:
    """The frame, (height, width) uint8 or uint16, blurred with 1 4 6 4 1; int32 in 1/256 of a count."""
    rows = np.empty(pixels.shape, np.int32)
    out = np.empty(pixels.shape, np.int32)
    _blur_rows(pixels, rows)
    _blur_columns(rows, out)
    return out
