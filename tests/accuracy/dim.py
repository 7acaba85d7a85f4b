"""A dim target in noise: 3 σ high, 12×28 px, walking over a synthetic 16-bit scene."""

from collections.abc import Iterator

import numpy as np

from emberline.foreground_masks import ForegroundMasks
from kernel.detector import Frame
from tests.accuracy.gate import Gate

WIDTH, HEIGHT = 640, 512
SIGMA = 8.0
TALL, WIDE = 28, 12
MARGIN_PX = 4
"""What lies this near the target is its blurred edge, and neither hit nor false."""
FRAMES, ENTERS = 150, 100
FRAME_NS = 40_000_000


def measured(seed: int = 1, mode: str = "general") -> tuple[float, float]:
    """Pixel recall on the target and the share of false pixels, at sensitivity 50."""
    rng = np.random.default_rng(seed)
    scene = 3000.0 + np.kron(rng.integers(0, 200, (HEIGHT // 32, WIDTH // 32)), np.ones((32, 32)))
    masks = ForegroundMasks("thermal", mode, 50)  # pyright: ignore[reportArgumentType]
    hit = target = false = clear = 0
    for n in range(FRAMES):
        picture = scene + rng.normal(0, SIGMA, scene.shape)
        x, y = 20 + 2 * n, 240
        if n >= ENTERS:
            picture[y : y + TALL, x : x + WIDE] += 3 * SIGMA
        mask = masks.mask(Frame(n, n * FRAME_NS, picture.round().astype(np.uint16))) > 0
        if n >= ENTERS:
            hit += int(np.count_nonzero(mask[y : y + TALL, x : x + WIDE]))
            target += TALL * WIDE
            mask[y - MARGIN_PX : y + TALL + MARGIN_PX, x - MARGIN_PX : x + WIDE + MARGIN_PX] = False
        false += int(np.count_nonzero(mask))
        clear += mask.size
    return hit / target, false / clear


def gates() -> Iterator[Gate]:
    recall, false = measured()
    good = recall >= 0.99 and false <= 1e-5
    yield Gate("dim target", f"{recall:.4f}", "≥ 0.99, ≤ 1e-5", good, f"false pixels {false:.1e}")
