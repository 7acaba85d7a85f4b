"""What a camera's exposure control did to the picture as a whole: a gain and an offset against the background.

On a grid of pixels, put into bins by how bright their background is, each bin gives the change that most of its pixels
share; a line through the bins by Theil (1950) and Sen (1968), where pairs count by how far apart they are, gives gain
and offset. So neither a target nor anything else that fills less than about a quarter of the brightness range moves the
estimate.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from detectors.integrate import UNIT

SAMPLES = 4096
"""About how many pixels are looked at."""
BINS = 12
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


def step_of(shape: tuple[int, ...]) -> int:
    """The pitch of the grid in pixels."""
    step = 1
    while (shape[0] // (step + 1)) * (shape[1] // (step + 1)) >= SAMPLES:
        step += 1
    return step


def tone_of(frame: np.ndarray, mean: np.ndarray, with_gain: bool) -> Tone:
    """How the blurred frame (height, width) int32 differs as a whole from its background `mean`, float32."""
    step = step_of(frame.shape)
    expected = mean[::step, ::step].ravel().astype(np.int32)
    change = frame[::step, ::step].ravel() - expected
    if not with_gain:
        return Tone(np.float32(1), np.float32(shared(np.sort(change))))
    usable = expected < CLIPPED_8BIT
    if int(np.count_nonzero(usable)) >= expected.size // 4:
        expected, change = expected[usable], change[usable]
    return _line(expected, change)


def shared(ordered: np.ndarray) -> int:
    """The middle of the shortest stretch that holds half of the values, which are sorted (the shorth).

    Unlike the median it is not drawn to one side by a target that covers a good part of the picture.
    """
    half = ordered.size // 2
    if half == 0:
        return int(ordered[0])
    start = int(np.argmin(ordered[half:] - ordered[: ordered.size - half]))
    return (int(ordered[start]) + int(ordered[start + half])) // 2


def _line(expected: np.ndarray, change: np.ndarray) -> Tone:
    """Gain and offset, if clearly more pixels agree with that than with an offset alone."""
    level = shared(np.sort(change))
    bins = _bins(expected, change)
    pairs = [
        ((b.change - a.change) / (b.level - a.level), b.level - a.level)
        for number, a in enumerate(bins)
        for b in bins[number + 1 :]
        if b.level - a.level >= LEAST_SPREAD
    ]
    if len(pairs) < LEAST_PAIRS:
        return Tone(np.float32(1), np.float32(level))
    slope = min(max(_weighted_middle(pairs), LEAST_GAIN - 1.0), MOST_GAIN - 1.0)
    offset = _weighted_middle([(b.change - slope * b.level, b.size) for b in bins])
    agree = np.count_nonzero(np.abs(change - (slope * expected + offset)) <= AGREED)
    if agree - np.count_nonzero(np.abs(change - level) <= AGREED) < expected.size // CLEARLY_ONE_IN:
        return Tone(np.float32(1), np.float32(level))
    return Tone(np.float32(1.0 + slope), np.float32(offset))


class _Bin(NamedTuple):
    """Pixels of similar background: their middle brightness, the change that most share, and how many they are."""

    level: int
    change: int
    size: int


def _bins(expected: np.ndarray, change: np.ndarray) -> list[_Bin]:
    """Bins of equal width, from dark to bright; those with too few pixels are left out."""
    levels = np.sort(expected)
    fewest = max(1, levels.size // FEWEST_IN_BIN)
    darkest, brightest = int(levels[fewest - 1]), int(levels[-fewest])
    width = max(LEAST_WIDTH, (brightest - darkest) // BINS)
    numbers = np.clip((expected - darkest) // width, 0, BINS - 1).astype(np.int64)
    changes = np.sort((numbers << 32) + change)
    edges = [0, *np.searchsorted(levels, [darkest + k * width for k in range(1, BINS)]).tolist(), levels.size]
    return [
        _Bin(int(levels[(start + end) // 2]), shared(changes[start:end] - (number << 32)), end - start)
        for number, (start, end) in enumerate(pairwise(edges))
        if end - start >= fewest
    ]


def _weighted_middle(values: list[tuple[float, int]]) -> float:
    """The value that half of the weight lies below."""
    ordered = sorted(values)
    half = sum(weight for _, weight in ordered) // 2
    for value, weight in ordered:
        half -= weight
        if half < 0:
            return value
    return ordered[-1][0]
