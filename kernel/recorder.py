"""The Recorder: gives each fact its place, has the Engine fold it, and writes fact and conclusions as one unit."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec
import numpy as np

from kernel.detector import Percept
from kernel.engine import Engine
from kernel.events import (
    Body,
    ClockSet,
    CommandReceived,
    ConfigChanged,
    DeviceOffline,
    Event,
    FrameCaptured,
    SessionEnded,
    SessionStarted,
)
from kernel.kept import KeptState, pack
from kernel.log.contract import EventLog
from kernel.outcome import OutcomeDigest
from kernel.payloads.afresh import FreshStart
from kernel.references import Draft, SeqForm

BARRIERS = (SessionStarted, SessionEnded, ConfigChanged, ClockSet, CommandReceived, DeviceOffline)
"""Facts by which detectors or the clock may change, whatever their source."""
Perceived = Percept | Exception | None


class NewFrame(msgspec.Struct, frozen=True, eq=False):
    """A frame to be admitted, with the arguments of `Recorder.admit`."""

    time: int
    source: str
    body: FrameCaptured
    payload: bytes
    pixels: np.ndarray


class Recorder:
    """Writes one session. Without an Engine only the facts are written, to be folded by a later replay.

    With `keeps_state` each segment after the session's first begins with the fold's state, so that it refolds alone:
    not where the frames, which that takes, are stored elsewhere.
    """

    def __init__(self, log: EventLog, engine: Engine | None, keeps_state: bool = True) -> None:
        self._log = log
        self._engine = engine
        self._seq = log.head.seq
        self._fact_no = log.head.fact_no
        self._time = log.head.time
        self._origin: int | None = None
        self._last_fact = 0
        self._keeps_state = keeps_state
        self._starts: dict[str, FreshStart] = {}
        self._threads = ThreadPoolExecutor(thread_name_prefix="perception")
        self._ahead: dict[str, tuple[int, Future[Perceived]]] = {}
        self._form = SeqForm()
        self.outcome = OutcomeDigest()

    @property
    def time(self) -> int:
        """Logical time of the last fact."""
        return self._time

    def next_due(self) -> int | None:
        """The logical time at which a timer is due; a `Ticked` fact then lets it fire."""
        return None if self._engine is None else self._engine.next_due()

    def admit(
        self, time: int, source: str, body: Body, payload: bytes | None = None, pixels: np.ndarray | None = None
    ) -> tuple[Event, ...]:
        """Record a fact at logical time `time` (never before the last one) and all that follows from it.

        `payload` is stored beside a FrameCaptured, `pixels` are what it decodes to, None where it is damaged.
        Returns the unit as the log chained it: timers that fired ahead of the fact, the fact, its derived events.
        """
        self._check_order(source, body)
        time = max(time, self._time)
        if self._origin is None:
            self._origin = time
        elif self._log.segment_is_due:
            self._begin_segment()
        if isinstance(body, FrameCaptured) and payload is not None:
            body, payload = self._starts.setdefault(source, FreshStart()).of(body, payload, pixels)
        unit = [] if self._engine is None else self._numbered(self._engine.advance(time), self._fact_no)
        self._fact_no += 1
        self._seq += 1
        self._time = time
        self._last_fact = self._seq
        fact = Event(self._seq, self._fact_no, time, source, type(body).__name__, None, body)
        self._form.note_fact(fact)
        unit.append(fact)
        if self._engine is not None:
            drafts = self._engine.decide(fact, self._perceive(self._engine, fact, pixels))
            unit += self._numbered(drafts, self._fact_no)
            self._form.forget_if_many(self._engine.references)
        return self._log.append(unit, payload)

    def admit_frames(self, frames: Sequence[NewFrame]) -> Iterator[tuple[Event, ...]]:
        """Record frames of different channels, in their order, perceived at the same time in threads.

        Gives each frame's unit before the next one is decided; the same units as admitting one after the other gives.
        Between them only facts may be admitted that are not later than the next frame and change no other channel's
        detectors.
        """
        times = self._times(frames)
        if len(frames) > 1 and not self._log.segment_may_end(sum(len(f.payload) for f in frames), times[-1]):
            self._look_ahead(frames, times)
        for frame, time in zip(frames, times, strict=True):
            yield self.admit(time, frame.source, frame.body, frame.payload, frame.pixels)

    def _times(self, frames: Sequence[NewFrame]) -> list[int]:
        """The times at which the frames will be admitted: none before the one ahead of it."""
        times: list[int] = []
        for frame in frames:
            times.append(max(frame.time, times[-1] if times else self._time))
        return times

    def _look_ahead(self, frames: Sequence[NewFrame], times: Sequence[int]) -> None:
        if self._engine is None:
            return
        for frame, time in zip(frames, times, strict=True):
            if frame.source in self._ahead:
                raise ValueError(f"two frames of {frame.source} cannot be perceived at the same time")
            perceived = self._threads.submit(self._engine.perceive, frame.source, time, frame.body, frame.pixels)
            self._ahead[frame.source] = (time, perceived)

    def _check_order(self, source: str, body: Body) -> None:
        """Raises `ValueError` for a fact that a channel perceived ahead of it would have had to know of."""
        if self._ahead and (isinstance(body, BARRIERS) or (source in self._ahead) != isinstance(body, FrameCaptured)):
            raise ValueError(f"a {type(body).__name__} of {source} among frames that are perceived at the same time")

    def _perceive(self, engine: Engine, fact: Event, pixels: np.ndarray | None) -> Perceived:
        if fact.source not in self._ahead or not isinstance(fact.body, FrameCaptured):
            return engine.perceive(fact.source, fact.time, fact.body, pixels)
        time, perceived = self._ahead.pop(fact.source)
        if time != fact.time:
            raise ValueError(f"a frame of {fact.source} was perceived at {time} and is admitted at {fact.time}")
        return perceived.result()

    def _begin_segment(self) -> None:
        """Have the segment that the log is about to begin stand by itself.

        While frames are perceived ahead there is no state between two facts to keep; the segment then refolds with
        the one before it.
        """
        for start in self._starts.values():
            start.begin()
        if self._engine is None or not self._keeps_state or self._ahead:
            return
        state = KeptState(self._engine.state(), self._form.state(self._engine.references()))
        body, payload = pack(state)
        self._seq += 1
        kept = Event(self._seq, self._fact_no, self._time, "log", "StateKept", self._last_fact, body)
        self._log.append([kept], payload)

    def _numbered(self, drafts: list[Draft], fact_no: int) -> list[Event]:
        assert self._origin is not None or not drafts
        events: list[Event] = []
        for draft in drafts:
            self.outcome.add(draft)
            self._seq += 1
            events.append(self._form.event(draft, seq=self._seq, fact_no=fact_no, origin=self._origin or 0))
        return events
