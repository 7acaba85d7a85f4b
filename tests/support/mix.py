"""The stated mix of frames for benchmarks: a third idle, a third with one target, a third with leaves in the wind."""

import numpy as np


def mix(width: int, height: int, dtype: type, seconds: int = 4, fps: int = 25, seed: int = 3) -> dict[str, list]:
    """Frames (height, width) of the three kinds over one noisy scene, uint16 counts or uint8 grey levels."""
    rng = np.random.default_rng(seed)
    deep = dtype is np.uint16
    base, contrast, noise = (3000.0, 150, 4.0) if deep else (90.0, 60, 2.0)
    scene = base + _texture(rng, height, width) * (60 if deep else 25)
    count = seconds * fps
    noises = [rng.normal(0, noise, (height, width)).astype(np.float32) for _ in range(8)]
    frames: dict[str, list[np.ndarray]] = {"idle": [], "target": [], "leaves": []}
    for n in range(count):
        grain = noises[n % 8] if n % 2 else -noises[(n // 2) % 8]
        frames["idle"].append(_stored(scene + grain, dtype))
        frames["target"].append(_stored(_with_target(scene + grain, n, count, contrast), dtype))
        frames["leaves"].append(_stored(_with_leaves(scene + grain, n, contrast), dtype))
    return frames


def _texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    coarse = rng.random((height // 16 + 2, width // 16 + 2))
    return np.kron(coarse, np.ones((16, 16)))[:height, :width].astype(np.float32)


def _with_target(frame: np.ndarray, n: int, count: int, contrast: int) -> np.ndarray:
    height, width = frame.shape
    x, y = int((width - 40) * n / count), height // 2
    frame = frame.copy()
    frame[y : y + height // 6, x : x + width // 30] += contrast
    return frame


def _with_leaves(frame: np.ndarray, n: int, contrast: int) -> np.ndarray:
    """Forty leaves on twigs that sway, each with its own phase."""
    height, width = frame.shape
    frame = frame.copy()
    for leaf in range(40):
        sway = 4 * np.sin(0.5 * n + 1.7 * leaf)
        x = int(width * (0.6 + 0.35 * ((leaf * 37) % 40) / 40) + sway)
        y = int(height * (0.1 + 0.5 * ((leaf * 23) % 40) / 40) + sway / 2)
        frame[y : y + 7, x : x + 9] += contrast / 3
    return frame


def _stored(frame: np.ndarray, dtype: type) -> np.ndarray:
    return np.clip(frame.round(), 0, np.iinfo(dtype).max).astype(dtype)
