"""Finding the few pixels of a row that stand out, without looking at each of the others by itself."""

import numpy as np
from numba import njit

STRIDE = 64
"""So many pixels are held against the threshold together."""


@njit(cache=True, nogil=True)
def next_reaching(row: np.ndarray, x: int, low: int) -> int:
    """The first place from `x` on where a row (width,) uint8 reaches `low`, at most 255; its width where none does."""
    width, least = row.size, np.uint8(low)
    if x < width and row[x] >= least:
        return x
    while x + STRIDE <= width:
        reached = np.uint8(0)
        for k in range(STRIDE):
            reached |= np.uint8(row[x + k] >= least)
        if reached:
            break
        x += STRIDE
    while x < width and row[x] < least:
        x += 1
    return x
