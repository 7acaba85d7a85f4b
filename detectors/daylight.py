"""Day or night, for settings that differ: by the camera's own word, by the picture, or by the clock."""

import msgspec
import numpy as np

from detectors.tone import step_of
from kernel.detector import Frame
from kernel.site.model import Motion

DARK_BELOW = 40
"""The picture's middle grey falls below this at nightfall…"""
LIGHT_ABOVE = 60
"""… and rises above this at dawn."""


class DaylightState(msgspec.Struct, frozen=True):
    """Whether it is day as far as anybody knows."""

    day: bool


class Daylight:
    """What time of day it is on one channel."""

    def __init__(self) -> None:
        self._day = True

    def is_day(self, frame: Frame, motion: Motion) -> bool:
        """Whether the settings of the day count for this frame; where nothing tells, it is day."""
        if motion.day_night == "auto":
            self._day = self._by_picture(frame) if frame.night is None else not frame.night
        elif motion.day_night == "scheduled" and motion.day_period is not None and frame.civil_minute is not None:
            self._day = motion.day_period.start <= frame.civil_minute < motion.day_period.end
        else:
            self._day = True
        return self._day

    def state(self) -> DaylightState:
        return DaylightState(self._day)

    def restore(self, state: DaylightState) -> None:
        self._day = state.day

    def _by_picture(self, frame: Frame) -> bool:
        """By how light an 8-bit picture is. Infrared light at night counts as day, so the camera's word is better."""
        if frame.pixels.dtype != np.uint8:
            return self._day
        step = step_of(frame.pixels.shape)
        grid = frame.pixels[::step, ::step].ravel()
        middle = int(np.partition(grid, grid.size // 2)[grid.size // 2])
        return middle >= (DARK_BELOW if self._day else LIGHT_ABOVE)
