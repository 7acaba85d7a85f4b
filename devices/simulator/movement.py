"""Where something is at a moment, as a function of that moment alone."""

import math

import msgspec
import numpy as np

STEP_S = 0.02


class Motion(msgspec.Struct, frozen=True):
    """Place (metres), heading (radians: 0 away from the camera, π/2 to the right), speed (m/s), way gone (m)."""

    x: float
    z: float
    heading: float
    speed: float
    way: float


class Path:
    """A smooth way through timed points (t, x, z): a cubic curve, so that neither place nor speed jumps."""

    def __init__(self, points: list[tuple[float, float, float]], wander_m: float = 0.0, phase: float = 0.0) -> None:
        self.begin, self.end = points[0][0], points[-1][0]
        self._times = np.arange(self.begin, self.end + STEP_S, STEP_S)
        x, z = _curve(np.array(points, dtype=np.float64), self._times)
        # Nobody walks on rails.
        self._x = x + wander_m * np.sin(0.9 * self._times + phase)
        self._z = z + 0.6 * wander_m * np.sin(0.7 * self._times + 2.3 * phase)
        vx, vz = np.gradient(self._x, STEP_S), np.gradient(self._z, STEP_S)
        self._speed = np.hypot(vx, vz)
        self._way = np.concatenate([[0.0], np.cumsum(self._speed[1:]) * STEP_S])
        self._heading = _headings(vx, vz, self._speed)

    def at(self, t: float) -> Motion | None:
        """The motion at `t` seconds; None before the first and after the last point."""
        if not self.begin <= t <= self.end:
            return None
        index = min(len(self._times) - 2, int((t - self.begin) / STEP_S))
        part = (t - self._times[index]) / STEP_S

        def between(values: np.ndarray) -> float:
            return float(values[index] + (values[index + 1] - values[index]) * part)

        return Motion(*(between(v) for v in (self._x, self._z, self._heading, self._speed, self._way)))


def _curve(points: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cubic Hermite through the points with central-difference tangents; a repeated place is a stop."""
    knots = points[:, 0]
    index = np.clip(np.searchsorted(knots, times, side="right") - 1, 0, len(knots) - 2)
    step = knots[index + 1] - knots[index]
    s = np.clip((times - knots[index]) / step, 0.0, 1.0)
    result: list[np.ndarray] = []
    for values in (points[:, 1], points[:, 2]):
        slope = (
            np.gradient(values, knots)
            if len(knots) > 2
            else np.full(2, (values[1] - values[0]) / (knots[1] - knots[0]))
        )
        stays = np.isclose(np.diff(values), 0)
        slope[:-1][stays] = 0
        slope[1:][stays] = 0
        h00, h10 = (1 + 2 * s) * (1 - s) ** 2, s * (1 - s) ** 2
        h01, h11 = s**2 * (3 - 2 * s), s**2 * (s - 1)
        result.append(
            h00 * values[index] + h10 * step * slope[index] + h01 * values[index + 1] + h11 * step * slope[index + 1]
        )
    return result[0], result[1]


def _headings(vx: np.ndarray, vz: np.ndarray, speed: np.ndarray) -> np.ndarray:
    """Direction of motion, kept while standing, turned within about 0.4 s."""
    raw = np.arctan2(vx, vz)
    moving = np.flatnonzero(speed > 0.05)
    if moving.size == 0:
        return np.zeros_like(raw)
    last = np.searchsorted(moving, np.arange(raw.size), side="right") - 1
    steady = np.unwrap(raw[moving])[np.maximum(last, 0)]
    width = round(0.4 / STEP_S)
    padded = np.pad(steady, (width // 2, width - 1 - width // 2), mode="edge")
    return np.convolve(padded, np.full(width, 1 / width), mode="valid")


def smooth_noise(seed: int, t: float, period_s: float) -> float:
    """A smooth random function of time between -1 and 1 that wanders once in about `period_s`."""
    position = t / period_s
    index = math.floor(position)
    part = position - index
    ease = part * part * (3 - 2 * part)
    a, b = (_hash(seed, index + k) for k in (0, 1))
    return a + (b - a) * ease


def _hash(seed: int, index: int) -> float:
    """A number in [-1, 1] from two integers (the finaliser of splitmix64)."""
    mask = (1 << 64) - 1
    x = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03) & mask
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    return ((x ^ (x >> 31)) >> 11) / float(1 << 52) - 1.0
