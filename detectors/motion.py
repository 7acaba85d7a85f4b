"""Motion detection of a channel: what moves in its areas, from the score map that the background gives anyway."""

from functools import lru_cache

import msgspec
import numpy as np

from detectors.components import components, highest
from detectors.daylight import Daylight, DaylightState
from detectors.geometry import MILLION, rasterise
from kernel.detector import Frame
from kernel.events import Body, Box, MotionEnded, MotionSeen, MotionStarted
from kernel.site.model import Channel, Motion, Polygon
from kernel.state import as_state

START_NS = 150_000_000
"""Motion begins once something has moved for this long, and in two frames at least…"""
END_NS = 1_500_000_000
"""… and ends once nothing has for this long."""
LEAST_AREA_PX = 12
FRAME_PER_LEAST = 8000
"""What moves covers so many pixels, or one part in so many of the frame if that is more."""


def threshold(sensitivity: int) -> int:
    """The score, in tenths of σ, from which on a pixel moves: 150 at sensitivity 1, 90 at 50, 30 at 100; 0 is off."""
    return 256 if sensitivity == 0 else 150 - 6 * sensitivity // 5


class MotionState(msgspec.Struct, frozen=True):
    """What motion detection remembers; times are session time."""

    daylight: DaylightState
    moving_since_ns: int | None
    last_moved_ns: int
    started_ns: int | None


class MotionWatch:
    """Motion on one channel as events; off where the channel has no motion settings."""

    def __init__(self, channel: Channel) -> None:
        self._daylight = Daylight()
        self._moving_since_ns: int | None = None
        self._last_moved_ns = 0
        self._started_ns: int | None = None
        self.configure(channel)

    def configure(self, channel: Channel) -> None:
        """Take over settings; motion that is under way goes on under the new."""
        self._motion = channel.motion if channel.motion is not None and channel.motion.enabled else None

    def perceive(self, frame: Frame, score: np.ndarray) -> list[Body]:
        """What began or ended to move with this frame; `score` is (height, width) uint8 in tenths of σ."""
        if self._motion is None:
            return self._end(frame) if self._started_ns is not None else []
        found = _moving(score, self._areas(self._motion, frame))
        if not found:
            self._moving_since_ns = None
            late = frame.captured_ns - self._last_moved_ns >= END_NS
            return self._end(frame) if self._started_ns is not None and late else []
        self._last_moved_ns = frame.captured_ns
        if self._moving_since_ns is None:
            self._moving_since_ns = frame.captured_ns
        return self._moved(frame, found, self._motion)

    def state(self) -> MotionState:
        return MotionState(self._daylight.state(), self._moving_since_ns, self._last_moved_ns, self._started_ns)

    def restore(self, state: object) -> None:
        """Go on where the watch was that gave `state`."""
        kept = as_state(state, MotionState)
        self._daylight.restore(kept.daylight)
        self._moving_since_ns, self._last_moved_ns = kept.moving_since_ns, kept.last_moved_ns
        self._started_ns = kept.started_ns

    def _areas(self, motion: Motion, frame: Frame) -> list[tuple[tuple[Polygon, ...], int]]:
        """The areas that count now, with their score thresholds. Without expert areas nothing is watched there."""
        if motion.mode == "normal":
            return [(motion.areas, threshold(motion.sensitivity))]
        day = self._daylight.is_day(frame, motion)
        areas = motion.expert_areas
        return [((a.region,), threshold(a.day_sensitivity if day else a.night_sensitivity)) for a in areas]

    def _moved(self, frame: Frame, found: "list[tuple[int, Box]]", motion: Motion) -> list[Body]:
        parts = tuple(dict.fromkeys(box for _, box in found))
        events: list[Body] = []
        since = frame.captured_ns if self._moving_since_ns is None else self._moving_since_ns
        if self._started_ns is None and frame.captured_ns - since >= START_NS:
            self._started_ns = since
            areas = () if motion.mode == "normal" else tuple(sorted({number for number, _ in found}))
            events.append(MotionStarted(frame.number, _around(parts), areas))
        if self._started_ns is not None and motion.dynamic_analysis:
            events.append(MotionSeen(frame.number, parts))
        return events

    def _end(self, frame: Frame) -> list[Body]:
        assert self._started_ns is not None
        duration_ns, self._started_ns = self._last_moved_ns - self._started_ns, None
        return [MotionEnded(frame.number, duration_ns)]


def _moving(score: np.ndarray, areas: list[tuple[tuple[Polygon, ...], int]]) -> list[tuple[int, Box]]:
    """What moves in each area: (number of the area, box), in order. Each area sees its own pixels alone."""
    strongest = highest(score)
    found: list[tuple[int, Box]] = []
    height, width = score.shape
    least = max(LEAST_AREA_PX, score.size // FRAME_PER_LEAST)
    for number, (polygons, low) in enumerate(areas):
        if strongest < low:
            continue
        seen = np.where(_mask(polygons, width, height), score, np.uint8(0)) if polygons else score
        for x0, y0, x1, y1, area, *_ in components(seen, low).tolist():
            if area >= least:
                found.append((number, _box(x0, y0, x1, y1, width, height)))
    return found


@lru_cache(maxsize=256)
def _mask(polygons: tuple[Polygon, ...], width: int, height: int) -> np.ndarray:
    """Where the areas lie, (height, width) bool."""
    inside = np.zeros((height, width), np.bool_)
    for polygon in polygons:
        inside |= rasterise(polygon, width, height)
    inside.flags.writeable = False
    return inside


def _box(x0: int, y0: int, x1: int, y1: int, width: int, height: int) -> Box:
    left, top = x0 * MILLION // width, y0 * MILLION // height
    return left, top, x1 * MILLION // width - left, y1 * MILLION // height - top


def _around(boxes: tuple[Box, ...]) -> Box:
    """The box around all of them."""
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    return left, top, max(b[0] + b[2] for b in boxes) - left, max(b[1] + b[3] for b in boxes) - top
