"""Replay held against the record: does the fold still give every event, field by field?"""

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest

import msgspec

from kernel.engine import Engine
from kernel.events import Event, StateKept
from kernel.log.contract import EventLog
from kernel.outcome import OutcomeDigest
from replay.parts import Part, whole
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
    expired: list[str] = msgspec.field(default_factory=list[str])
    """Why parts of it could not be refolded: what they need is not in the log any more."""

    @property
    def identical(self) -> bool:
        return self.compared > 0 and not self.different and not self.missing and not self.extra

    def add(self, later: "Comparison") -> None:
        """Take in the comparison of the parts that follow."""
        self.compared += later.compared
        self.different += later.different
        self.missing += later.missing
        self.extra += later.extra
        self.expired += later.expired
        if self.first_difference is None:
            self.first_difference = later.first_difference

    def note(self, seq: int, words: str) -> None:
        if self.first_difference is None:
            self.first_difference = (seq, words)


class RecordedEvents:
    """What is recorded as concluded in a session or part, handed out one by one beside the refold."""

    def __init__(self, log: EventLog, of: Session | Part) -> None:
        self.last_kept_fact = 0
        """Of the states kept among the events that were handed out, or come next: the fact of the last one."""
        self._events = iter(log.read(of.derived()))
        self._ahead: list[Event] = []
        self._beyond = log.head.seq
        self._next = self._conclusion()

    @property
    def at_end(self) -> bool:
        """Whether everything was handed out."""
        return self._next is None

    def next_seq(self) -> int:
        """The seq of the next recorded event; beyond the record, seqs that the log does not have."""
        event, self._next = self._next, self._conclusion()
        if event is None:
            self._beyond += 1
            return self._beyond
        self._ahead.append(event)
        return event.seq

    def pass_over(self, seq: int) -> None:
        """Something else was appended under this seq, which is the last of the log."""
        self._beyond = seq

    def _conclusion(self) -> Event | None:
        for event in self._events:
            if not isinstance(event.body, StateKept):
                return event
            self.last_kept_fact = event.fact_no
        return None

    def taken(self) -> list[Event]:
        """The recorded events whose seqs were handed out since the last call."""
        taken, self._ahead = self._ahead, []
        return taken

    def rest(self) -> int:
        """How many recorded events were never asked for."""
        rest = 0
        while self._next is not None:
            rest, self._next = rest + 1, self._conclusion()
        return rest


def compare(log: EventLog, of: Session | Part, engine: Engine, progress: Progress | None = None) -> Comparison:
    """Refold a session or part with a new engine and compare with its recorded derived events.

    A part has to end in the state that the next one begins with.
    """
    part = of if isinstance(of, Part) else whole(of)
    result, outcome = Comparison(part.session.number), OutcomeDigest()
    recorded = RecordedEvents(log, part)
    for events in refold(log, part, engine, recorded.next_seq, outcome, progress):
        for event, record in zip_longest(events, recorded.taken()):
            _compare_event(result, record, event)
    _compare_end(result, part, engine)
    result.missing = recorded.rest()
    if result.missing:
        result.note(log.head.seq, f"{result.missing} recorded events come out of no fact any more")
    result.outcome = outcome.hexdigest()
    return result


def same_event(record: Event, refolded: Event) -> bool:
    """Whether the two agree in all that the fold decides."""
    return all(getattr(record, field) == getattr(refolded, field) for field in FIELDS)


def _compare_end(result: Comparison, part: Part, engine: Engine) -> None:
    if part.following is None:
        return
    assert isinstance(part.following.body, StateKept)
    result.compared += 1
    recorded, refolded = part.following.body.sha256, engine.state().sha256
    if recorded != refolded:
        result.different[("StateKept", "sha256")] += 1
        result.note(part.following.seq, f"state: recorded {recorded}, refolded {refolded}")


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
