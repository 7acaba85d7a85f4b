"""Sorting by counting digits: of a few thousand integers a frame, several times as fast as by comparing them."""

import numpy as np
from numba import njit

DIGIT_BITS = 11
"""The blurred values of an 8-bit picture, and their differences, have two such digits."""


@njit(cache=True, nogil=True)
def ordered(values: np.ndarray) -> np.ndarray:
    """The values, (n,) int32 that differ by less than 2**31, in rising order; a new array."""
    target = values.copy()
    if values.size == 0:
        return target
    least = values.min()
    span = values.max() - least
    digits = np.int32((1 << DIGIT_BITS) - 1)
    places = np.empty(1 << DIGIT_BITS, np.int32)
    spare = np.empty_like(target)
    shift = 0
    while span >> shift > 0:
        source, target, spare = target, spare, target
        places[:] = 0
        for value in source:
            places[((value - least) >> shift) & digits] += 1
        place = 0
        for digit in range(places.size):
            count = places[digit]
            places[digit] = place
            place += count
        for value in source:
            digit = ((value - least) >> shift) & digits
            target[places[digit]] = value
            places[digit] += 1
        shift += DIGIT_BITS
    return target
