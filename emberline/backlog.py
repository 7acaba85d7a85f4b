"""What waits to be sealed: how much of it there may be before sources are asked to wait."""

import time
from collections.abc import Sequence

MOST_SEGMENTS = 16
"""However small: a start after a crash seals what was left before it serves."""
PATIENCE_S = 30.0
"""Where nothing was sealed for so long, waiting does not help."""


class Backlog:
    """Holds what waits to be sealed against what there is room for.

    `is_too_much` as long as it is more than that and segments are still being sealed.
    """

    def __init__(self) -> None:
        self.is_too_much = False
        self._sealed = 0
        self._hopeful_s = 0.0

    def note(self, waiting: Sequence[int], most_bytes: int, sealed: int) -> None:
        """Segments with so many bytes wait where `most_bytes` may, and so many are sealed by now."""
        now_s = time.monotonic()
        too_much = sum(waiting) > most_bytes or len(waiting) > MOST_SEGMENTS
        if sealed != self._sealed or not too_much:
            self._sealed, self._hopeful_s = sealed, now_s
        self.is_too_much = too_much and now_s - self._hopeful_s < PATIENCE_S
