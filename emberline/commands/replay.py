"""`emberline replay LOG`"""

from pathlib import Path
from typing import Annotated

import typer

from emberline.alarm_list import alarms_of
from emberline.changed_site import changed_site
from emberline.changes_table import PICTURES, changes_pictures, changes_table
from emberline.civil import Calendar
from emberline.console import progress_bar
from emberline.errors import Unusable
from emberline.sites import load_site
from emberline.verified_replay import Scope, verify_replay
from emberline.whatif_models import whatif_onlooker
from emberline.wiring import make_engine, read_log, whatif_log, write_log
from kernel.events import AlarmRaised, Event
from kernel.log.contract import EventLog
from kernel.outcome import outcome_of
from replay.outcome_writer import append_outcome, has_outcome
from replay.sessions import Session, sessions_of
from replay.whatif import AlarmChanges, compare_alarms, what_if


def replay(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    verify: Annotated[bool, typer.Option("--verify", help="Refold and compare with what is recorded.")] = False,
    site: Annotated[Path | None, typer.Option(help="What if this site file had been set.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="What if PATH=VALUE had been set; may be given several times.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--out", help="Where a what-if is written, as a log.")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=256, help="With --verify: how many processes; as many as cores by default.")
    ] = None,
    start: Annotated[
        int | None, typer.Option("--from", min=1, help="With --verify: from the segment that holds this seq on.")
    ] = None,
    segment: Annotated[
        int | None, typer.Option(min=1, help="With --verify: only the segment of this name, its first seq.")
    ] = None,
) -> None:
    """Fold the recorded facts: their outcome is appended the first time, verified, or compared with other settings."""
    if verify and (site or settings or output):
        raise Unusable("--verify compares with what is recorded; it takes no --site, --set or --out")
    if verify:
        verify_replay(log, Scope(start, segment), jobs)
    elif jobs or start or segment:
        raise Unusable("--jobs, --from and --segment belong to --verify")
    elif site or settings:
        _what_if(log, site, settings or [], output)
    elif output:
        raise Unusable("--out is for a what-if; give --site or --set too")
    else:
        _append(log)


def _append(path: Path) -> None:
    with read_log(path) as log:
        waiting = [s.number for s in _sessions(log) if not has_outcome(log, s)]
    if not waiting:
        with read_log(path) as log:
            for session in _sessions(log):
                print(f"session {session.number}: recorded already, outcome {_recorded_outcome(log, session)}")
        print("next: emberline replay --verify, or --set PATH=VALUE for a what-if")
        return
    with write_log(path) as log, progress_bar("replaying") as tell:
        for session in _sessions(log):
            if session.number in waiting:
                outcome = append_outcome(log, session, make_engine(), tell)
                print(f"session {session.number}: {outcome.events} derived events, outcome {outcome.hexdigest()}")
    with read_log(path) as log:
        count = sum(1 for _ in alarms_of(log))
    print(f"{count} alarm{'s' * (count != 1)} in {path}")


def _recorded_outcome(log: EventLog, session: Session) -> str:
    return outcome_of(log.read(session.all()), session.origin).hexdigest()


def _what_if(path: Path, site: Path | None, settings: list[str], output: Path | None) -> None:
    if output is not None and output.exists() and any(output.iterdir()):
        raise Unusable(f"--out {output}: is not empty; a what-if gets a directory of its own")
    read_site = changed_site(None if site is None else load_site(site).document, settings)
    with read_log(path) as log, whatif_log(output) as changed, progress_bar("replaying") as tell:
        for session in _sessions(log):
            onlooker = whatif_onlooker(log, session, read_site, Path() if site is None else site.parent)
            digest = what_if(log, session, make_engine(read_site), changed, tell, onlooker)
            print(f"session {session.number}: outcome {digest}")
        changed.sync()
        changes = compare_alarms(log, changed)
        unrecorded = not any(has_outcome(log, s) for s in _sessions(log))
        _show_changes(changes, Calendar(log), unrecorded)
        print(*changes_table(log, changes), sep="\n")
        if output is not None:
            count = changes_pictures(log, changed, changes, output / PICTURES)
            print(f"written to {output}, with {count} picture{'s' * (count != 1)}")


def _show_changes(changes: AlarmChanges, calendar: Calendar, unrecorded: bool) -> None:
    if unrecorded:
        print("nothing to compare with: the recorded facts have no outcome yet")
    for word, events in (("gained", changes.gained), ("lost", changes.lost)):
        for event in events:
            print(f"{word}   {_alarm_words(event, calendar)}")
    for old, new in changes.shifted:
        print(f"shifted {_alarm_words(old, calendar)} → {calendar.show(new)}")
    counts = f"{len(changes.gained)} gained, {len(changes.lost)} lost, {len(changes.shifted)} shifted"
    print(f"alarms: {counts}, {len(changes.kept)} in both")


def _alarm_words(event: Event, calendar: Calendar) -> str:
    body = event.body
    assert isinstance(body, AlarmRaised)
    return f"{calendar.show(event)}  {body.raiser}  {body.target}"


def _sessions(log: EventLog) -> list[Session]:
    sessions = sessions_of(log)
    if not sessions:
        raise Unusable("the log holds no session yet; import a recording, or run the daemon")
    return sessions
