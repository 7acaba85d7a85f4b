"""The event log on disk: a directory with a LOCK, a ledger and pairs of DuckDB files."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from kernel.events import Event
from kernel.log.chain import link
from kernel.log.contract import GENESIS, Head, LogError, Selection
from kernel.log.database import Database
from kernel.log.directory import (
    begin_if_new,
    check_is_log,
    prepare_for_writing,
    sealed_spans,
    spans_for_reading,
    unsealed_segment,
)
from kernel.log.ledger import Ledger, cut_ledger, read_ledger
from kernel.log.live import LiveSegment
from kernel.log.lock import WriterLock
from kernel.log.reading import Reader, Span
from kernel.log.sealing import remove, seal
from kernel.log.segments import Segment, segments_in
from kernel.log.units import Unit, check_payload
from kernel.log.writer import Writer


def open_log(
    path: str | Path,
    mode: Literal["read", "write"] = "read",
    *,
    wall_clock_ns: Callable[[], int] | None = None,
    on_commit: Callable[[int], None] | None = None,
) -> "DuckDBLog":
    """Open the log in the directory `path`; for writing, it is made if it is not there.

    `wall_clock_ns` gives the moment of writing that is kept beside each event (0 without it); `on_commit` is called
    from the writer thread with the seq up to which everything is durable.

    Raises `LogLocked` where another process writes to it, `LogUnreadable` where it is no log, damaged or of a newer
    version, `LogError` where it cannot be written.
    """
    directory = Path(path)
    database = Database()
    try:
        if mode == "read":
            return _open_for_reading(directory, database)
        return _open_for_writing(directory, database, wall_clock_ns or (lambda: 0), on_commit)
    except BaseException:
        database.close()
        raise


class DuckDBLog:
    """An `EventLog` on disk; made by `open_log`."""

    def __init__(self, database: Database, spans: list[Span], head: Head, writing: "_Writing | None") -> None:
        self._database = database
        self._head = head
        self._writing = writing
        self._closed = False
        self._reader = Reader(database, lambda: spans if writing is None else writing.spans())

    @property
    def head(self) -> Head:
        return self._head

    @property
    def committed(self) -> int:
        return self._head.seq if self._writing is None else self._writing.writer.committed

    def append(self, events: Sequence[Event], payload: bytes | None = None) -> tuple[Event, ...]:
        writing = self._writable()
        linked, rows, head = link(self._head, events)
        frame = check_payload(linked, payload)
        if rows:
            writing.writer.put(Unit(rows, frame, payload))
            self._head = head
        return linked

    def sync(self) -> None:
        self._writable().writer.sync(self._head.seq)

    def read(self, selection: Selection = Selection()) -> Iterator[Event]:
        self._settle(self._head.seq)
        return self._reader.events(selection, self._head.seq)

    def payload(self, seq: int) -> bytes | None:
        self._settle(seq)
        return self._reader.payload(seq)

    def payloads(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        self._settle(self._head.seq)
        return self._reader.payloads(first, min(last, self._head.seq))

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            if self._writing is not None:
                self._writing.close()
        finally:
            self._database.close()

    def abandon(self) -> None:
        """Take back all that was appended since the log was opened for writing, and close it."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._writing is not None:
                self._writing.abandon()
        finally:
            self._database.close()

    def _settle(self, seq: int) -> None:
        """Have on the disk what is about to be read."""
        if self._closed:
            raise LogError("the log is closed")
        if self._writing is not None and self._writing.writer.committed < min(seq, self._head.seq):
            self._writing.writer.sync(min(seq, self._head.seq))

    def _writable(self) -> "_Writing":
        if self._closed:
            raise LogError("the log is closed")
        if self._writing is None:
            raise LogError("the log is open for reading only")
        self._writing.writer.check()
        return self._writing


class _Before(msgspec.Struct, frozen=True):
    """What the log was when it was opened for writing."""

    directory: Path
    last_seq: int
    ledger_length: int


class _Writing:
    """What only a log open for writing has: the lock, the writer thread, the live segment."""

    def __init__(
        self,
        database: Database,
        spans: list[Span],
        before: "_Before",
        lock: WriterLock,
        begin: Callable[[int], LiveSegment],
        writer: Callable[[Callable[[Sequence[Unit]], None]], Writer],
    ) -> None:
        self._database = database
        self._sealed = spans
        self._before = before
        self._lock = lock
        self._begin = begin
        self._live: LiveSegment | None = None
        self.writer = writer(self._commit)

    def spans(self) -> list[Span]:
        with self._database.lock:
            live = self._live
            if live is None:
                return list(self._sealed)
            return [*self._sealed, Span(live.segment, live.segment.first_seq, live.last_seq)]

    def close(self) -> None:
        try:
            self.writer.close()
            self.writer.check()
            self._seal_live()
        finally:
            self._lock.release()

    def abandon(self) -> None:
        try:
            self.writer.close()
            with self._database.lock:
                for segment in segments_in(self._before.directory):
                    if segment.first_seq > self._before.last_seq:
                        remove(self._database, segment)
                cut_ledger(self._before.directory, self._before.ledger_length)
        finally:
            self._lock.release()

    def _commit(self, units: Sequence[Unit]) -> None:
        if self._live is not None and self._live.is_full:
            self._seal_live()
        with self._database.lock:
            if self._live is None:
                self._live = self._begin(units[0].rows[0].seq)
            self._live.commit(units)

    def _seal_live(self) -> None:
        with self._database.lock:
            if self._live is None:
                return
            line = self._live.seal()
            if line is not None:
                self._sealed.append(Span(self._live.segment, line.first_seq, line.last_seq))
            self._live = None


def _open_for_reading(directory: Path, database: Database) -> DuckDBLog:
    check_is_log(directory)
    ledger = read_ledger(directory)
    spans = spans_for_reading(database, directory, ledger)
    head = _sealed_head(ledger)
    if spans and spans[-1].last_seq > head.seq:
        head = _head_of(database, spans[-1], head)
    return DuckDBLog(database, spans, head, None)


def _open_for_writing(
    directory: Path, database: Database, clock_ns: Callable[[], int], on_commit: Callable[[int], None] | None
) -> DuckDBLog:
    prepare_for_writing(directory)
    lock = WriterLock(directory)
    try:
        begin_if_new(directory)
        left = unsealed_segment(directory, read_ledger(directory))
        if left is not None:
            seal(database, left)
        ledger = read_ledger(directory)
        head = _sealed_head(ledger)
        writing = _Writing(
            database,
            sealed_spans(directory, ledger),
            _Before(directory, head.seq, ledger.length),
            lock,
            lambda first_seq: LiveSegment(database, Segment(directory, first_seq), clock_ns),
            lambda commit: Writer(commit, head.seq, on_commit),
        )
    except BaseException:
        lock.release()
        raise
    return DuckDBLog(database, [], head, writing)


def _sealed_head(ledger: Ledger) -> Head:
    if not ledger.sealed:
        return Head(digest=GENESIS)
    last = ledger.sealed[-1]
    return Head(last.last_seq, last.last_fact_no, last.last_time, bytes.fromhex(last.last_digest))


def _head_of(database: Database, span: Span, before: Head) -> Head:
    """The head of a segment that the ledger does not know yet."""
    reader = Reader(database, lambda: [span])
    head = before
    for row in reader.rows(span, Selection(facts_only=True)):
        head = msgspec.structs.replace(head, fact_no=row.fact_no, time=row.time)
    for row in reader.rows(span, Selection(first=span.last_seq)):
        head = msgspec.structs.replace(head, seq=row.seq, digest=row.digest)
    return head
