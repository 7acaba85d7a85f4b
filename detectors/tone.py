"""What a camera's exposure control did to the picture as a whole: a gain and an offset against the background.

On a grid of pixels, put into bins by how bright their background is, each bin gives the change that most of its pixels
share; a line through the bins by Theil (1950) and Sen (1968), where pairs count by how far apart they are, gives gain
and offset. So neither a target nor anything else that fills less than about a quarter of the brightness range moves the
estimate.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from detectors.integrate import UNIT
from detectors.ordering import ordered

SAMPLES = 4096
"""About how many pixels are looked at."""
BINS = 12
BIN_BITS = 4
"""The number of a bin fits into so many."""
LEAST_WIDTH = UNIT
"""A bin is at least this wide."""
FEWEST_IN_BIN = 64
"""A bin with less than one in so many of the pixels looked at says nothing."""
LEAST_SPREAD = 4 * UNIT
"""Two bins say something about gain if their backgrounds differ by this much."""
LEAST_PAIRS = 3
AGREED = 2 * UNIT
"""A pixel agrees with a tone that comes this near."""
CLEARLY_ONE_IN = 32
"""A change of gain is believed if one pixel in so many agrees with it that would not without."""
LEAST_GAIN, MOST_GAIN = 0.4, 2.5
CLIPPED_8BIT = 253 * UNIT
"""At and above this an 8-bit pixel may have been cut off, and says nothing about gain."""


class Tone(NamedTuple):
    """The frame is expected to be `gain` × background + `offset`, in the units of the blurred frame."""

    gain: np.float32
    offset: np.float32


UNCHANGED = Tone(np.float32(1), np.float32(0))


@njit(cache=True, nogil=True)
def step_of(shape: tuple[int, ...]) -> int:
    """The pitch of the grid in pixels."""
    step = 1
    while (shape[0] // (step + 1)) * (shape[1] // (step + 1)) >= SAMPLES:
        step += 1
    return step


def tone_of(frame: np.ndarray, mean: np.ndarray, with_gain: bool) -> Tone:
    """How the blurred frame (height, width) int32 differs as a whole from its background `mean`, float32."""
    gain, offset = _gain_and_offset(frame, mean, with_gain)
    return Tone(np.float32(gain), np.float32(offset))


@njit(cache=True, nogil=True)
def strayed(frame: np.ndarray, mean: np.ndarray, gain: np.float32, offset: np.float32) -> int:
    """How far the blurred frame (height, width) int32 is from the background `mean`, float32, under a tone.

    The middle of the distances on the grid.
    """
    expected, found = _on_grid(mean), _on_grid(frame)
    distance = np.empty(found.size, np.int32)
    for k in range(found.size):
        distance[k] = abs(found[k] - np.int32(gain * expected[k] + offset))
    return int(ordered(distance)[distance.size // 2])


@njit(cache=True, nogil=True)
def _on_grid(picture: np.ndarray) -> np.ndarray:
    """The pixels looked at of a (height, width) picture, (n,) of its type."""
    step = step_of(picture.shape)
    return picture[::step, ::step].copy().ravel()


@njit(cache=True, nogil=True)
def _gain_and_offset(frame: np.ndarray, mean: np.ndarray, with_gain: bool) -> tuple[float, float]:
    expected = _on_grid(mean).astype(np.int32)
    change = _on_grid(frame) - expected
    if not with_gain:
        return 1.0, float(_shared(ordered(change)))
    usable = expected < CLIPPED_8BIT
    if np.count_nonzero(usable) >= max(1, expected.size // 4):
        expected, change = expected[usable], change[usable]
    return _line(expected, change)


@njit(cache=True, nogil=True)
def _shared(rising: np.ndarray) -> int:
    """The middle of the shortest stretch that holds half of the values, (n,) int32 in rising order (the shorth).

    Unlike the median it is not drawn to one side by a target that covers a good part of the picture.
    """
    half = rising.size // 2
    start = 0
    for k in range(rising.size - half):
        if rising[k + half] - rising[k] < rising[start + half] - rising[start]:
            start = k
    return (int(rising[start]) + int(rising[start + half])) // 2


@njit(cache=True, nogil=True)
def _line(expected: np.ndarray, change: np.ndarray) -> tuple[float, float]:
    """Gain and offset, if clearly more pixels agree with that than with an offset alone.

    `expected` and `change` are (n,) int32: the background of the pixels looked at, and how far the frame is from it.
    """
    numbers, levels, sizes = _bins(expected)
    rising = ordered((change << BIN_BITS) | numbers)
    level = _shared(rising >> BIN_BITS)
    changes = _changes(rising, sizes)
    counts = sizes >= max(1, expected.size // FEWEST_IN_BIN)
    levels, changes, sizes = levels[counts], changes[counts], sizes[counts]
    slopes, spreads = _slopes(levels, changes)
    if slopes.size < LEAST_PAIRS:
        return 1.0, float(level)
    slope = min(max(_weighted_middle(slopes, spreads), LEAST_GAIN - 1.0), MOST_GAIN - 1.0)
    offset = _weighted_middle(changes - slope * levels, sizes)
    gained = 0
    for k in range(change.size):
        gained += np.int64(abs(change[k] - (slope * expected[k] + offset)) <= AGREED)
        gained -= np.int64(abs(change[k] - level) <= AGREED)
    if gained < expected.size // CLEARLY_ONE_IN:
        return 1.0, float(level)
    return 1.0 + slope, offset


@njit(cache=True, nogil=True)
def _bins(expected: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bins of equal width, from dark to bright.

    Gives the number of each pixel's bin, (n,) int32, and of each bin, (BINS,) int64, its middle brightness, 0 if it is
    empty, and how many pixels are in it.
    """
    rising = ordered(expected)
    fewest = max(1, rising.size // FEWEST_IN_BIN)
    darkest, brightest = rising[fewest - 1], rising[rising.size - fewest]
    width = max(LEAST_WIDTH, (brightest - darkest) // BINS)
    numbers = np.minimum(np.maximum((expected - darkest) // width, 0), BINS - 1).astype(np.int32)
    levels, sizes = np.zeros(BINS, np.int64), np.bincount(numbers, None, BINS)
    start = 0
    for number in range(BINS):
        end = start + sizes[number]
        if end > start:
            levels[number] = rising[(start + end) // 2]
        start = end
    return numbers, levels, sizes


@njit(cache=True, nogil=True)
def _changes(rising: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The change that most pixels of each bin share, (BINS,) int64, 0 if it is empty.

    `rising` are the changes with the number of the bin in their lowest bits, (n,) int32 in rising order.
    """
    binned = np.empty(rising.size, np.int32)
    ends = np.cumsum(sizes) - sizes
    for value in rising:
        number = value & ((1 << BIN_BITS) - 1)
        binned[ends[number]] = value >> BIN_BITS
        ends[number] += 1
    changes = np.zeros(BINS, np.int64)
    for number in range(BINS):
        if sizes[number]:
            changes[number] = _shared(binned[ends[number] - sizes[number] : ends[number]])
    return changes


@njit(cache=True, nogil=True)
def _slopes(levels: np.ndarray, changes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The slope between any two bins that lie far enough apart, (pairs,) float64, and how far that is, int64."""
    slopes, spreads = np.empty(BINS * BINS, np.float64), np.empty(BINS * BINS, np.int64)
    count = 0
    for a in range(levels.size):
        for b in range(a + 1, levels.size):
            spread = levels[b] - levels[a]
            if spread >= LEAST_SPREAD:
                slopes[count], spreads[count] = (changes[b] - changes[a]) / spread, spread
                count += 1
    return slopes[:count], spreads[:count]


@njit(cache=True, nogil=True)
def _weighted_middle(values: np.ndarray, weights: np.ndarray) -> float:
    """The value, of (n,) float64, that half of the weight, int64, lies below."""
    half = weights.sum() // 2
    for k in np.argsort(values):
        half -= weights[k]
        if half < 0:
            return float(values[k])
    return values.max()
