"""What the courier has in hand: entries of the outbox that wait for frames, lie on the shelf, or queue for a driver."""

from collections import deque
from pathlib import Path

import msgspec

from emberline.delivery.outbox import Request
from emberline.delivery.preparing import Plan
from kernel.events import PictureKept

FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 300.0


class Waiting(msgspec.Struct):
    """An entry whose frames are not all there yet."""

    path: Path
    request: Request
    plan: Plan
    until_s: float


class Shelved(msgspec.Struct, frozen=True):
    """An entry whose pictures lie on the shelf now, and what is to be recorded of it."""

    path: Path
    request: Request
    kept: list[PictureKept]
    reason: str


class Lane:
    """The queue of one output: what is ready, what is with the driver, and when the next attempt is due."""

    def __init__(self) -> None:
        self.ready: deque[tuple[Path, Request]] = deque()
        self.flying: tuple[Path, Request] | None = None
        self.not_before_s = 0.0
        self.failures = 0

    def failed(self, now_s: float) -> float:
        """Another attempt later: in how many seconds."""
        wait_s = min(FIRST_WAIT_S * 2**self.failures, LONGEST_WAIT_S)
        self.failures += 1
        self.not_before_s = now_s + wait_s
        return wait_s
