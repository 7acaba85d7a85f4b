"""Two people who walk towards each other, touch, and turn back: made on the spot, 8-bit, with bright heads.

While they touch, what stands out of them is one piece, and whoever goes by its motion alone has them walk through
each other.
"""

from functools import cache

import numpy as np

from support.models import HEAD, HEADS_SIZE, PERSON

FRAME_NS = 100_000_000
LEARNT = 15
"""Frames without anybody."""
TURN = 45
FRAMES = 90
TOP = 24
STEP_PX = 1.8


def places(number: int) -> tuple[int, int]:
    """The left edges of the two in a frame; outside the picture before they come and after they have gone."""
    gone = abs(number - TURN) * STEP_PX
    middle = HEADS_SIZE[0] / 2
    return int(middle - PERSON[0] - max(gone - 6, 0)), int(middle + max(gone - 6, 0))


@cache
def two_people(stay: bool = False) -> list[np.ndarray]:
    """The frames, (96, 192) uint8. With `stay` they never turn back, but stand where they met."""
    rng = np.random.default_rng(5)
    scene = 90 + rng.integers(0, 12, HEADS_SIZE[::-1])
    frames: list[np.ndarray] = []
    for number in range(FRAMES):
        frame = scene + rng.normal(0, 1.5, scene.shape).round().astype(int)
        if number >= LEARNT:
            for left in places(min(number, TURN) if stay else number):
                _draw(frame, left)
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
    return frames


def _draw(frame: np.ndarray, left: int) -> None:
    wide, high = (int(side) for side in PERSON)
    right = left + wide
    frame[TOP : TOP + high, max(0, left) : max(0, right)] = 160
    head = left + (wide - HEAD) // 2
    frame[TOP : TOP + HEAD, max(0, head) : max(0, head + HEAD)] = 250
