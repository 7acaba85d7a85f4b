"""Recorded sessions together with what is known of them: what scoring and tuning work on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kernel.events import ConfigChanged
from kernel.log.contract import EventLog
from kernel.references import Draft, SessionForm
from kernel.site.model import Site
from kernel.site.reader import Variants
from replay.labels import Truth, read_truth, reviews_of
from replay.labels.from_reviews import truth_from_reviews
from replay.labels.session_times import SessionTimes
from replay.labels.truth_file import SessionName
from replay.scoring.armed import Stretch, armed_stretches
from replay.sessions import Session, sessions_of
from replay.sweep.result import SweptAlarm, alarms_in


class KnownSession(msgspec.Struct, frozen=True, eq=False):
    """A session of a log: its recorded alarms, what really happened, and when which channel was armed."""

    name: SessionName
    path: Path
    session: Session
    truth: Truth
    armed: Mapping[str, Sequence[Stretch]]
    alarms: tuple[SweptAlarm, ...]
    document: str

    @property
    def title(self) -> str:
        return f"{self.name[0]}#{self.name[1]}"


def known_sessions(logs: Mapping[Path, EventLog], truth: Path | None, site: str | None = None) -> list[KnownSession]:
    """All sessions of the logs, with what the truth file says of them, or else the reviews in the logs.

    Raises `TruthError` where the file cannot be used.
    """
    found = [(path, log, session) for path, log in logs.items() for session in sessions_of(log)]
    times = {
        (path.resolve().name, s.number): SessionTimes(log, s, f"{path.resolve().name}#{s.number}")
        for path, log, s in found
    }
    documents = [_document(log, session, site) for _, log, session in found]
    rules = frozenset(rule.id for document in set(documents) for rule in Variants(document).site(()).rules)
    said = None if truth is None else read_truth(truth, times, rules)
    known: list[KnownSession] = []
    for (path, log, session), document in zip(found, documents, strict=True):
        name = (path.resolve().name, session.number)
        alarms, end_ns = recorded_alarms(log, session), times[name].end_ns
        of = said[name] if said is not None else truth_from_reviews(reviews_of(log), session, alarms, end_ns)
        armed = armed_stretches(log, session, end_ns, site)
        known.append(KnownSession(name, path, session, of, armed, alarms, document))
    return known


def recorded_alarms(log: EventLog, session: Session) -> tuple[SweptAlarm, ...]:
    """The alarms that the log has of a session."""
    form, drafts = SessionForm(session.origin), list[Draft]()
    for event in log.read(session.all()):
        if event.is_fact:
            form.note_fact(event)
        else:
            drafts.append(form.draft(event))
    return alarms_in(drafts)


def durations_of(site: Site) -> dict[str, int]:
    """How long each rule waits before it alarms, in ns."""
    return {rule.id: rule.duration_ns if rule.type == "intrusion" else 0 for rule in site.rules}


def _document(log: EventLog, session: Session, site: str | None) -> str:
    """The settings that were last in force in the session."""
    bodies = [fact.body for fact in log.read(session.facts("ConfigChanged"))]
    documents = [body.document for body in bodies if isinstance(body, ConfigChanged)]
    return site if site is not None else documents[-1]
