"""What comes between the yard and the lens: rain and insects."""

import math

import numpy as np

from devices.simulator.materials import Look
from devices.simulator.movement import smooth_noise
from devices.simulator.scene import Insect, Spell
from devices.simulator.shapes import outline_cover


def strength_of(spells: list[Spell], t: float) -> float:
    """How strong a spell is at `t`, 0 to 1; it comes and goes within two seconds."""
    return max(
        (s.strength * min(1.0, (t - s.start) / 2, (s.end - t) / 2) for s in spells if s.start < t < s.end), default=0.0
    )


def fall(picture: np.ndarray, strength: float, look: Look, rng: np.random.Generator) -> None:
    """Streaks of rain: bright in the lamp or against the trees, cold to a thermal camera, which also sees less far."""
    height, width = picture.shape
    if look == "thermal":
        picture *= np.float32(1 - 0.22 * strength)
    value = {"thermal": -26.0, "day": 24.0, "night": 70.0}[look]
    for _ in range(int(rng.poisson(strength * 42))):
        near = rng.uniform(0.25, 1.0) ** 2
        x, y = rng.uniform(-5, width + 5), rng.uniform(-5, height)
        length, lean = height * (0.04 + 0.13 * near), rng.uniform(0.06, 0.14)
        radius = 0.15 + 0.7 * near * height / 240
        _stroke(picture, (x, y), (x + lean * length, y + length), radius, value * (0.35 + 0.65 * near))


def fly(picture: np.ndarray, insects: list[Insect], t: float, look: Look, seed: int) -> None:
    """Insects close to the lens: large, out of focus, gone within a second."""
    height, width = picture.shape
    value = {"thermal": 46.0, "day": -70.0, "night": 150.0}[look]
    for k, insect in enumerate(insects):
        part = (t - insect.at) / insect.seconds
        if not 0 <= part <= 1:
            continue
        before = _whereabouts(part - 0.05, seed + 31 * k, k, width, height)
        here = _whereabouts(part, seed + 31 * k, k, width, height)
        _stroke(picture, before, here, insect.size * width, value)


def _whereabouts(part: float, seed: int, k: int, width: int, height: int) -> tuple[float, float]:
    across = -0.1 + 1.2 * part if k % 2 == 0 else 1.1 - 1.2 * part
    x = across + 0.12 * smooth_noise(seed, part, 0.23)
    y = 0.5 + 0.3 * smooth_noise(seed + 1, part + 7 * k, 0.6) + 0.1 * math.sin(9 * part)
    return x * width, y * height


def _stroke(picture: np.ndarray, a: tuple[float, float], b: tuple[float, float], radius: float, value: float) -> None:
    height, width = picture.shape
    soft = max(1.0, radius)
    left, right = int(min(a[0], b[0]) - 2 * soft) - 1, int(max(a[0], b[0]) + 2 * soft) + 2
    top, bottom = int(min(a[1], b[1]) - 2 * soft) - 1, int(max(a[1], b[1]) + 2 * soft) + 2
    left, top, right, bottom = max(0, left), max(0, top), min(width, right), min(height, bottom)
    if right <= left or bottom <= top:
        return
    ends = np.array([a, b])
    if radius < 1.5:
        cover = outline_cover(("capsule", ends, radius, radius), left, top, right, bottom)
    else:
        cover = _out_of_focus(ends, 2 * radius, left, top, right, bottom)
    picture[top:bottom, left:right] += np.float32(value) * cover.astype(np.float32)


def _out_of_focus(ends: np.ndarray, reach: float, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """Cover that fades from 1 on the line between `ends` to 0 at a distance of `reach` px."""
    (ax, ay), (bx, by) = ends
    x = np.arange(left, right)[None, :] + 0.5 - ax
    y = np.arange(top, bottom)[:, None] + 0.5 - ay
    dx, dy = bx - ax, by - ay
    along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
    near = np.clip(1 - np.hypot(x - along * dx, y - along * dy) / reach, 0, 1)
    return near * near * (3 - 2 * near)
