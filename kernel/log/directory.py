"""The log directory: made, recognised, and what it holds at the moment of opening."""

from pathlib import Path

from kernel.log.contract import LogError, LogLocked, LogUnreadable
from kernel.log.database import Database
from kernel.log.ledger import LEDGER_NAME, Ledger
from kernel.log.lock import LOCK_NAME, has_writer, locked
from kernel.log.reading import Span
from kernel.log.segments import Segment, is_unborn, segments_in


def prepare_for_writing(directory: Path) -> None:
    """Make the directory, private to the user, or see that it is a log. Raises `LogError` where neither can be."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        entries = {path.name for path in directory.iterdir()}
    except FileExistsError:
        raise LogError(f"{directory} is a file; a log is a directory") from None
    except OSError as error:
        raise LogError(f"{directory} cannot be used as a log: {error.strerror}") from None
    if LEDGER_NAME not in entries and entries - {LOCK_NAME} and not segments_in(directory):
        raise LogError(f"{directory} is not empty and not an Emberline log; name a new directory")


def check_is_log(directory: Path) -> None:
    """Raise `LogUnreadable` where there is no log to read."""
    if not directory.exists():
        raise LogUnreadable(f"there is no log at {directory}")
    if not directory.is_dir():
        raise LogUnreadable(f"{directory} is a file; a log is a directory")
    if not (directory / LEDGER_NAME).exists():
        raise LogUnreadable(f"{directory} is not an Emberline log: it has no {LEDGER_NAME}")


def unsealed_segment(directory: Path, ledger: Ledger) -> Segment | None:
    """The segment that a crash left. Raises `LogUnreadable` where there are files that the ledger does not explain."""
    known = {line.first_seq for line in ledger.sealed}
    following = ledger.sealed[-1].last_seq + 1 if ledger.sealed else 1
    extra = [segment for segment in segments_in(directory) if segment.first_seq not in known]
    for segment in extra:
        if segment.first_seq != following:
            raise LogUnreadable(f"segment {segment.name} in {directory} does not belong to this log")
    return extra[0] if extra else None


def sealed_spans(directory: Path, ledger: Ledger) -> list[Span]:
    """The segments in the ledger but the lost ones. Raises `LogUnreadable` where one is missing otherwise."""
    spans = [
        Span(Segment(directory, line.first_seq), line.first_seq, line.last_seq, ledger.is_framed(line))
        for line in ledger.sealed
        if line.first_seq not in ledger.gaps
    ]
    for span in spans:
        if not span.segment.events.exists():
            raise LogUnreadable(f"{span.segment.events} is missing")
    return spans


def unsealed_spans(database: Database, directory: Path, ledger: Ledger) -> list[Span]:
    """What a crash left that can be read: no span or one. Raises `LogLocked` where it is being written."""
    left = unsealed_segment(directory, ledger)
    if left is None:
        return []
    if has_writer(directory):
        raise locked(directory)
    if left.events.exists() and not is_unborn(left.events):
        try:
            database.attach(left.events)
        except LogLocked:
            raise locked(directory) from None
        if "events" in database.tables(left.events):
            rows = database.rows(left.events, "events", "SELECT max(seq) FROM {}")
            if rows[0][0] is not None:
                return [Span(left, left.first_seq, rows[0][0])]
    return []
