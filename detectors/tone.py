"""What a camera's exposure control did to the picture as a whole: a gain and an offset against the background.

On a grid of pixels, sorted by how bright their background is and cut into bins of equal count, each bin gives the
change that most of its pixels share; a line through the bins by Theil (1950) and Sen (1968) gives gain and offset. So
neither a target nor anything else that fills less than about a quarter of the brightness range moves the estimate.
"""

from typing import NamedTuple

import numpy as np

from detectors.integrate import UNIT

SAMPLES = 4096
"""About how many pixels are looked at."""
BINS = 8
LEAST_SPREAD = 12 * UNIT
"""Two bins say something about gain if their backgrounds differ by this much."""
LEAST_PAIRS = 8
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
    order = np.argsort(expected, kind="stable")
    size = expected.size // BINS
    if size == 0:
        return Tone(np.float32(1), np.float32(shared(np.sort(change))))
    levels = [int(expected[order[k * size + size // 2]]) for k in range(BINS)]
    changes = [shared(np.sort(change[order[k * size : (k + 1) * size]])) for k in range(BINS)]
    slopes = [
        (changes[j] - changes[i]) / (levels[j] - levels[i])
        for i in range(BINS)
        for j in range(i + 1, BINS)
        if levels[j] - levels[i] >= LEAST_SPREAD
    ]
    slope = sorted(slopes)[len(slopes) // 2] if len(slopes) >= LEAST_PAIRS else 0.0
    slope = min(max(slope, LEAST_GAIN - 1.0), MOST_GAIN - 1.0)
    offsets = sorted(c - slope * level for c, level in zip(changes, levels, strict=True))
    return Tone(np.float32(1.0 + slope), np.float32((offsets[BINS // 2 - 1] + offsets[BINS // 2]) * 0.5))
