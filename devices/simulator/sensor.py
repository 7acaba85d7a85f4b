"""What a sensor makes of the picture: fixed pattern, drift, noise, whole numbers."""

import math

import numpy as np

from devices.simulator.movement import smooth_noise
from devices.simulator.scene import OpticalSensor, Scene

PATTERNS, NOISE = 2, 3
"""Streams of chance below the seed; 1 is the movers' own."""


def stream(seed: int, *path: int) -> np.random.Generator:
    """A generator for one purpose: what it yields does not depend on what was drawn before elsewhere."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *path])))


class ThermalCore:
    """An uncooled microbolometer: 16-bit counts, with a pattern that each shutter correction changes."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self._sensor, self._seed = scene.thermal, seed
        self._steps = [shutter.step for shutter in scene.shutter]
        y, x = np.mgrid[0 : self._sensor.height, 0 : self._sensor.width]
        away = np.hypot(x / self._sensor.width - 0.5, y / self._sensor.height - 0.5)
        self._vignette = (9.0 * away**2).astype(np.float32)  # the housing shines in from the edges
        self._pattern_of = -1
        self._pattern = self._vignette

    def counts(self, tones: np.ndarray, t: float, correction: int, rng: np.random.Generator) -> np.ndarray:
        """(height, width) uint16 at `t` seconds after `correction` shutter corrections."""
        sensor = self._sensor
        offset = sensor.ambient + sensor.drift * smooth_noise(self._seed, t, 17.0) + sensor.heating * t / 60
        if self._steps:
            steps = sum(self._steps[k % len(self._steps)] for k in range(correction))
            offset += (steps + 60.0) % 120.0 - 60.0  # a script that repeats for days stays in range
        noise = rng.standard_normal(tones.shape, dtype=np.float32)
        counts = tones + np.float32(offset) + self._fixed_pattern(correction) + np.float32(sensor.noise) * noise
        return np.clip(np.rint(counts), 0, 16383).astype(np.uint16)

    def _fixed_pattern(self, correction: int) -> np.ndarray:
        if correction != self._pattern_of:
            rng = stream(self._seed, PATTERNS, correction)
            shape = self._vignette.shape
            pixels = rng.standard_normal(shape, dtype=np.float32)
            columns = 0.6 * rng.standard_normal((1, shape[1]), dtype=np.float32)
            self._pattern = self._vignette + np.float32(self._sensor.fixed_pattern) * (pixels + columns)
            self._pattern_of = correction
        return self._pattern


class OpticalCore:
    """A grey 8-bit camera; its gain is up by night."""

    def __init__(self, sensor: OpticalSensor, night: bool, seed: int) -> None:
        self._sigma = np.float32(sensor.noise * (3 if night else 1))
        y, x = np.mgrid[0 : sensor.height, 0 : sensor.width]
        away = np.hypot(x / sensor.width - 0.5, y / sensor.height - 0.5)
        self._fall = (1 - (0.55 if night else 0.22) * away**2).astype(np.float32)
        self._floor = np.float32(9 if night else 2)
        self._seed = seed

    def grey(self, tones: np.ndarray, t: float, rng: np.random.Generator) -> np.ndarray:
        """(height, width) uint8 at `t` seconds."""
        flicker = np.float32(1 + 0.004 * math.sin(2 * math.pi * 0.31 * t))
        values = tones * self._fall * flicker + self._floor
        values += self._sigma * rng.standard_normal(tones.shape, dtype=np.float32)
        return np.clip(np.rint(values), 0, 255).astype(np.uint8)
