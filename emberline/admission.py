"""Where facts are made: each gets its time, is recorded and folded, and what follows from it follows."""

import time
from collections.abc import Callable, Iterable, Sequence

from devices.wire import Pace
from kernel import events as e
from kernel.engine import Engine
from kernel.log.contract import EventLog
from kernel.recorder import NewFrame, Recorder

Follow = Callable[[Sequence[e.Event]], None]


class Admission:
    """The facts of one session. At speed `realtime` logical time follows the monotonic clock, at `max` the frames.

    `follow` is called with each unit (a fact and its conclusions) as soon as it is recorded.
    """

    def __init__(self, log: EventLog, engine: Engine, speed: Pace) -> None:
        self.log = log
        self.speed: Pace = speed
        self.recorder = Recorder(log, engine)
        self.follow: list[Follow] = []
        self.origin = 0
        """Logical time at which the session began."""
        self._began_ns = 0

    def begin(self, civil_ns: int | None) -> None:
        """The session begins now, at this civil time, or where the log ends if that is later."""
        self.origin = max(self.log.head.time, civil_ns or 0)
        self._began_ns = time.monotonic_ns()

    @property
    def now(self) -> int:
        """Logical time now, in ns."""
        if self.speed == "max":
            return max(self.origin, self.recorder.time)
        return self.origin + time.monotonic_ns() - self._began_ns

    def fact(self, source: str, body: e.Body, time_ns: int | None = None) -> None:
        """Admit a fact, now or at another time."""
        self._follow(self.recorder.admit(self.now if time_ns is None else time_ns, source, body))

    def facts(self, facts: Iterable[tuple[str, e.Body]]) -> None:
        """Admit facts, now."""
        for source, body in facts:
            self.fact(source, body)

    def frames(self, frames: Sequence[NewFrame], after: Callable[[NewFrame, tuple[e.Event, ...]], None]) -> None:
        """Admit frames of different channels in this order; `after` is called with each and its unit."""
        for frame, unit in zip(frames, self.recorder.admit_frames(frames), strict=True):
            self._follow(unit)
            after(frame, unit)

    def _follow(self, unit: Sequence[e.Event]) -> None:
        for follow in self.follow:
            follow(unit)
