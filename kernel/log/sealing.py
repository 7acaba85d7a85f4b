"""Making a segment final: checkpoint, close, digest, read-only, signature, ledger."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from kernel.events import SCHEMA_VERSION
from kernel.log.contract import Head, LogError
from kernel.log.database import Database, first_line
from kernel.log.ledger_file import append_lines, read_ledger
from kernel.log.ledger_lines import Lost, Sealed
from kernel.log.segments import Segment, companions, file_sha256, files_of
from kernel.log.signing import SealKey


def seal(database: Database, segment: Segment, lost: Sequence[Lost] = (), key: SealKey | None = None) -> Sealed | None:
    """Seal a segment, one just written or one that a crash left; returns its line in the ledger.

    Frames of units that were not committed with them are dropped. A segment in which no event was committed is
    removed, None. `lost` is what is known to be missing in it: it enters the ledger in the same step. Without `key`
    the seal is not signed.

    Raises `LogError` where the disk does not allow it.
    """
    try:
        with database.lock:
            _take_up(database, segment)
            last = _last_row(database, segment)
            if last is None:
                remove(database, segment)
                return None
            head = Head(last[0], *_last_fact(database, segment), last[1])
            line = _make_final(database, segment, head, key)
            append_lines(segment.directory, [*lost, line])
            return line
    except (duckdb.Error, OSError) as error:
        raise LogError(f"segment {segment.name} of {segment.directory} cannot be sealed: {first_line(error)}") from None


def finish(database: Database, segment: Segment, head: Head, key: SealKey | None) -> Sealed:
    """Make a segment final that ends with `head`: all in its database files, these read-only, and its line signed.

    The ledger is the caller's. Doing it again does no harm. Raises `duckdb.Error`, `OSError`, or `LogError` where the
    segment ends otherwise.
    """
    _take_up(database, segment)
    last = _last_row(database, segment)
    if last != (head.seq, head.digest):
        raise LogError(f"segment {segment.name} does not end with event {head.seq} as it was written")
    return _make_final(database, segment, head, key)


def _make_final(database: Database, segment: Segment, head: Head, key: SealKey | None) -> Sealed:
    """The files are attached for writing: each time they are, what is not checkpointed is read again."""
    _finish(database, segment.events)
    if segment.frames.exists() and _keep_frames_up_to(database, segment, head.seq):
        _finish(database, segment.frames)
    frames = segment.frames.exists()
    line = Sealed(
        segment=segment.name,
        first_seq=segment.first_seq,
        last_seq=head.seq,
        last_fact_no=head.fact_no,
        last_time=head.time,
        last_digest=head.digest.hex(),
        events_sha256=file_sha256(segment.events),
        frames_sha256=file_sha256(segment.frames) if frames else None,
        schema=SCHEMA_VERSION,
    )
    for path in (segment.events, segment.frames):
        if path.exists():
            path.chmod(0o444)
    return line if key is None else key.signed(line)


def frames_gone(segment: Segment, last_seq: int, framed: bool) -> tuple[Lost, ...]:
    """What the ledger is to say where a segment's payloads were stored and the file that held them is not there."""
    if not framed or segment.frames.exists():
        return ()
    detail = f"{segment.frames.name} was gone before the segment was sealed"
    return (Lost(segment.name, "payloads", segment.first_seq, last_seq, detail),)


def _take_up(database: Database, segment: Segment) -> None:
    """Have the files free to be written: a seal may have come as far as making them read-only."""
    database.detach(segment.events)
    database.detach(segment.frames)
    for path in files_of(segment):
        path.chmod(0o600)


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
