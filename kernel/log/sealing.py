"""Making a segment final: checkpoint, close, digest, ledger, read-only."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from kernel.events import SCHEMA_VERSION
from kernel.log.contract import LogError
from kernel.log.database import Database, first_line
from kernel.log.ledger import Lost, Sealed, append_lines, read_ledger
from kernel.log.segments import Segment, companions, file_sha256


def seal(database: Database, segment: Segment, lost: Sequence[Lost] = ()) -> Sealed | None:
    """Seal a segment, one just written or one that a crash left; returns its line in the ledger.

    Frames of units that were not committed with them are dropped. A segment in which no event was committed is
    removed, None. `lost` is what is known to be missing in it: it enters the ledger in the same step.

    Raises `LogError` where the disk does not allow it.
    """
    try:
        with database.lock:
            last = _last_row(database, segment)
            if last is None:
                remove(database, segment)
                return None
            last_fact = _last_fact(database, segment)
            _finish(database, segment.events)
            if segment.frames.exists() and _keep_frames_up_to(database, segment, last[0]):
                _finish(database, segment.frames)
            return _record(segment, last, last_fact, lost)
    except (duckdb.Error, OSError) as error:
        raise LogError(f"segment {segment.name} of {segment.directory} cannot be sealed: {first_line(error)}") from None


def _last_row(database: Database, segment: Segment) -> tuple[int, bytes] | None:
    """seq and digest of the last event."""
    if not segment.events.exists():
        return None
    database.attach_writable(segment.events)
    if "events" not in database.tables(segment.events):
        return None
    rows = database.rows(segment.events, "events", "SELECT seq, digest FROM {} ORDER BY seq DESC LIMIT 1")
    return (rows[0][0], rows[0][1]) if rows else None


def _last_fact(database: Database, segment: Segment) -> tuple[int, int]:
    """fact_no and time of the last fact up to the end of the segment, which may itself hold none."""
    sql = "SELECT fact_no, time FROM {} WHERE cause IS NULL ORDER BY seq DESC LIMIT 1"
    facts = database.rows(segment.events, "events", sql)
    if facts:
        return facts[0][0], facts[0][1]
    sealed = read_ledger(segment.directory).sealed
    return (sealed[-1].last_fact_no, sealed[-1].last_time) if sealed else (0, 0)


def _keep_frames_up_to(database: Database, segment: Segment, last_seq: int) -> bool:
    """Drop later frames; a file in which none were ever committed is removed, False."""
    alias = database.attach_writable(segment.frames)
    if "frames" in database.tables(segment.frames):
        database.execute(f"DELETE FROM {alias}.frames WHERE seq > ?", [last_seq])
        return True
    remove_file(database, segment.frames)
    return False


def _finish(database: Database, path: Path) -> None:
    database.execute(f"CHECKPOINT {database.attach_writable(path)}")
    database.detach(path)


def _record(segment: Segment, last: tuple[int, bytes], last_fact: tuple[int, int], lost: Sequence[Lost]) -> Sealed:
    frames = segment.frames.exists()
    line = Sealed(
        segment=segment.name,
        first_seq=segment.first_seq,
        last_seq=last[0],
        last_fact_no=last_fact[0],
        last_time=last_fact[1],
        last_digest=last[1].hex(),
        events_sha256=file_sha256(segment.events),
        frames_sha256=file_sha256(segment.frames) if frames else None,
        schema=SCHEMA_VERSION,
    )
    append_lines(segment.directory, [*lost, line])
    segment.events.chmod(0o444)
    if frames:
        segment.frames.chmod(0o444)
    return line


def checkpoint(database: Database, segment: Segment) -> None:
    """Have all of a segment in its database files, and let go of them. Raises `duckdb.Error`."""
    for path in (segment.events, segment.frames):
        if path.exists():
            _finish(database, path)


def remove(database: Database, segment: Segment) -> None:
    """Delete a segment's files; its line in the ledger, if there is one, is the caller's."""
    for path in (segment.events, segment.frames):
        remove_file(database, path)


def remove_file(database: Database, path: Path) -> None:
    """Delete a database file and what lies beside it."""
    database.detach(path)
    for file in [*companions(path), path]:
        file.unlink(missing_ok=True)
