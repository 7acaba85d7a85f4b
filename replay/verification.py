"""Replay held against the record: does the fold still give every event, field by field?"""

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest

import msgspec

from kernel.engine import Engine
from kernel.events import Event
from kernel.log.contract import EventLog
from kernel.outcome import OutcomeDigest
from replay.refold import Progress, refold
from replay.sessions import Session

FIELDS = ("fact_no", "time", "source", "kind", "cause", "body")


class Comparison(msgspec.Struct):
    """How a refold of a session compares to its record.

    `different` counts (kind, field), `first_difference` is the lowest seq concerned with what is recorded and what
    was refolded, `missing` and `extra` count events only in the record or only in the refold.
    """

    session: int
    compared: int = 0
    different: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    first_difference: tuple[int, str] | None = None
    missing: int = 0
    extra: int = 0
    outcome: str = ""

    @property
    def identical(self) -> bool:
        return self.compared > 0 and not self.different and not self.missing and not self.extra

    def note(self, seq: int, words: str) -> None:
        if self.first_difference is None:
            self.first_difference = (seq, words)


class RecordedEvents:
    """The recorded derived events of a session, handed out one by one beside the refold."""

    def __init__(self, log: EventLog, session: Session) -> None:
        self._events = iter(log.read(session.derived()))
        self._ahead: list[Event] = []
        self._beyond = log.head.seq

    def next_seq(self) -> int:
        """The seq of the next recorded event; beyond the record, seqs that the log does not have."""
        event = next(self._events, None)
        if event is None:
            self._beyond += 1
            return self._beyond
        self._ahead.append(event)
        return event.seq

    def taken(self) -> list[Event]:
        """The recorded events whose seqs were handed out since the last call."""
        taken, self._ahead = self._ahead, []
        return taken

    def rest(self) -> int:
        """How many recorded events were never asked for."""
        return sum(1 for _ in self._events)


def compare(log: EventLog, session: Session, engine: Engine, progress: Progress | None = None) -> Comparison:
    """Refold the session and compare with its recorded derived events."""
    result, outcome = Comparison(session.number), OutcomeDigest()
    recorded = RecordedEvents(log, session)
    for events in refold(log, session, engine, recorded.next_seq, outcome, progress):
        for event, record in zip_longest(events, recorded.taken()):
            _compare_event(result, record, event)
    result.missing = recorded.rest()
    if result.missing:
        result.note(log.head.seq, f"{result.missing} recorded events come out of no fact any more")
    result.outcome = outcome.hexdigest()
    return result


def same_event(record: Event, refolded: Event) -> bool:
    """Whether the two agree in all that the fold decides."""
    return all(getattr(record, field) == getattr(refolded, field) for field in FIELDS)


def _compare_event(result: Comparison, record: Event | None, refolded: Event) -> None:
    if record is None:
        result.extra += 1
        result.note(refolded.seq, f"refolded {refolded.kind} from {refolded.source} is not recorded")
        return
    result.compared += 1
    for field in FIELDS:
        old, new = getattr(record, field), getattr(refolded, field)
        if old != new:
            result.different[(record.kind, field)] += 1
            result.note(record.seq, f"{field}: recorded {old!r}, refolded {new!r}")


def differences(result: Comparison) -> Iterator[str]:
    """The comparison's findings in words, the first difference first."""
    if result.first_difference is not None:
        yield f"first difference at seq {result.first_difference[0]}: {result.first_difference[1]}"
    for (kind, field), count in sorted(result.different.items()):
        yield f"{count} × {kind}.{field}"
    if result.extra:
        yield f"{result.extra} refolded events are not recorded"
    if result.missing:
        yield f"{result.missing} recorded events were not refolded"
