"""Finding the few pixels of a row that stand out, without looking at each of the others by itself."""

import numpy as np
from numba import njit

STRIDE = 64
"""So many pixels are held against the threshold together."""


@njit(cache=True, nogil=True)
def _any_reaching(row: np.ndarray, x: int, least: np.uint8) -> bool:
    """Whether a pixel of the stride from `x` on reaches `least`."""
    stride = row[x : x + STRIDE]
    reached = np.uint8(0)
    for k in range(STRIDE):
        reached |= np.uint8(stride[k] >= least)
    return bool(reached)


@njit(cache=True, nogil=True)
def next_reaching(row: np.ndarray, x: int, low: int) -> int:
    """The first place from `x` on where a row (width,) uint8 reaches `low`, at most 255; its width where none does."""
    width, least = row.size, np.uint8(low)
    if x < width and row[x] >= least:
        return x
    while x + STRIDE <= width and not _any_reaching(row, x, least):
        x += STRIDE
    while x < width and row[x] < least:
        x += 1
    return x


@njit(cache=True, nogil=True)
def stretch_end(row: np.ndarray, x: int, low: int) -> int:
    """Where the stretch ends that begins at `x`, which reaches `low`: past it less than that for a stride or more."""
    least, end = np.uint8(low), x
    while end + STRIDE <= row.size and _any_reaching(row, end, least):
        end += STRIDE
    if end + STRIDE > row.size:
        end = row.size
    while row[end - 1] < least:
        end -= 1
    return end
