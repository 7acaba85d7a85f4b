"""Light in the optical picture: shadows by day, the infrared lamp and headlights by night."""

import math

import numpy as np

from devices.simulator.backdrop import Backdrop, structures
from devices.simulator.camera import Camera
from devices.simulator.movement import Motion, smooth_noise
from devices.simulator.scene import Cloud, Scene
from devices.simulator.shapes import Capsule, Facet, Patch, Shape, paint

SHADOW_DEPTH = 0.42


def lamp(z: np.ndarray | float) -> np.ndarray:
    """How much of the camera's infrared lamp arrives at a distance, 0 to 1."""
    distance = np.where(np.isfinite(z), z, 1e3)
    return 0.1 + 0.95 / (1 + (distance / 17.0) ** 2)


def shadow(shapes: list[Shape], camera: Camera, sun: tuple[float, float]) -> Patch | None:
    """The shadow that shapes throw on level ground; its cover says how dark each pixel is."""
    flat: list[Shape] = []
    for shape in shapes:
        if isinstance(shape, Capsule):
            # Seen at a flat angle, a round shadow is low: a thinner line stands for it.
            flat.append(
                Capsule(_cast(shape.a, sun), _cast(shape.b, sun), shape.ra * 0.6, shape.rb * 0.6, shape.material)
            )
        else:
            flat.append(Facet(tuple(_cast(corner, sun) for corner in shape.corners), shape.material))
    return paint(flat, [1.0] * len(flat), camera, 0.2)


def still_shadow(scene: Scene, camera: Camera) -> np.ndarray:
    """How much light the ground keeps beside buildings, posts and plants, (height, width), 1 where all of it."""
    shapes = [shape for _, part in structures(scene) for shape in part]
    for plant in scene.plant:
        middle = plant.trunk_m + plant.height_m / 2
        x, z = plant.x + middle * scene.sun[0], plant.z + middle * scene.sun[1]
        half, deep = plant.width_m * 0.45, plant.width_m * 0.4
        turns = [2 * math.pi * k / 16 for k in range(16)]
        shapes.append(Facet(tuple((x + half * math.cos(a), 0.0, z + deep * math.sin(a)) for a in turns), "leaf"))
    light = np.ones((camera.height_px, camera.width_px), np.float32)
    patch = shadow(shapes, camera, scene.sun)
    if patch is not None:
        darken(light, patch)
    return light


def darken(picture: np.ndarray, patch: Patch, strength: float = 1.0) -> None:
    """Lay a shadow over the picture."""
    height, width = patch.cover.shape
    picture[patch.y : patch.y + height, patch.x : patch.x + width] *= (
        1 - np.float32(SHADOW_DEPTH * strength) * patch.cover
    )


def sunlight(clouds: list[Cloud], t: float, seed: int) -> float:
    """How much of the sun comes through, about 1 under a clear sky."""
    light = 1.0 + 0.01 * smooth_noise(seed, t, 6.0)
    for cloud in clouds:
        if cloud.at <= t <= cloud.at + cloud.seconds:
            light -= cloud.depth * math.sin(math.pi * (t - cloud.at) / cloud.seconds) ** 2
    return light


def headlights(picture: np.ndarray, backdrop: Backdrop, camera: Camera, motion: Motion) -> None:
    """The pool of light before a vehicle, and the glare where its lamps look at the camera."""
    sin, cos = math.sin(motion.heading), math.cos(motion.heading)
    dx = backdrop.ground_x - motion.x
    dz = np.where(np.isfinite(backdrop.ground_z), backdrop.ground_z, 1e4) - motion.z
    forward = dx * sin + dz * cos - 2.2
    side = dx * cos - dz * sin
    pool = np.exp(-((side / (1.2 + 0.22 * np.maximum(forward, 0))) ** 2)) / (1 + (np.maximum(forward, 0) / 7.0) ** 2)
    pool *= np.clip(forward / 1.5, 0, 1)
    picture += (120 * pool).astype(np.float32)
    facing = max(0.0, -(motion.x * sin + motion.z * cos) / math.hypot(motion.x, motion.z))
    for offset in (-0.7, 0.7):
        at = np.array([[motion.x + 2.2 * sin + offset * cos, 0.65, motion.z + 2.2 * cos - offset * sin]])
        (u, v), size = camera.project(at)[0], camera.scale(motion.z) * (0.12 + 0.5 * facing)
        _glow(picture, u, v, size, 60 + 260 * facing)


def _glow(picture: np.ndarray, u: float, v: float, size: float, strength: float) -> None:
    reach = int(4 * size) + 2
    left, top = max(0, int(u) - reach), max(0, int(v) - reach)
    right, bottom = min(picture.shape[1], int(u) + reach + 1), min(picture.shape[0], int(v) + reach + 1)
    if right <= left or bottom <= top:
        return
    x = np.arange(left, right)[None, :] + 0.5 - u
    y = np.arange(top, bottom)[:, None] + 0.5 - v
    r2 = (x * x + y * y) / (size * size)
    picture[top:bottom, left:right] += (strength * (np.exp(-r2) + 0.12 / (1 + r2))).astype(np.float32)


def _cast(point: tuple[float, float, float], sun: tuple[float, float]) -> tuple[float, float, float]:
    x, y, z = point
    return x + y * sun[0], 0.0, z + y * sun[1]
