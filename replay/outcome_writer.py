"""The first replay of imported facts: their outcome is appended to the log."""

import msgspec

from kernel.engine import Engine
from kernel.log.contract import EventLog
from kernel.outcome import OutcomeDigest
from replay.refold import Progress, refold
from replay.sessions import Session
from replay.verification import RecordedEvents, same_event


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
    for events in refold(log, session, engine, recorded.next_seq, outcome, progress):
        known = recorded.taken()
        for event, record in zip(events, known, strict=False):
            if not same_event(record, event):
                raise OutcomeConflict(f"seq {record.seq} is recorded differently; replay --verify says how")
        if len(known) < len(events):
            log.append(events[len(known) :])
    log.sync()
    return outcome
