"""When and where a model looks: at targets that are followed, each now and then, and not for ever."""

from collections.abc import Iterable

import numpy as np

from detectors.recogniser.cutting import part_around
from kernel.boxes import holds
from kernel.events import Box, DetectedObject, ObjectsRecognised

AGAIN_NS = 300_000_000
"""A target is looked at this often…"""
MOST_LOOKS = 12
"""… and so many times."""
MOST_PARTS = 4
"""In one frame."""
FORGOTTEN_NS = 60_000_000_000


class Looks:
    """Which parts of a channel's frames to look at. `done` are looks that need not be taken again."""

    def __init__(self, done: Iterable[ObjectsRecognised] = ()) -> None:
        self._taken: dict[int, list[int]] = {}
        self._done = sorted((d.captured_ns, d.box) for d in done)
        self._done_ns = np.array([at_ns for at_ns, _ in self._done], np.int64)

    def wanted(self, captured_ns: int, objects: Iterable[DetectedObject], width: int, height: int) -> list[Box]:
        """The parts of a `width` × `height` frame to look at now: around targets whose turn it is.

        A target in a part that is looked at anyway has been looked at with it.
        """
        parts: list[Box] = []
        for one in objects:
            taken = self._taken.setdefault(one.track, [])
            if len(taken) >= MOST_LOOKS or (taken and captured_ns - taken[-1] < AGAIN_NS):
                continue
            if not any(holds(part, one.box) for part in parts) and not self._is_done(captured_ns, one.box):
                if len(parts) == MOST_PARTS:
                    continue
                parts.append(part_around(one.box, width, height))
            taken.append(captured_ns)
        self._forget(captured_ns)
        return parts

    def missing(self, captured_ns: int, asked: Iterable[Box]) -> list[Box]:
        """Those of the parts asked for that were not looked at in this very frame already."""
        first, last = np.searchsorted(self._done_ns, (captured_ns, captured_ns + 1))
        here = [part for _, part in self._done[first:last]]
        return [part for part in asked if not any(holds(done, part) for done in here)]

    def _is_done(self, captured_ns: int, box: Box) -> bool:
        """Whether it was looked at around this time already."""
        first, last = np.searchsorted(self._done_ns, (captured_ns - AGAIN_NS, captured_ns + AGAIN_NS))
        return any(holds(part, box) for _, part in self._done[first:last])

    def _forget(self, captured_ns: int) -> None:
        for track in [t for t, taken in self._taken.items() if taken and captured_ns - taken[-1] > FORGOTTEN_NS]:
            del self._taken[track]
