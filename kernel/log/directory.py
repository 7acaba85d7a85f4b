"""The log directory: made, recognised, and what it holds at the moment of opening."""

from pathlib import Path

from kernel.log.contract import LogError, LogLocked, LogUnreadable
from kernel.log.database import Database
from kernel.log.ledger import Ledger
from kernel.log.ledger_file import LEDGER_NAME
from kernel.log.lock import LOCK_NAME, has_writer, locked
from kernel.log.reading import Span
from kernel.log.segments import Segment, day_files_in, is_unborn, segments_in

SEAL_NAMES = ("seal.", "seal-")
"""How the names of the keys begin that the log is sealed with."""


class StrangeSegment(LogUnreadable):
    """There are files of a segment that follows no event of the log."""

    def __init__(self, segment: Segment) -> None:
        super().__init__(f"segment {segment.name} in {segment.directory} does not belong to this log")
        self.segment = segment


def prepare_for_writing(directory: Path) -> None:
    """Make the directory, private to the user, or see that it is a log. Raises `LogError` where neither can be."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        entries = {path.name for path in directory.iterdir()}
    except FileExistsError:
        raise LogError(f"{directory} is a file; a log is a directory") from None
    except OSError as error:
        raise LogError(f"{directory} cannot be used as a log: {error.strerror}") from None
    strangers = [name for name in entries if name != LOCK_NAME and not name.startswith(SEAL_NAMES)]
    if LEDGER_NAME not in entries and strangers and not segments_in(directory) and not day_files_in(directory):
        raise LogError(f"{directory} is not empty and not an Emberline log; name a new directory")


def check_is_log(directory: Path) -> None:
    """Raise `LogUnreadable` where there is no log to read."""
    if not directory.exists():
        raise LogUnreadable(f"there is no log at {directory}")
    if not directory.is_dir():
        raise LogUnreadable(f"{directory} is a file; a log is a directory")
    if not (directory / LEDGER_NAME).exists():
        raise LogUnreadable(f"{directory} is not an Emberline log: it has no {LEDGER_NAME}")


def unsealed_segments(directory: Path, ledger: Ledger) -> list[Segment]:
    """The segments that a crash left, in order: those the sealer had not come to, and the one that was written.

    Raises `LogUnreadable` where there are files that the ledger does not explain.
    """
    known = {line.first_seq for line in ledger.sealed}
    following = ledger.sealed[-1].last_seq + 1 if ledger.sealed else 1
    extra = [segment for segment in segments_in(directory) if segment.first_seq not in known]
    if extra and extra[0].first_seq != following:
        raise StrangeSegment(extra[0])
    return extra


def sealed_spans(directory: Path, ledger: Ledger) -> list[Span]:
    """The segments in the ledger that have to be there. Raises `LogUnreadable` where one is missing."""
    spans = [
        Span(ledger.segment(directory, line), line.first_seq, line.last_seq, ledger.is_framed(line))
        for line in ledger.sealed
        if ledger.has_events(line)
    ]
    for path in dict.fromkeys(span.segment.events for span in spans):
        if not path.exists():
            raise LogUnreadable(f"{path} is missing")
    return spans


def unsealed_spans(database: Database, directory: Path, ledger: Ledger) -> list[Span]:
    """What a crash left that can be read. Raises `LogLocked` where it is being written, `LogUnreadable` where a
    segment does not follow the one before."""
    left = unsealed_segments(directory, ledger)
    if left and has_writer(directory):
        raise locked(directory)
    spans: list[Span] = []
    for number, segment in enumerate(left):
        if number and (not spans or segment.first_seq != spans[-1].last_seq + 1):
            raise StrangeSegment(segment)
        last_seq = _last_seq(database, segment)
        if last_seq is not None:
            spans.append(Span(segment, segment.first_seq, last_seq))
    return spans


def _last_seq(database: Database, segment: Segment) -> int | None:
    """Of the events that an unsealed segment holds; None where it holds none."""
    if not segment.events.exists() or is_unborn(segment.events):
        return None
    try:
        database.attach(segment.events)
    except LogLocked:
        raise locked(segment.directory) from None
    if "events" not in database.tables(segment.events):
        return None
    return database.rows(segment.events, "events", "SELECT max(seq) FROM {}")[0][0]
