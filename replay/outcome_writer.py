"""The first replay of imported facts: their outcome is appended to the log."""

from bisect import bisect_right

import msgspec

from kernel.engine import Engine
from kernel.events import Event
from kernel.kept import KeptState, pack
from kernel.log.contract import EventLog
from kernel.outcome import OutcomeDigest
from kernel.references import SeqForm
from replay.refold import Progress, refold
from replay.sessions import Session
from replay.verification import RecordedEvents, same_event


class _Keeper:
    """Keeps the fold's state wherever the facts come to another segment, so that each refolds alone later."""

    def __init__(self, log: EventLog, engine: Engine, recorded: RecordedEvents) -> None:
        self._log = log
        self._engine = engine
        self._recorded = recorded
        self._starts = log.segment_starts
        self._before: Event | None = None

    def ahead_of(self, fact: Event, form: SeqForm) -> None:
        before, self._before = self._before, fact
        if before is None or self._segment(before) == self._segment(fact) or not self._recorded.at_end:
            return
        if self._recorded.last_kept_fact >= before.fact_no:
            return
        body, payload = pack(KeptState(self._engine.state(), form.state(self._engine.references())))
        seq = self._log.head.seq + 1
        event = Event(seq, before.fact_no, before.time, "log", "StateKept", before.seq, body)
        self._log.append([event], payload)
        self._recorded.pass_over(seq)

    def _segment(self, fact: Event) -> int:
        return bisect_right(self._starts, fact.seq)


class OutcomeConflict(Exception):
    """What is recorded of an unfinished outcome is not what the fold gives now."""


def has_outcome(log: EventLog, session: Session) -> bool:
    """Whether the session's outcome is recorded to its end; a run's always is, being written as it happens."""
    if session.mode == "run":
        return True
    last = msgspec.structs.replace(session.derived(), first_fact=session.last_fact, kinds=("StateDigested",))
    return any(event.source == "session" for event in log.read(last))


def append_outcome(log: EventLog, session: Session, engine: Engine, progress: Progress | None = None) -> OutcomeDigest:
    """Fold the session and append what it brings about; goes on where an interrupted replay stopped.

    Raises `OutcomeConflict` where the part already recorded differs from what the fold gives.
    """
    recorded, outcome = RecordedEvents(log, session), OutcomeDigest()
    keeper = _Keeper(log, engine, recorded)
    for events in refold(log, session, engine, recorded.next_seq, outcome, progress, keeper.ahead_of):
        known = recorded.taken()
        for event, record in zip(events, known, strict=False):
            if not same_event(record, event):
                raise OutcomeConflict(f"seq {record.seq} is recorded differently; replay --verify says how")
        if len(known) < len(events):
            log.append(events[len(known) :])
    log.sync()
    return outcome
