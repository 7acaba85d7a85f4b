"""A scene as a `Recording`: frames of one channel, each a function of its number."""

import math
from collections.abc import Iterator
from typing import Literal

import msgspec
import numpy as np

from devices.simulator.scene import Scene
from devices.simulator.sensor import NOISE, OpticalCore, ThermalCore, stream
from devices.simulator.world import Channel, Sighting, World
from kernel.media import Shot


class Moment(msgspec.Struct, frozen=True):
    """When a frame is: time since the start, time in the script (which repeats), state of the shutter."""

    t: float
    script_t: float
    corrections: int
    shutter: Literal["open", "closed", "corrected"] | None
    shown: int
    """The frame whose picture is shown: an earlier one while the shutter is closed."""


class Simulation:
    """A simulated recording.

    The same scene, channel and seed give the same bytes (with the same release of numpy). A frame does not depend on
    those before it. After the scene's own length the script begins again, with other noise and wind.
    """

    def __init__(
        self,
        scene: Scene,
        channel: Channel,
        seed: int,
        *,
        began: str | None,
        seconds: float,
        first: int,
        last: int | None,
    ) -> None:
        self.scene, self.seed = scene, seed
        self.kind: Channel = channel
        self.began = began
        self.fps = scene.thermal.fps if channel == "thermal" else scene.optical.fps
        self.world = World(scene, channel, seed)
        self._selected = range(math.ceil(seconds * self.fps - 1e-9))[first:last]
        night = scene.light == "night"
        self._night = night if channel == "optical" else None
        self._thermal = ThermalCore(scene, seed) if channel == "thermal" else None
        self._optical = OpticalCore(scene.optical, night, seed)

    @property
    def frames(self) -> int:
        """How many frames are selected."""
        return len(self._selected)

    @property
    def numbers(self) -> range:
        """The numbers of the selected frames."""
        return self._selected

    def read(self) -> Iterator[Shot]:
        """The frames, (height, width): uint16 where thermal, uint8 where optical."""
        frozen: tuple[int, np.ndarray] | None = None
        for number in self._selected:
            moment = self.moment(number)
            if moment.shutter != "closed":
                frozen = None
                pixels = self._render(number)
            else:
                if frozen is None or frozen[0] != moment.shown:
                    frozen = (moment.shown, self._render(moment.shown))
                pixels = frozen[1].copy()
            yield Shot(round(number * 1e9 / self.fps), pixels, moment.shutter, self._night)

    def sightings(self, number: int) -> list[Sighting]:
        """Who is in a frame; of a frame with closed shutter, who is in the picture that it shows."""
        return self.world.sightings(self.moment(self.moment(number).shown).script_t)

    def moment(self, number: int) -> Moment:
        """When frame `number` is."""
        t = number / self.fps
        round_, script_t = divmod(t, self.scene.seconds)
        if self._thermal is None:
            return Moment(t, script_t, 0, None, number)
        corrections = int(round_) * len(self.scene.shutter)
        state: Literal["open", "closed", "corrected"] = "open"
        shown = number
        for shutter in self.scene.shutter:
            opens = shutter.at + shutter.seconds
            if shutter.at <= script_t < opens:
                state = "closed"
                shown = max(0, math.ceil((t - script_t + shutter.at) * self.fps - 1e-9) - 1)
            elif script_t >= opens:
                corrections += 1
                if script_t - 1 / self.fps < opens:
                    state = "corrected"
        return Moment(t, script_t, corrections, state, shown)

    def _render(self, number: int) -> np.ndarray:
        moment = self.moment(number)
        rng = stream(self.seed, NOISE, number)
        tones = self.world.picture(moment.script_t, moment.t, rng)
        if self._thermal is not None:
            return self._thermal.counts(tones, moment.t, moment.corrections, rng)
        return self._optical.grey(tones, moment.t, rng)
