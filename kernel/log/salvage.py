"""What a crash left of the segment being written: looked at whole, mended, and sealed.

Nothing is changed before it has been looked at read-only, since DuckDB throws away a write-ahead file whose beginning
it cannot understand as soon as it may write. Events are kept up to the last one that the chain proves. Where more was
committed than that, or where something cannot be read, the files go into the quarantine as they are and what is
sound is written anew.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kernel.log.chain import BrokenChain, Row, follow, named_payload
from kernel.log.contract import Head, LogUnreadable, Recovery
from kernel.log.database import Database
from kernel.log.ledger import Lost, append_line
from kernel.log.live import LiveSegment
from kernel.log.mending import open_mended, without_folder
from kernel.log.quarantine import set_aside
from kernel.log.reading import Reader, Span
from kernel.log.sealing import seal
from kernel.log.segments import Segment, files_of
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


def recover_segment(database: Database, segment: Segment, before: Head, mark: Watermark) -> list[Recovery]:
    """Mend and seal the segment that a crash left after `before`; returns what was not as a plain crash leaves it.

    Raises `LogError` where the disk does not allow it, `LogLocked` where another process has one of the files.
    """
    _allow_writing(segment)
    findings: list[Recovery] = []
    found = _look(database, segment, before, findings)
    committed = max(mark.event, found.stored_last)
    missing = committed - found.head.seq
    if missing > 0 and not found.trouble:
        found.trouble = f"events up to {committed} were committed and are not there"
    _forget_gone_if_never_stored(found, segment, mark)
    if found.is_whole:
        database.detach(segment.events)
        database.detach(segment.frames)
        sealed = seal(database, segment)
        kept = ""
        if sealed is None:
            return findings
    else:
        kept = _write_anew(database, segment, before, found)
        reason = found.trouble or found.frames_trouble
        findings.append(Recovery("quarantined", segment.name, 0, f"{reason}; kept in quarantine: {kept}"))
    if missing > 0:
        lost = f"events {found.head.seq + 1} to {committed}: {found.trouble}"
        findings.append(Recovery("events_lost", segment.name, missing, lost))
    return findings + _record_gone(segment, found, kept)


def _allow_writing(segment: Segment) -> None:
    """A seal may have come as far as making the files read-only."""
    for path in files_of(segment):
        path.chmod(0o600)


def _look(database: Database, segment: Segment, before: Head, findings: list[Recovery]) -> _Found:
    opened, mended = open_mended(database, segment.events)
    findings += mended
    found = _Found(before, before.seq)
    if not opened:
        found.trouble = f"{segment.events.name} cannot be opened" if segment.events.exists() else ""
    elif "events" in database.tables(segment.events):
        _look_at_events(database, segment, found)
    if segment.frames.exists():
        opened, mended = open_mended(database, segment.frames)
        findings += mended
        if not opened:
            found.frames_trouble = f"{segment.frames.name} cannot be opened"
    _look_at_payloads(database, segment, before, found)
    return found


def _look_at_events(database: Database, segment: Segment, found: _Found) -> None:
    try:
        last = database.rows(segment.events, "events", "SELECT max(seq) FROM {}")[0][0]
        found.stored_last = max(found.stored_last, last or 0)
        span = Span(segment, segment.first_seq, found.stored_last)
        reader = Reader(database, lambda: [span])
        reader.schema(span)
        for row in reader.rows(span):
            found.head = follow(found.head, row)
        if reader.count(span) != max(0, found.head.seq - segment.first_seq + 1):
            found.trouble = "there are events twice or out of place"
    except (LogUnreadable, BrokenChain) as error:
        found.trouble = without_folder(str(error), segment.directory)


def _look_at_payloads(database: Database, segment: Segment, before: Head, found: _Found) -> None:
    """Hold the payload of every sound event against the digest that the event names."""
    span = Span(segment, segment.first_seq, found.head.seq)
    reader = Reader(database, lambda: [span])
    stored = set[int]()
    if found.head.seq > before.seq and _has_frames(database, segment, found):
        try:
            stored = set(reader.framed_seqs(span, span.first_seq, span.last_seq))
        except LogUnreadable as error:
            found.frames_trouble = without_folder(str(error), segment.directory)
    found.framed = len(stored)
    for row in sound_rows(reader, span):
        named = named_payload(row)
        if named and row.seq not in stored:
            found.gone.append(row.seq)
        elif named and _payload(reader, span, row.seq, named) is None:
            found.gone.append(row.seq)
            found.frames_trouble = found.frames_trouble or f"the payload of event {row.seq} is damaged"


def _has_frames(database: Database, segment: Segment, found: _Found) -> bool:
    return not found.frames_trouble and segment.frames.exists() and "frames" in database.tables(segment.frames)


def _forget_gone_if_never_stored(found: _Found, segment: Segment, mark: Watermark) -> None:
    """A session without payloads names digests all the same: nothing is missing there."""
    if found.framed == 0 and not found.frames_trouble and mark.frame < segment.first_seq:
        found.gone.clear()


def sound_rows(reader: Reader, span: Span) -> Iterator[Row]:
    """The events of a span whose end is known to be sound; nothing where the span is empty."""
    return reader.rows(span) if span.last_seq >= span.first_seq else iter(())


def _payload(reader: Reader, span: Span, seq: int, named: str) -> bytes | None:
    """The payload if it is what its event names."""
    try:
        stored = list(reader.payloads_of(span, seq, seq))
    except LogUnreadable:
        return None
    if len(stored) != 1 or hashlib.sha256(stored[0][1]).hexdigest() != named:
        return None
    return stored[0][1]


def _write_anew(database: Database, segment: Segment, before: Head, found: _Found) -> str:
    """Put the files aside and write a segment of what is sound in them; returns where they are."""
    units = list(_sound_units(database, segment, before, found))
    database.detach(segment.events)
    database.detach(segment.frames)
    kept = ", ".join([set_aside(path) for path in files_of(segment)])
    if units:
        anew = LiveSegment(database, segment, lambda: 0)
        anew.commit(units)
        anew.seal()
    return kept


def _sound_units(database: Database, segment: Segment, before: Head, found: _Found) -> Iterator[Unit]:
    span = Span(segment, segment.first_seq, found.head.seq)
    reader = Reader(database, lambda: [span])
    gone = set(found.gone)
    if found.head.seq == before.seq:
        return
    for row in sound_rows(reader, span):
        named = None if row.seq in gone or found.framed == 0 else named_payload(row)
        payload = _payload(reader, span, row.seq, named) if named else None
        yield Unit((row,), row.seq if payload is not None else None, payload)


def _record_gone(segment: Segment, found: _Found, kept: str) -> list[Recovery]:
    """Have the ledger name the payloads that are gone, run by run of frames."""
    if not found.gone:
        return []
    first, last = found.gone[0], found.gone[-1]
    detail = found.frames_trouble or "their frames were not there"
    append_line(segment.directory, Lost(segment.name, "payloads", first, last, f"{detail} {kept}".strip()))
    return [Recovery("payloads_lost", segment.name, len(found.gone), f"of frames {first} to {last}: {detail}")]


def quarantine_segment(database: Database, segment: Segment) -> str:
    """Put all files of a segment aside; returns where they are."""
    database.detach(segment.events)
    database.detach(segment.frames)
    return ", ".join(set_aside(path) for path in files_of(segment))


def exists(path: Path) -> bool:
    """Whether anything of a database is there."""
    return path.exists()
