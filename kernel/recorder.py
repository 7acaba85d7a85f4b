"""The Recorder: gives each fact its place, has the Engine fold it, and writes fact and conclusions as one unit."""

import numpy as np

from kernel.engine import Engine
from kernel.events import Body, Event
from kernel.log.contract import EventLog
from kernel.outcome import OutcomeDigest
from kernel.references import Draft, SeqForm


class Recorder:
    """Writes one session. Without an Engine only the facts are written, to be folded by a later replay."""

    def __init__(self, log: EventLog, engine: Engine | None) -> None:
        self._log = log
        self._engine = engine
        self._seq = log.head.seq
        self._fact_no = log.head.fact_no
        self._time = log.head.time
        self._origin: int | None = None
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
        Returns the unit in log order: timers that fired ahead of the fact, the fact, its derived events.
        """
        time = max(time, self._time)
        if self._origin is None:
            self._origin = time
        unit = [] if self._engine is None else self._numbered(self._engine.advance(time), self._fact_no)
        self._fact_no += 1
        self._seq += 1
        self._time = time
        fact = Event(self._seq, self._fact_no, time, source, type(body).__name__, None, body)
        self._form.note_fact(fact)
        unit.append(fact)
        if self._engine is not None:
            drafts = self._engine.decide(fact, self._engine.perceive(fact, pixels))
            unit += self._numbered(drafts, self._fact_no)
            self._form.forget_if_many(self._engine.references)
        self._log.append(unit, payload)
        return tuple(unit)

    def _numbered(self, drafts: list[Draft], fact_no: int) -> list[Event]:
        assert self._origin is not None or not drafts
        events: list[Event] = []
        for draft in drafts:
            self.outcome.add(draft)
            self._seq += 1
            events.append(self._form.event(draft, seq=self._seq, fact_no=fact_no, origin=self._origin or 0))
        return events
