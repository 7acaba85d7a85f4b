"""The background model: per pixel what is normal and how much it varies, and so how surprising a new value is.

A running Gaussian in the sense of Wren et al., "Pfinder" (1997), on the spatially integrated frame: mean and mean
absolute deviation, each a recursive average with a time constant. It does not depend on sensitivity: foreground for the
purpose of learning is what exceeds a fixed score. All arithmetic is elementwise IEEE float32 and integers.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from detectors.integrate import UNIT, integrated
from detectors.shadow import without_shadows
from detectors.surprise import LEARN_BELOW, LEAST_JUMP, TENTHS_PER_DEVIATION, average_in, score_and_learn
from detectors.sway import least_surprise
from detectors.tone import UNCHANGED, Tone, strayed, tone_of
from kernel.state import as_state

SECOND_NS = 1_000_000_000
LEARN_NS = 700_000_000
"""The background is a plain average of the frames of this long after a start; detection waits for it."""
BACKGROUND_NS = 5 * SECOND_NS
"""Time constant with which the background follows slow changes."""
FOREGROUND_NS = 120 * SECOND_NS
"""Time constant with which what stays in the picture becomes background."""
MATURE_NS = 60 * SECOND_NS
"""A model taken from samples counts as this old."""
YOUTH_NS = 2 * SECOND_NS
"""At this age a model is trusted half as much as an old one."""
UNREST_NS = SECOND_NS
"""Time constant of the unrest of the picture as a whole."""
LEAST_LOOKED_AT = 30
"""Score from which on a pixel is held against the background around it: for sway, and for shadows."""
CHANGED_PERCENT = 40
"""If more of the frame than this is surprising at once, it is the sensor or the light that changed."""
FLOOR_COUNTS = {"thermal16": 0.25, "thermal8": 0.5, "optical8": 1.4}
"""Least deviation assumed, in counts after the blur: quantisation, compression, flicker."""
PATTERN_JUMP = np.float32(3.0)
"""A thermal picture that strays this many times as far as usual from the background has a new pattern."""
DEVIATION_PER_MIDDLE = np.float32(1.1829)
"""The mean absolute deviation of a Gaussian over the median one."""


class BackgroundState(msgspec.Struct, frozen=True, eq=False):
    """What a model comes to; arrays are (height, width). `before` is needed only while it learns."""

    count: int
    learning_since_ns: int
    young_since_ns: int
    last_ns: int
    floor_min: float
    unrest: float
    learning: bool
    mean: np.ndarray
    deviation: np.ndarray
    before: np.ndarray | None
    score: np.ndarray
    overlay: np.ndarray
    tone: tuple[float, float]


class Background:
    """The background of one channel.

    `score` after `perceive` is (height, width) uint8, tenths of σ, 255 for 25.5 σ and more; zero while it learns.
    """

    def __init__(self, thermal: bool) -> None:
        self._thermal = thermal
        self._keep_for_sway = False
        self._last: tuple[np.ndarray, np.ndarray, np.float32] | None = None
        self._shape: tuple[int, int] | None = None
        self._count = 0
        self._learning_since_ns = self._young_since_ns = 0
        self._last_ns = 0
        self._floor_min = 0.0
        self._unrest = np.float32(0)
        self.score = np.zeros((0, 0), np.uint8)
        self.learning = True

    def keep_for_sway(self, keep: bool) -> None:
        """Whether `score_without_sway` will be asked for."""
        self._keep_for_sway = keep
        self._last = None

    def restart(self) -> None:
        """Learn afresh from the next frame on."""
        self._shape = None
        self.learning = True

    def begin_from(self, samples: Sequence[np.ndarray], captured_ns: int) -> None:
        """Take the background from samples, (height, width) each, that were seen elsewhere: no learning is needed.

        Mean and deviation are the medians over the samples, so that what is in fewer than half of them at a place is
        not background there. `captured_ns` is when the frames to be scored begin.
        """
        frames = np.stack([integrated(pixels) for pixels in samples])
        self._begin(frames[0], captured_ns - MATURE_NS, self._floor_of(samples[0].dtype))
        middle = _middle(frames)
        self._mean = middle.astype(np.float32)
        self._deviation = _middle(np.abs(frames - middle)).astype(np.float32) * DEVIATION_PER_MIDDLE
        self._count = len(samples)
        self._last_ns = captured_ns
        self._finish_learning()

    def perceive(self, pixels: np.ndarray, captured_ns: int, corrected: bool) -> np.ndarray:
        """Score a frame, (height, width) uint8 or uint16, and learn from it.

        `corrected` says that the sensor's shutter correction came just before it.
        """
        frame = integrated(pixels)
        if self._shape != pixels.shape:
            self._begin(frame, captured_ns, self._floor_of(pixels.dtype))
        interval_ns = max(0, captured_ns - self._last_ns)
        self._last_ns = captured_ns
        if self.learning:
            self._learn(frame, captured_ns)
            return self.score
        processed = pixels.dtype == np.uint8
        if corrected:
            self._re_anchor(frame)
        tone = tone_of(frame, self._mean, with_gain=processed)
        if self._thermal and self._jumped(self._strayed(frame, tone)):
            self._re_anchor(frame)
            tone = tone_of(frame, self._mean, with_gain=processed)
        before, self._tone = self._tone if processed else tone, tone
        surprising = self._update(frame, before, np.float32(np.iinfo(pixels.dtype).max * UNIT), interval_ns)
        if surprising * 100 > CHANGED_PERCENT * frame.size:
            self._begin(frame, captured_ns, self._floor_of(pixels.dtype))
            self._learn(frame, captured_ns)
        elif not self._thermal and surprising:
            self.score = without_shadows(self.score, frame, self._expected, LEAST_LOOKED_AT)
        return self.score

    def score_without_sway(self) -> np.ndarray:
        """The score of the last frame, with what is normal for the background a few pixels away passed over."""
        if self.learning or self._last is None:
            return self.score
        frame, expected, floor = self._last
        spread = np.maximum(self._deviation, floor)
        return least_surprise(self.score, frame, expected, spread, LEAST_LOOKED_AT, TENTHS_PER_DEVIATION)

    def state(self) -> "BackgroundState | None":
        """The whole model, None where the next frame begins a new one."""
        if self._shape is None:
            return None
        return BackgroundState(
            count=self._count,
            learning_since_ns=self._learning_since_ns,
            young_since_ns=self._young_since_ns,
            last_ns=self._last_ns,
            floor_min=self._floor_min,
            unrest=float(self._unrest),
            learning=self.learning,
            mean=self._mean,
            deviation=self._deviation,
            before=self._before if self.learning else None,
            score=self.score,
            overlay=self._overlay,
            tone=(float(self._tone.gain), float(self._tone.offset)),
        )

    def restore(self, state: object) -> None:
        """Go on with a model that `state` gave."""
        if state is None:
            return
        kept = as_state(state, BackgroundState)
        self._shape = kept.mean.shape
        self._count = kept.count
        self._learning_since_ns = kept.learning_since_ns
        self._young_since_ns = kept.young_since_ns
        self._last_ns = kept.last_ns
        self._floor_min = kept.floor_min
        self._unrest = np.float32(kept.unrest)
        self.learning = kept.learning
        self._mean = kept.mean
        self._expected = np.empty(kept.mean.shape, np.float32)
        self._deviation = kept.deviation
        self._before = kept.mean if kept.before is None else kept.before
        self.score = kept.score
        self._overlay = kept.overlay
        self._tone = Tone(np.float32(kept.tone[0]), np.float32(kept.tone[1]))

    def _floor_of(self, dtype: np.dtype) -> float:
        depth = 8 * dtype.itemsize
        return FLOOR_COUNTS["optical8" if not self._thermal else f"thermal{depth}"] * UNIT

    def _begin(self, frame: np.ndarray, captured_ns: int, floor: float) -> None:
        self._shape = frame.shape
        self._expected = np.empty(frame.shape, np.float32)
        self._mean = np.zeros(frame.shape, np.float32)
        self._deviation = np.zeros(frame.shape, np.float32)
        self._before = frame
        self.score = np.zeros(frame.shape, np.uint8)
        self._overlay = np.zeros(frame.shape, np.uint8)
        self._tone = UNCHANGED
        self._count = 0
        self._learning_since_ns = self._young_since_ns = captured_ns
        self._floor_min = floor
        self._unrest = np.float32(0)
        self.learning = True

    def _learn(self, frame: np.ndarray, captured_ns: int) -> None:
        self._count += 1
        average_in(frame, self._mean, self._deviation, self._before, self._count)
        self._before = frame
        self.score[:] = 0
        if self._count >= 2 and captured_ns - self._learning_since_ns >= LEARN_NS:
            self._finish_learning()

    def _finish_learning(self) -> None:
        self.learning = False
        self._unrest = np.float32(_middle(self._deviation[::4, ::4].ravel()))

    def _update(self, frame: np.ndarray, before: Tone, ceiling: np.float32, interval_ns: int) -> int:
        self._count += 1
        tone = self._tone
        self._follow_unrest(frame, tone, interval_ns)
        floor = max(self._unrest, np.float32(self._floor_min)) * self._immaturity()
        if self._keep_for_sway:
            self._last = (frame, self._expected, floor)
        rate = np.float32(interval_ns) / np.float32(BACKGROUND_NS)
        rate = max(rate, np.float32(1.0) / np.float32(self._count))
        slow = np.float32(interval_ns) / np.float32(FOREGROUND_NS)
        jump = tone.gain != before.gain or abs(tone.offset - before.offset) >= LEAST_JUMP - np.float32(1)
        rates = (min(rate, np.float32(0.5)), min(slow, np.float32(0.1)), min(rate, np.float32(0.1)))
        return score_and_learn(
            frame,
            self._mean,
            self._deviation,
            self.score,
            self._expected,
            self._overlay,
            (tone.gain, tone.offset),
            (before.gain, before.offset),
            bool(jump),
            rates,
            floor,
            ceiling,
        )

    def _immaturity(self) -> np.float32:
        """How much more than it has shown so far the picture may vary: a young model has not seen the slow changes.

        Nor has one those of a sensor that has just corrected itself with its shutter.
        """
        age = np.float32(max(LEARN_NS, self._last_ns - self._young_since_ns))
        return np.float32(1.0) + np.float32(YOUTH_NS) / age

    def _follow_unrest(self, frame: np.ndarray, tone: Tone, interval_ns: int) -> None:
        """Smoothed, how far the picture as a whole strays. A pixel calmer than that is not trusted to be."""
        now = self._strayed(frame, tone)
        rate = min(np.float32(interval_ns) / np.float32(UNREST_NS), np.float32(0.5))
        self._unrest += rate * (min(now, np.float32(3.0) * max(self._unrest, np.float32(1.0))) - self._unrest)

    def _strayed(self, frame: np.ndarray, tone: Tone) -> np.float32:
        """How far the picture strays from the background: noise, sensor drift, moving vegetation.

        As a mean absolute deviation.
        """
        return np.float32(strayed(frame, self._mean, tone.gain, tone.offset)) * DEVIATION_PER_MIDDLE

    def _jumped(self, strayed: np.float32) -> bool:
        """Whether all of the picture changed its pattern at once: so looks a shutter correction that nobody told of."""
        usual = max(self._unrest, np.float32(self._floor_min)) * self._immaturity()
        return bool(strayed > PATTERN_JUMP * usual)

    def _re_anchor(self, frame: np.ndarray) -> None:
        """After a shutter correction every pixel has a new offset: take it over, except where a target was."""
        quiet = self.score < LEARN_BELOW
        self._mean += tone_of(frame, self._mean, with_gain=False).offset
        self._young_since_ns = self._last_ns
        np.copyto(self._mean, frame.astype(np.float32), where=quiet)
        self._count = 2


def _middle(values: np.ndarray) -> np.ndarray:
    """The upper median along the first axis, by selection alone."""
    return np.partition(values, len(values) // 2, axis=0)[len(values) // 2]
