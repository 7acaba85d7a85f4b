"""Structure for surfaces: smooth noise in several octaves."""

import numpy as np


def noise_grid(rng: np.random.Generator, height: int, width: int, cell: float, octaves: int = 4) -> np.ndarray:
    """Noise of mean 0 and standard deviation 1, (height, width), with detail from `cell` pixels downwards."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    return noise_at(rng, x / cell, y / cell, octaves)


def noise_at(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, octaves: int = 4) -> np.ndarray:
    """Noise of standard deviation about 1 at positions given in cells of the coarsest octave."""
    total = np.zeros(np.broadcast(x, y).shape)
    power = 0.0
    for octave in range(octaves):
        scale, weight = 2.0**octave, 0.62**octave
        lattice = rng.standard_normal((256, 256))
        offset = rng.uniform(0, 256, 2)
        total += weight * _bilinear(lattice, x * scale + offset[0], y * scale + offset[1])
        power += weight**2 * 0.45
    return total / np.sqrt(power)


def _bilinear(lattice: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = np.broadcast_arrays(x, y)
    left, top = np.floor(x), np.floor(y)
    fx, fy = x - left, y - top
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    i0, j0 = left.astype(np.int64) & 255, top.astype(np.int64) & 255
    i1, j1 = (i0 + 1) & 255, (j0 + 1) & 255
    upper = lattice[j0, i0] * (1 - fx) + lattice[j0, i1] * fx
    lower = lattice[j1, i0] * (1 - fx) + lattice[j1, i1] * fx
    return upper * (1 - fy) + lower * fy
