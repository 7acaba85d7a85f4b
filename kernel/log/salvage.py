"""What a crash left of the segment being written: looked at whole, mended, and sealed.

Nothing is changed before it has been looked at read-only, since DuckDB throws away a write-ahead file whose beginning
it cannot understand as soon as it may write. Events are kept up to the last one that the chain proves. Where more was
committed than that, or where something cannot be read, the files go into the quarantine as they are and what is
sound is written anew.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec

from kernel.log.chain import named_payload
from kernel.log.contract import Head, LogError, LogUnreadable, Recovery
from kernel.log.database import Database, first_line
from kernel.log.holding import hold_payloads, payload_or_none, walk
from kernel.log.ledger_lines import Lost
from kernel.log.live import LiveSegment
from kernel.log.mending import open_mended, scratch_folder, without_folder
from kernel.log.quarantine import keep, set_aside
from kernel.log.reading import Reader, Span
from kernel.log.sealing import checkpoint, remove, seal
from kernel.log.segments import Segment, companions, files_of, is_unborn
from kernel.log.signing import SealKey
from kernel.log.units import Unit
from kernel.log.watermark import Watermark


class _Found(msgspec.Struct):
    """What a segment holds: `head` after the last sound event, and `gone`, the frames without a sound payload."""

    head: Head
    stored_last: int
    trouble: str = ""
    framed: int = 0
    gone: list[int] = msgspec.field(default_factory=list[int])
    frames_trouble: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.trouble and not self.frames_trouble


def recover_segment(
    database: Database,
    segment: Segment,
    before: Head,
    mark: Watermark,
    next_first_seq: int | None,
    key: SealKey | None,
    gap: Lost | None = None,
) -> list[Recovery]:
    """Mend and seal the segment that a crash left after `before`; returns what was not as a plain crash leaves it.

    `next_first_seq` is where the segment after it begins, if there is one. With `gap`, the events before it are lost:
    it enters the ledger with the segment, whose first event is then taken as it is.

    Raises `LogError` where the disk does not allow it, `LogLocked` where another process has one of the files.
    """
    _allow_writing(segment)
    _remove_unborn(segment.events, mark.event >= segment.first_seq)
    _remove_unborn(segment.frames, mark.frame >= segment.first_seq)
    findings: list[Recovery] = []
    gaps = [] if gap is None else [gap]
    found = _look(database, segment, before, findings, gap is None)
    committed = max(mark.event, found.stored_last) if next_first_seq is None else next_first_seq - 1
    missing = committed - found.head.seq
    if missing > 0 and not found.trouble:
        found.trouble = f"events up to {committed} were committed and are not there"
    _forget_gone_if_never_stored(found, mark)
    if found.is_whole:
        database.detach(segment.events)
        database.detach(segment.frames)
        if seal(database, segment, [*gaps, *_gone_lines(segment, found)], key) is None:
            return findings
    else:
        kept = _write_anew(database, segment, before, found, key, gaps)
        reason = found.trouble or found.frames_trouble
        findings.append(Recovery("quarantined", segment.name, 0, f"{reason}; kept in quarantine: {kept}"))
    if missing > 0:
        lost = f"events {found.head.seq + 1} to {committed}: {found.trouble}"
        findings.append(Recovery("events_lost", segment.name, missing, lost))
    if found.gone:
        lost = f"of frames {found.gone[0]} to {found.gone[-1]}: {_why_gone(found)}"
        findings.append(Recovery("payloads_lost", segment.name, len(found.gone), lost))
    return findings


def _allow_writing(segment: Segment) -> None:
    """A seal may have come as far as making the files read-only."""
    for path in files_of(segment):
        path.chmod(0o600)


def _remove_unborn(path: Path, was_used: bool) -> None:
    """Remove a database file in whose making the process was killed: its headers were not all written yet."""
    if not was_used and is_unborn(path):
        path.unlink()


def _look(database: Database, segment: Segment, before: Head, findings: list[Recovery], chained: bool) -> _Found:
    opened, mended = open_mended(database, segment.events)
    findings += mended
    found = _Found(before, before.seq)
    if not opened:
        found.trouble = f"{segment.events.name} cannot be opened" if segment.events.exists() else ""
    elif "events" in database.tables(segment.events):
        _look_at_events(database, segment, found, chained)
    if segment.frames.exists():
        opened, mended = open_mended(database, segment.frames)
        findings += mended
        if not opened:
            found.frames_trouble = f"{segment.frames.name} cannot be opened"
    _look_at_payloads(database, segment, before, found)
    return found


def _look_at_events(database: Database, segment: Segment, found: _Found, chained: bool) -> None:
    try:
        last = database.rows(segment.events, "events", "SELECT max(seq) FROM {}")[0][0]
    except LogUnreadable as error:
        found.trouble = without_folder(str(error), segment.directory)
        return
    if last is not None:
        found.stored_last = max(found.stored_last, last)
        span = Span(segment, segment.first_seq, found.stored_last)
        head, trouble = walk(Reader(database, lambda: [span]), span, found.head if chained else None)
        found.head = head or found.head
        found.trouble = without_folder(trouble, segment.directory)


def _look_at_payloads(database: Database, segment: Segment, before: Head, found: _Found) -> None:
    if found.head.seq == before.seq:
        return
    span = Span(segment, segment.first_seq, found.head.seq)
    reader = Reader(database, lambda: [span])
    if _has_frames(database, segment, found):
        held = hold_payloads(reader, span)
        found.framed, found.gone = held.stored, held.gone
        found.frames_trouble = without_folder(held.trouble, segment.directory)
    else:
        found.gone = [row.seq for row in reader.rows(span) if named_payload(row)]


def _has_frames(database: Database, segment: Segment, found: _Found) -> bool:
    return not found.frames_trouble and segment.frames.exists() and "frames" in database.tables(segment.frames)


def _forget_gone_if_never_stored(found: _Found, mark: Watermark) -> None:
    """A session without payloads names digests all the same: nothing is missing there."""
    if found.framed == 0 and not found.frames_trouble and not mark.frame:
        found.gone.clear()


def _write_anew(
    database: Database, segment: Segment, before: Head, found: _Found, key: SealKey | None, gaps: list[Lost]
) -> str:
    """Quarantine the files and seal a segment of what is sound in them; returns where they are.

    A process killed on the way leaves either the old files or the new ones, with a write-ahead file that does not
    match them at worst: the next start sees to it.
    """
    units = list(_sound_units(database, segment, before, found))
    database.detach(segment.events)
    database.detach(segment.frames)
    kept = ", ".join([keep(path) for path in files_of(segment)])
    if not units:
        remove(database, segment)
        return kept
    with scratch_folder(segment.directory) as scratch:
        fresh = Segment(Path(scratch), segment.first_seq)
        LiveSegment(database, fresh, lambda: 0).commit(units)
        _checkpoint(database, fresh)
        for made, path in ((fresh.events, segment.events), (fresh.frames, segment.frames)):
            if made.exists():
                made.replace(path)
            else:
                path.unlink(missing_ok=True)
            for beside in companions(path):
                beside.unlink()
    seal(database, segment, [*gaps, *_gone_lines(segment, found, kept)], key)
    return kept


def _checkpoint(database: Database, segment: Segment) -> None:
    try:
        checkpoint(database, segment)
    except duckdb.Error as error:
        raise LogError(f"segment {segment.name} cannot be written anew: {first_line(error)}") from None


def _sound_units(database: Database, segment: Segment, before: Head, found: _Found) -> Iterator[Unit]:
    span = Span(segment, segment.first_seq, found.head.seq)
    reader = Reader(database, lambda: [span])
    gone = set(found.gone)
    if found.head.seq == before.seq:
        return
    for row in reader.rows(span):
        framed = found.framed > 0 and row.seq not in gone and named_payload(row)
        payload = payload_or_none(reader, span, row.seq) if framed else None
        yield Unit((row,), row.seq if payload is not None else None, payload)


def _gone_lines(segment: Segment, found: _Found, kept: str = "") -> list[Lost]:
    """What the ledger is to say of the payloads that are gone."""
    if not found.gone:
        return []
    detail = f"{_why_gone(found)} {kept}".strip()
    return [Lost(segment.name, "payloads", found.gone[0], found.gone[-1], detail)]


def _why_gone(found: _Found) -> str:
    return found.frames_trouble or "their frames were not there"


def quarantine_segment(database: Database, segment: Segment) -> str:
    """Put all files of a segment aside; returns where they are."""
    database.detach(segment.events)
    database.detach(segment.frames)
    return ", ".join(set_aside(path) for path in files_of(segment))
