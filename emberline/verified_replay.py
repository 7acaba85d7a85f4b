"""`emberline replay LOG --verify`: which parts are refolded, and what is said of them."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from emberline.console import progress_bar
from emberline.errors import AnswerIsNo, Unusable
from emberline.versions import other_versions
from emberline.wiring import make_engine, read_log
from kernel.events import SessionStarted
from kernel.log.contract import EventLog
from kernel.outcome import outcome_of
from replay.parts import Part, parts_of, whole
from replay.sessions import Session, sessions_of
from replay.side_by_side import compare_parts, worthwhile
from replay.verification import Comparison, differences

FOLDING = "emberline.ready_to_fold"


class Scope(msgspec.Struct, frozen=True):
    """What is to be refolded: everything, the segments from the one that holds seq `start` on, or one segment.

    `segment` is the seq that the segment's name says.
    """

    start: int | None = None
    segment: int | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.segment is not None:
            raise Unusable("--from refolds to the end, --segment one segment; give one of them")

    @property
    def is_all(self) -> bool:
        return self.start is None and self.segment is None


def verify_replay(path: Path, scope: Scope, jobs: int | None) -> None:
    """Refold, compare and say what came of it. Raises `AnswerIsNo` where anything is different."""
    with read_log(path) as log:
        sessions = sessions_of(log)
        if not sessions:
            raise Unusable("the log holds no session yet; import a recording, or run the daemon")
        parts = _chosen(log, [part for session in sessions for part in _parts(log, session)], scope)
    with progress_bar("replaying") as tell:
        results = compare_parts(path, parts, make_engine, jobs or worthwhile(parts, _cores()), tell, FOLDING)
    bad = False
    with read_log(path) as log:
        for session in sessions:
            mine = [n for n, part in enumerate(parts) if part.session.number == session.number]
            if mine:
                bad |= not _report(log, path, [parts[n] for n in mine], [results[n] for n in mine])
    if bad:
        raise AnswerIsNo("replay: different")
    print("replay: identical")


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _parts(log: EventLog, session: Session) -> list[Part]:
    """A state is of use only to the software that kept it."""
    parts = parts_of(log, session)
    body = session.started.body
    assert isinstance(body, SessionStarted)
    other = other_versions(body.versions)
    if not other:
        return parts
    begins = "" if len(parts) == 1 else ": refolded from its start"
    print(f"session {session.number} was recorded with {other}{begins}", file=sys.stderr)
    return parts if len(parts) == 1 else [whole(session)]


def _chosen(log: EventLog, parts: list[Part], scope: Scope) -> list[Part]:
    if scope.is_all:
        return parts
    starts = log.segment_starts
    if scope.segment is not None:
        if scope.segment not in starts:
            names = ", ".join(f"{start:012d}" for start in starts[:20])
            raise Unusable(f"--segment {scope.segment}: the log has segments {names}{', …' * (len(starts) > 20)}")
        chosen = [part for part in parts if part.segment == scope.segment]
    else:
        segment = max((start for start in starts if start <= (scope.start or 0)), default=0)
        begin = max((part.segment for part in parts if part.segment <= segment), default=0)
        chosen = [part for part in parts if part.segment >= begin] if (scope.start or 0) <= log.head.seq else []
    if not chosen:
        raise Unusable("no part of a session begins there: no state is kept in the log from which to fold it alone")
    return chosen


def _report(log: EventLog, path: Path, parts: Sequence[Part], results: Sequence[Comparison]) -> bool:
    """Print the verdict on a session; whether it is the same."""
    session, result = parts[0].session, Comparison(parts[0].session.number)
    for one in results:
        result.add(one)
    for reason in result.expired:
        print(f"session {session.number}: a part was not refolded: {reason}", file=sys.stderr)
    if result.compared == 0:
        if result.expired:
            raise AnswerIsNo(f"session {session.number}: nothing of it can be refolded any more")
        raise AnswerIsNo(
            f"session {session.number}: no derived events are recorded, and silence proves nothing; "
            f"emberline replay {path} records them"
        )
    verdict = "identical" if result.identical else "different"
    print(f"session {session.number}{_extent(session, parts)}: {verdict}: {_figures(log, session, parts, result)}")
    for line in differences(result):
        print(f"  {line}")
    return result.identical


def _extent(session: Session, parts: Sequence[Part]) -> str:
    if len(parts) == 1 and parts[0].size == session.last_fact - session.first_fact + 1:
        return ""
    facts = f", facts {parts[0].first_fact} to {parts[-1].last_fact}" if not _complete(session, parts) else ""
    return f"{facts} in {len(parts)} part{'s' * (len(parts) != 1)}"


def _complete(session: Session, parts: Sequence[Part]) -> bool:
    return sum(part.size for part in parts) == session.last_fact - session.first_fact + 1


def _figures(log: EventLog, session: Session, parts: Sequence[Part], result: Comparison) -> str:
    words = f"{result.compared} derived events"
    if not (result.identical and _complete(session, parts)) or result.expired:
        return words
    return f"{words}, outcome {outcome_of(log.read(session.all()), session.origin).hexdigest()}"
