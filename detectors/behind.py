"""Frames whose targets are not followed yet, because a model beside the fold has been asked to look at them.

A frame waits until the model has answered for every part that was asked for, or has answered for a later frame (it
passed this one over), or the channel's time is `wait_ns` further on. Once a frame has waited in vain nothing waits any
more until the model answers again. Frames are followed in their order. All of it is decided by the facts and their
order alone, so a replay does the same.
"""

import msgspec

from detectors.sight import Sighting
from kernel.boxes import holds
from kernel.events import Box, ObjectsRecognised

MOST_WAITING = 256
"""Frames; whatever their rate, more do not wait."""


class Waiting(msgspec.Struct):
    """A frame that waits: what it showed, the parts asked for, those answered for, and what was found in them."""

    sighting: Sighting
    asked: tuple[Box, ...]
    answers: list[ObjectsRecognised] = []


class BehindState(msgspec.Struct, frozen=True):
    """The frames that wait, the newest frame answered for, whether the model is waited for, and the channel's time."""

    waiting: list[Waiting]
    answered: int
    silent: bool
    now_ns: int


class Behind:
    """Of one channel."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._answered = -1
        self._silent = False
        self._now_ns = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the frames that wait."""
        return tuple(one.sighting.number for one in self._waiting)

    def add(self, sighting: Sighting, asked: tuple[Box, ...]) -> None:
        """Another frame; without parts to look at it waits only for those before it."""
        self._now_ns = sighting.captured_ns
        self._waiting.append(Waiting(sighting, asked))

    def answer(self, captured_ns: int, found: ObjectsRecognised) -> bool:
        """The model has looked at a part of a frame. Gives False where that frame does not wait (any more)."""
        self._silent = False
        for one in self._waiting:
            if one.sighting.captured_ns == captured_ns:
                one.answers.append(found)
                self._answered = max(self._answered, one.sighting.number)
                return True
        return False

    def next(self, wait_ns: int, at_once: bool) -> Waiting | None:
        """The first frame, if it need not wait any more."""
        if not self._waiting:
            return None
        first = self._waiting[0]
        if not (at_once or self._silent or first.sighting.number < self._answered or _is_answered(first)):
            in_vain = self._now_ns - first.sighting.captured_ns >= wait_ns or len(self._waiting) > MOST_WAITING
            if not in_vain:
                return None
            self._silent = True
        return self._waiting.pop(0)

    def drop(self) -> None:
        """The background is another one from here on: there is nothing to follow in what waits."""
        self._waiting.clear()

    def state(self) -> BehindState:
        return BehindState(self._waiting, self._answered, self._silent, self._now_ns)

    def restore(self, kept: BehindState) -> None:
        """Go on with what `state` gave."""
        self._waiting, self._answered = kept.waiting, kept.answered
        self._silent, self._now_ns = kept.silent, kept.now_ns


def _is_answered(one: Waiting) -> bool:
    return all(any(holds(answer.box, part) for answer in one.answers) for part in one.asked)
