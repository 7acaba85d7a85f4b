"""The queue of an output: entries of the outbox that are ready for its driver."""

from collections import deque
from pathlib import Path

from emberline.delivery.outbox import Request

FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 300.0


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
