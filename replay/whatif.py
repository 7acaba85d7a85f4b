"""What if other settings had been in force: the same facts folded anew, and the alarms compared."""

import msgspec

from detectors.recogniser.onlooker import Onlooker
from kernel.engine import Engine
from kernel.events import AlarmRaised, Event, FrameCaptured
from kernel.log.contract import EventLog, Selection
from kernel.recorder import Recorder
from replay.refold import Pixels, Progress
from replay.sessions import Session

SAME_ALARM_WITHIN_NS = 10_000_000_000
"""Alarms of one rule or detector that begin this close together in both outcomes are taken for the same."""


class AlarmChanges(msgspec.Struct):
    """Alarms of the record and of the what-if: in both (recorded, new), only in one."""

    kept: list[tuple[Event, Event]] = []
    lost: list[Event] = []
    gained: list[Event] = []

    @property
    def shifted(self) -> list[tuple[Event, Event]]:
        """Those in both that begin at another time."""
        return [(old, new) for old, new in self.kept if old.time != new.time]


def what_if(
    log: EventLog,
    session: Session,
    engine: Engine,
    into: EventLog,
    progress: Progress | None = None,
    onlooker: Onlooker | None = None,
) -> str:
    """Fold the session's facts with `engine` and write facts and outcome to the log `into`.

    The frames themselves stay in `log`. Gives the outcome digest. fact_nos agree with those of `log` where all its
    sessions are folded into the same empty log in order; so what an `onlooker` finds, because nobody had looked there
    yet, goes to the engine alone and is no fact of `into`.
    """
    recorder, pixels = Recorder(into, engine, keeps_state=False), Pixels(log, session)
    total = session.last_fact - session.first_fact + 1
    for done, fact in enumerate(log.read(session.facts()), 1):
        picture = pixels.of(fact)
        unit = recorder.admit(fact.time, fact.source, fact.body, None, picture)
        if onlooker is not None and isinstance(fact.body, FrameCaptured):
            job = onlooker.job(fact.source, fact.body, picture, (event.body for event in unit))
            for found in [] if job is None else job.done():
                engine.handle(msgspec.structs.replace(fact, kind=type(found).__name__, body=found))
        if progress is not None:
            progress(done, total)
    return recorder.outcome.hexdigest()


def compare_alarms(recorded: EventLog, changed: EventLog) -> AlarmChanges:
    """Match the alarms of two outcomes, each with the nearest of the same rule or detector that is not yet taken."""
    changes = AlarmChanges([], [], [])
    candidates = _alarms(changed)
    for old in _alarms(recorded):
        near = [new for new in candidates if _same_alarm(old, new)]
        if near:
            new = min(near, key=lambda n: (abs(n.time - old.time), n.seq))
            candidates.remove(new)
            changes.kept.append((old, new))
        else:
            changes.lost.append(old)
    changes.gained.extend(candidates)
    return changes


def _alarms(log: EventLog) -> list[Event]:
    return list(log.read(Selection(kinds=("AlarmRaised",))))


def _same_alarm(old: Event, new: Event) -> bool:
    assert isinstance(old.body, AlarmRaised) and isinstance(new.body, AlarmRaised)
    return old.body.raiser == new.body.raiser and abs(old.time - new.time) <= SAME_ALARM_WITHIN_NS
