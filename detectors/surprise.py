"""The arithmetic of the background model, pixel by pixel: what is expected, how far the frame strays, what is learnt.

Row by row, so that a row stays in the cache, and each step over a row by itself: the compiler makes vector
instructions of loops as plain as these. All elementwise IEEE float32 and integers.
"""

import numpy as np
from numba import njit

from detectors.integrate import UNIT
from detectors.scanning import next_reaching

LEARN_BELOW = 50
"""Score (tenths of σ) below which a pixel is background for the purpose of learning."""
LEAST_JUMP = np.float32(4 * UNIT)
"""A jump of the tone tells burnt-in text from the scene where the scene moves by this much."""
SIGMA_PER_DEVIATION = np.float32(1.2533)
"""σ of a Gaussian over its mean absolute deviation, √(π/2)."""
TENTHS_PER_DEVIATION = np.float32(10.0) / SIGMA_PER_DEVIATION


@njit(cache=True, nogil=True)
def _expect(mean: np.ndarray, gain: np.float32, offset: np.float32, ceiling: np.float32, expected: np.ndarray) -> None:
    """What the tone asks of each pixel of a row: its background as the picture shows it now."""
    for x in range(mean.size):
        expected[x] = min(gain * mean[x] + offset, ceiling)


@njit(cache=True, nogil=True)
def _stay_behind(
    frame: np.ndarray,
    mean: np.ndarray,
    deviation: np.ndarray,
    expected: np.ndarray,
    overlay: np.ndarray,
    before: tuple[np.float32, np.float32],
    floor: np.float32,
    ceiling: np.float32,
) -> None:
    """Mark the pixels of a row that stay behind when the tone, `before` it gain and offset, jumps: burnt-in text.

    Anything between what such a pixel showed and what the tone asks of it is normal from then on.
    """
    for x in range(mean.size):
        value = np.float32(frame[x])
        toned = expected[x]
        spread = max(deviation[x], floor)
        if not overlay[x] and TENTHS_PER_DEVIATION * abs(value - toned) >= np.float32(LEARN_BELOW) * spread:
            shown = min(before[0] * mean[x] + before[1], ceiling)
            jump = abs(toned - shown)
            between = min(max(value, min(shown, toned)), max(shown, toned))
            if jump >= LEAST_JUMP and abs(value - between) <= np.float32(0.5) * jump + spread:
                overlay[x] = 1
                mean[x] = shown
        if overlay[x]:
            expected[x] = min(max(value, min(mean[x], toned)), max(mean[x], toned))


@njit(cache=True, nogil=True, error_model="numpy")
def _score(
    frame: np.ndarray, expected: np.ndarray, deviation: np.ndarray, floor: np.float32, score: np.ndarray
) -> None:
    """How surprising each pixel of a row is, in tenths of σ; `floor` is above zero."""
    for x in range(score.size):
        distance = abs(np.float32(frame[x]) - expected[x])
        tenths = min(TENTHS_PER_DEVIATION * distance / max(deviation[x], floor), np.float32(255.0))
        score[x] = np.uint8(np.int32(tenths))


@njit(cache=True, nogil=True)
def _follow(
    frame: np.ndarray,
    expected: np.ndarray,
    score: np.ndarray,
    rates: tuple[np.float32, np.float32, np.float32],
    floor: np.float32,
    mean: np.ndarray,
    deviation: np.ndarray,
) -> np.int32:
    """Mean and deviation of a row follow, at the rates of background, foreground and deviation.

    Returns how many pixels surprise.
    """
    rate, slow_rate, deviation_rate = rates
    slow_deviation_rate = np.float32(0.1) * deviation_rate
    surprising = np.int32(0)
    for x in range(score.size):
        surprise = score[x] >= np.uint8(LEARN_BELOW)
        surprising += np.int32(surprise)
        difference = np.float32(frame[x]) - expected[x]
        followed = mean[x] + rate * (expected[x] - mean[x])
        mean[x] = followed + (slow_rate if surprise else rate) * difference
        bounded = min(abs(difference), np.float32(3.0) * max(deviation[x], floor))
        deviation[x] += (slow_deviation_rate if surprise else deviation_rate) * (bounded - deviation[x])
    return surprising


@njit(cache=True, nogil=True)
def score_and_learn(
    frame: np.ndarray,
    mean: np.ndarray,
    deviation: np.ndarray,
    score: np.ndarray,
    expected: np.ndarray,
    overlay: np.ndarray,
    tone: tuple[np.float32, np.float32],
    before: tuple[np.float32, np.float32],
    jumps: bool,
    rates: tuple[np.float32, np.float32, np.float32],
    floor: np.float32,
    ceiling: np.float32,
) -> int:
    """One frame: the score of every pixel, then mean and deviation follow. Returns how many surprise.

    `frame` (height, width) int32 in the units of the blurred frame; the others have its shape, float32 but for `score`,
    tenths of σ, and `overlay`, 1 where text is burnt in, both uint8. What was expected of each pixel is left in
    `expected`. `tone` and the one `before` it are gain and offset, `rates` those of background, foreground, deviation.
    Where the tone does not jump, no further pixel can be told to stay behind.
    """
    surprising = 0
    for y in range(frame.shape[0]):
        _expect(mean[y], tone[0], tone[1], ceiling, expected[y])
        if jumps or next_reaching(overlay[y], 0, 1) < overlay.shape[1]:
            _stay_behind(frame[y], mean[y], deviation[y], expected[y], overlay[y], before, floor, ceiling)
        _score(frame[y], expected[y], deviation[y], floor, score[y])
        surprising += int(_follow(frame[y], expected[y], score[y], rates, floor, mean[y], deviation[y]))
    return surprising


@njit(cache=True, nogil=True)
def average_in(frame: np.ndarray, mean: np.ndarray, deviation: np.ndarray, before: np.ndarray, count: int) -> None:
    """Add the `count`-th frame (from 1) to a plain average; deviation from the differences of successive frames."""
    height, width = frame.shape
    share = np.float32(1.0) / np.float32(count)
    for y in range(height):
        for x in range(width):
            value = np.float32(frame[y, x])
            mean[y, x] += share * (value - mean[y, x])
            if count > 1:
                step = abs(value - np.float32(before[y, x])) * np.float32(0.7071)
                deviation[y, x] += np.float32(1.0) / np.float32(count - 1) * (step - deviation[y, x])
