"""Structure for surfaces: smooth noise in several octaves."""

import numpy as np

CELLS = 128
"""Cells after which an octave repeats; a power of two."""


def noise_at(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, octaves: int = 4) -> np.ndarray:
    """Noise of standard deviation about 1 at positions given in cells of the coarsest octave."""
    total = np.zeros(np.broadcast(x, y).shape)
    power = 0.0
    for octave in range(octaves):
        scale, weight = 2.0**octave, 0.62**octave
        lattice = rng.standard_normal((CELLS, CELLS))
        offset = rng.uniform(0, CELLS, 2)
        total += weight * _bilinear(lattice, x * scale + offset[0], y * scale + offset[1])
        power += weight**2 * 0.45
    return total / np.sqrt(power)


def _bilinear(lattice: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = np.broadcast_arrays(x, y)
    left, top = np.floor(x), np.floor(y)
    fx, fy = x - left, y - top
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    i0, j0 = left.astype(np.int64) & (CELLS - 1), top.astype(np.int64) & (CELLS - 1)
    i1, j1 = (i0 + 1) & (CELLS - 1), (j0 + 1) & (CELLS - 1)
    upper = lattice[j0, i0] * (1 - fx) + lattice[j0, i1] * fx
    lower = lattice[j1, i0] * (1 - fx) + lattice[j1, i1] * fx
    return upper * (1 - fy) + lower * fy
