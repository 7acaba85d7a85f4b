"""A camera's view that can be covered, blinded, put out of focus, knocked and turned: optical and thermal pictures."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.ndimage import gaussian_filter

from kernel.detector import Frame

FPS = 10
STARTS_S = 3.0
TOTAL_S = 6.5
HEIGHT, WIDTH = 120, 160
MARGIN = 0.5
"""How much more of the world than the view there is on each side, as a part of the view."""

Effect = Callable[[np.ndarray, float], np.ndarray]
"""Takes the world, and how far the effect has come from 0 to 1; gives the view (HEIGHT, WIDTH)."""


def world(seed: int = 4) -> np.ndarray:
    """Buildings, paths, bushes and the fine grain of the ground, between 0 and 1."""
    rng = np.random.default_rng(seed)
    height, width = int(HEIGHT * (1 + 2 * MARGIN)), int(WIDTH * (1 + 2 * MARGIN))
    out = 0.3 + 0.15 * gaussian_filter(rng.normal(0, 1, (height, width)), 25) * 25
    for _ in range(90):
        y, x = rng.integers(0, height), rng.integers(0, width)
        h, w = rng.integers(4, 40, 2)
        out[y : y + h, x : x + w] += rng.uniform(-0.25, 0.35)
    out += 0.03 * gaussian_filter(rng.normal(0, 1, (height, width)), 0.8) * 3
    return np.clip(gaussian_filter(out, 0.5), 0.02, 0.9)


def looking(of: np.ndarray, right: float = 0.0, down: float = 0.0) -> np.ndarray:
    """The view, turned by parts of its width and height."""
    y, x = round(HEIGHT * (MARGIN + down)), round(WIDTH * (MARGIN + right))
    return of[y : y + HEIGHT, x : x + WIDTH].copy()


def frames(
    effect: Effect, thermal: bool, lasts_s: float = 1.0, seed: int = 5, total_s: float = TOTAL_S
) -> Iterator[Frame]:
    """The view in noise; the effect sets in at `STARTS_S` and is full `lasts_s` later. 16 bits if thermal."""
    rng = np.random.default_rng(seed)
    scale, base, noise, kind = (900.0, 3000.0, 3.0, np.uint16) if thermal else (255.0, 0.0, 1.5, np.uint8)
    of = world()
    for number in range(round(total_s * FPS)):
        far = min(max((number / FPS - STARTS_S) / max(lasts_s, 0.001), 0.0), 1.0)
        view = base + scale * effect(of, far) + rng.normal(0, noise, (HEIGHT, WIDTH))
        top = base + 1.6 * scale if thermal else 255
        yield Frame(number, round(number * 1e9 / FPS), np.clip(view.round(), 0, top).astype(kind))


def nothing(of: np.ndarray, far: float) -> np.ndarray:
    return looking(of)


def covered_from(side: str) -> Effect:
    """Something near and even is pushed before the lens."""

    def effect(of: np.ndarray, far: float) -> np.ndarray:
        cover = np.zeros((HEIGHT, WIDTH))
        wide, tall = round(far * WIDTH), round(far * HEIGHT)
        cover[:, :wide] = side == "left"
        cover[:, WIDTH - wide :] += side == "right"
        cover[:tall] += side == "top"
        cover[HEIGHT - tall :] += side == "bottom"
        soft = gaussian_filter(cover, 4) if 0 < far < 1 else cover
        shade = 0.35 + 0.05 * np.sin(np.arange(WIDTH) / 50)[None, :]
        return looking(of) * (1 - soft) + shade * soft

    return effect


def sprayed(of: np.ndarray, far: float) -> np.ndarray:
    """Spots of paint, more and more of them."""
    rng = np.random.default_rng(9)
    rows, columns = np.indices((HEIGHT, WIDTH))
    paint = np.zeros((HEIGHT, WIDTH))
    for _ in range(round(far * 220)):
        y, x = rng.integers(0, HEIGHT), rng.integers(0, WIDTH)
        paint[(rows - y) ** 2 + (columns - x) ** 2 < 12**2] = 1
    soft = gaussian_filter(paint, 3)
    return looking(of) * (1 - soft) + 0.2 * soft


def defocused(of: np.ndarray, far: float) -> np.ndarray:
    return looking(gaussian_filter(of, 3.0 * far)) if far else looking(of)


def dazzled(of: np.ndarray, far: float) -> np.ndarray:
    """A lamp shone into the lens: a glare beyond what the sensor can show."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    glare = np.exp(-((rows - 60) ** 2 + (columns - 80) ** 2) / 90**2)
    return looking(of) * (1 - 0.5 * far) + 4 * far * glare


def darkened(of: np.ndarray, far: float) -> np.ndarray:
    return looking(of) * (1 - far) + 0.02 * far


def turned(right: float = 0.0, down: float = 0.0) -> Effect:
    return lambda of, far: looking(of, right * far, down * far)


def elsewhere(of: np.ndarray, far: float) -> np.ndarray:
    """Turned so far that nothing of the old view is left."""
    return looking(of[::-1, ::-1]) if far == 1 else looking(of)


def knocked(of: np.ndarray, far: float) -> np.ndarray:
    """Swings, and comes to rest as it was."""
    return looking(of, 0.06 * np.sin(25 * far) * (1 - far))


def exposed(gain: float, offset: float) -> Effect:
    """The exposure jumps."""
    return lambda of, far: gain * looking(of) + offset if far == 1 else looking(of)


def passer_by(of: np.ndarray, far: float) -> np.ndarray:
    """A person close to the camera, taller than the picture's half, walks through."""
    view = looking(of)
    x = round(far * 1.6 * WIDTH - 0.3 * WIDTH)
    if 0 < far < 1:
        view[20:, max(0, x) : max(0, x + 55)] = 0.8
    return view
