"""Bushes and tree crowns: tufts of leaves that sway one by one in the wind."""

import math

import msgspec
import numpy as np

from devices.simulator.backdrop import blend
from devices.simulator.camera import Camera
from devices.simulator.materials import Look, tone
from devices.simulator.movement import smooth_noise
from devices.simulator.scene import Plant
from devices.simulator.shapes import Patch, soften
from devices.simulator.texture import noise_at

LEAF_BLUR = 0.2
"""Side weight of the optics' point spread on leaves."""


class Tuft(msgspec.Struct, frozen=True, eq=False):
    """Leaves that move as one: a patch with a margin of one pixel, and how it sways."""

    patch: Patch
    reach_px: float
    rate_hz: float
    phase: float


def grow(plant: Plant, rng: np.random.Generator, camera: Camera, look: Look) -> list[Tuft]:
    """The tufts of a plant, back to front."""
    scale = camera.scale(plant.z)
    foot = camera.project(np.array([[plant.x, plant.trunk_m, plant.z]]))[0]
    count = int(np.clip(plant.width_m * plant.height_m * 3, 6, 16))
    tufts: list[Tuft] = []
    for k in range(count):
        across = rng.uniform(-0.36, 0.36) * plant.width_m
        roundness = math.sqrt(max(0.05, 1 - (2 * across / plant.width_m) ** 2))
        up = (0.16 + 0.66 * rng.uniform(0, 1)) * plant.height_m * roundness
        size = (rng.uniform(0.34, 0.5) * plant.width_m, rng.uniform(0.3, 0.42) * plant.height_m)
        centre = (foot[0] + across * scale, foot[1] - up * scale)
        patch = _leaves(rng, centre, (size[0] * scale / 2, size[1] * scale / 2), look, 0.5 + 0.5 * k / count)
        bend = 0.35 + 0.9 * up / plant.height_m
        tufts.append(Tuft(patch, plant.sway_m * bend * scale, rng.uniform(0.5, 1.4), rng.uniform(0, 6.3)))
    return tufts


def sway(picture: np.ndarray, tufts: list[Tuft], t: float, wind: float, seed: int) -> None:
    """Draw the tufts as they hang at `t` seconds under a `wind` of 0 to 1."""
    gust = wind * (1 + 0.6 * smooth_noise(seed, t, 1.7))
    for k, tuft in enumerate(tufts):
        swing = math.sin(2 * math.pi * tuft.rate_hz * t + tuft.phase + seed % 97) + 0.4 * smooth_noise(seed + k, t, 0.5)
        shift = tuft.reach_px * gust * (0.6 + swing)
        patch = _shifted(tuft.patch, shift, 0.3 * shift * math.sin(tuft.phase))
        clipped = clip_patch(patch, picture.shape)
        if clipped is not None:
            blend(picture, clipped)


def _leaves(
    rng: np.random.Generator, centre: tuple[float, float], radii: tuple[float, float], look: Look, light: float
) -> Patch:
    left, top = math.floor(centre[0] - radii[0] * 1.2) - 2, math.floor(centre[1] - radii[1] * 1.2) - 2
    width, height = math.ceil(2.4 * radii[0]) + 5, math.ceil(2.4 * radii[1]) + 5
    y, x = np.mgrid[top : top + height, left : left + width] + 0.5
    grain = max(1.2, radii[0] / 4)
    ragged = noise_at(rng, x / grain, y / grain, 3)
    inside = 1.0 - ((x - centre[0]) / radii[0]) ** 2 - ((y - centre[1]) / radii[1]) ** 2
    cover = np.clip(1.6 * inside + 0.55 * ragged, 0, 1)
    cover[[0, 1, -2, -1], :] = 0
    cover[:, [0, 1, -2, -1]] = 0
    rough = {"thermal": 7.0, "day": 15.0, "night": 15.0}[look]
    shade = {"thermal": 10.0, "day": 30.0, "night": 30.0}[look] * (light - 0.75)
    value = tone("leaf", look) + shade + rough * noise_at(rng, x / grain, y / grain, 3) + 0.25 * rough * inside
    painted, covered = (value * cover).astype(np.float32), cover.astype(np.float32)
    return Patch(left, top, soften(painted, LEAF_BLUR), soften(covered, LEAF_BLUR))


def _shifted(patch: Patch, dx: float, dy: float) -> Patch:
    """Moved by a part of a pixel, linearly interpolated; the empty margin keeps the edge clean."""
    ix, iy = math.floor(dx), math.floor(dy)
    fx, fy = np.float32(dx - ix), np.float32(dy - iy)

    def moved(values: np.ndarray) -> np.ndarray:
        result = values.copy()
        result[:, 1:] += fx * (values[:, :-1] - values[:, 1:])
        down = result.copy()
        down[1:] += fy * (result[:-1] - result[1:])
        return down

    return Patch(patch.x + ix, patch.y + iy, moved(patch.paint), moved(patch.cover))


def clip_patch(patch: Patch, shape: tuple[int, ...]) -> Patch | None:
    """The part of a patch that lies in a picture of that shape; None where there is none."""
    height, width = patch.cover.shape
    left, top = max(0, -patch.x), max(0, -patch.y)
    right, bottom = min(width, shape[1] - patch.x), min(height, shape[0] - patch.y)
    if right <= left or bottom <= top:
        return None
    part = (slice(top, bottom), slice(left, right))
    return Patch(patch.x + left, patch.y + top, patch.paint[part], patch.cover[part])
