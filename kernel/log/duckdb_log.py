"""The event log on disk: a directory with a LOCK, a ledger and pairs of DuckDB files."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from kernel.events import Event
from kernel.log.chain import link
from kernel.log.contract import Head, LogError, LogUnreadable, Recovery, Selection
from kernel.log.crashed import Left, read_left
from kernel.log.database import Database
from kernel.log.directory import check_is_log, prepare_for_writing, sealed_spans
from kernel.log.handed_rows import HandOut, left_as_handed
from kernel.log.ledger import head_of
from kernel.log.ledger_file import read_ledger
from kernel.log.ledger_lines import Lost
from kernel.log.live import LiveSegment
from kernel.log.lock import WriterLock, has_writer
from kernel.log.reading import Reader, Span
from kernel.log.recovery import recover
from kernel.log.rotation import SEGMENT_BYTES, SEGMENT_NS, Limits, Rotation
from kernel.log.segments import Segment
from kernel.log.units import Unit, check_payload
from kernel.log.writer import Writer
from kernel.log.writing import Before, Writing


def open_log(
    path: str | Path,
    mode: Literal["read", "write"] = "read",
    *,
    wall_clock_ns: Callable[[], int] | None = None,
    on_commit: Callable[[int], None] | None = None,
    segment_bytes: int = SEGMENT_BYTES,
    segment_ns: int = SEGMENT_NS,
    handed: HandOut | None = None,
    key: Path | None = None,
) -> "DuckDBLog":
    """Open the log in the directory `path`; for writing, it is made if it is not there.

    `wall_clock_ns` gives the moment of writing that is kept beside each event (0 without it); `on_commit` is called
    from the writer thread with the seq up to which everything is durable. A segment is sealed once it holds
    `segment_bytes` of payloads and bodies, or `segment_ns` of logical time, by a process of its own, and signed with
    the private key in the file `key`, or one that lies in the log's directory.

    Damage does not keep a log from being opened for writing: what it took is in the `recovered` of the log. A reader
    changes nothing; it reads what a crash left from a mended copy. What another process is writing it reads as
    `handed` gives it, and not at all without.

    Raises `LogLocked` where another process writes to it, `LogUnreadable` where it is no log or of a newer version,
    or, for reading, too damaged, `LogError` where it cannot be written.
    """
    directory = Path(path)
    database = Database()
    try:
        if mode == "read":
            return _open_for_reading(directory, database, handed)
        begin = _beginner(database, directory, wall_clock_ns or (lambda: 0))
        return _open_for_writing(directory, database, begin, on_commit, Limits(segment_bytes, segment_ns), key)
    except BaseException:
        database.close()
        raise


class DuckDBLog:
    """An `EventLog` on disk; made by `open_log`."""

    def __init__(
        self,
        database: Database,
        lost: tuple[Lost, ...],
        head: Head,
        spans: list[Span],
        opened: Left | Writing,
        limits: Limits = Limits(),
    ) -> None:
        writing = opened if isinstance(opened, Writing) else None
        self.lost = lost
        """What damage took from this log, at any time, as the ledger names it."""
        self._database = database
        self._head = head
        self._opened = opened
        self._writing = writing
        self._closed = False
        self._rotation = Rotation(limits)
        self._spans: Callable[[], list[Span]] = (lambda: spans) if writing is None else writing.spans
        self._reader = Reader(database, self._spans, None if writing is None else writing.make_ready)

    @property
    def head(self) -> Head:
        return self._head

    @property
    def committed(self) -> int:
        return self._head.seq if self._writing is None else self._writing.writer.committed

    @property
    def recovered(self) -> tuple[Recovery, ...]:
        return self._opened.recovered

    @property
    def sealer_process(self) -> int | None:
        """The id of the process that seals segments, while there is one."""
        return None if self._writing is None else self._writing.desk.process_id

    @property
    def segment_is_due(self) -> bool:
        return self._rotation.is_due

    def segment_may_end(self, payload_bytes: int, time: int) -> bool:
        return self._rotation.may_be_due(payload_bytes, time)

    def limit_segments(self, payload_bytes: int) -> None:
        self._rotation.limits = msgspec.structs.replace(self._rotation.limits, bytes=payload_bytes)

    @property
    def segment_starts(self) -> tuple[int, ...]:
        self._settle(self._head.seq)
        return tuple(span.first_seq for span in self._spans())

    def append(self, events: Sequence[Event], payload: bytes | None = None) -> tuple[Event, ...]:
        writing = self._writable()
        linked, rows, head = link(self._head, events)
        frame = check_payload(linked, payload)
        if rows:
            unit = Unit(rows, frame, payload)
            begins = self._rotation.add(unit.size, head.time)
            writing.writer.put(msgspec.structs.replace(unit, begins=begins))
            self._head = head
        return linked

    def sync(self) -> None:
        self._writable().writer.sync(self._head.seq)

    def read(self, selection: Selection = Selection()) -> Iterator[Event]:
        self._settle(self._head.seq if selection.last is None else selection.last)
        return self._reader.events(selection, self._head.seq)

    def typed(self, kind: str, selection: Selection = Selection()) -> Any:
        self._settle(self._head.seq)
        return self._reader.typed(kind, selection, self._head.seq)

    def payload(self, seq: int) -> bytes | None:
        self._settle(seq)
        for lost in self.lost:
            if lost.what == "events" and lost.first_seq <= seq <= lost.last_seq:
                raise LogUnreadable(f"event {seq} is gone with segment {lost.segment}: {lost.detail}")
        return self._reader.payload(seq)

    def payloads(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        self._settle(last)
        return self._reader.payloads(first, min(last, self._head.seq))

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._opened.close()
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

    def _writable(self) -> Writing:
        if self._closed:
            raise LogError("the log is closed")
        if self._writing is None:
            raise LogError("the log is open for reading only")
        self._writing.writer.check()
        return self._writing


def _open_for_reading(directory: Path, database: Database, handed: HandOut | None) -> DuckDBLog:
    check_is_log(directory)
    ledger = read_ledger(directory)
    spans = sealed_spans(directory, ledger)
    if handed is not None and has_writer(directory):
        left = left_as_handed(head_of(ledger), handed)
    else:
        left = read_left(database, directory, ledger)
    return DuckDBLog(database, ledger.lost + left.lost, left.head, spans + left.spans, left)


def _beginner(database: Database, directory: Path, clock_ns: Callable[[], int]) -> Callable[[int], LiveSegment]:
    """How a segment is begun with its first seq."""
    return lambda first_seq: LiveSegment(database, Segment(directory, first_seq), clock_ns)


def _open_for_writing(
    directory: Path,
    database: Database,
    begin: Callable[[int], LiveSegment],
    on_commit: Callable[[int], None] | None,
    limits: Limits,
    key: Path | None,
) -> DuckDBLog:
    prepare_for_writing(directory)
    lock = WriterLock(directory)
    try:
        recovered = _recover(database, directory, key)
        ledger = read_ledger(directory)
        head = head_of(ledger)
        before = Before(directory, head, ledger.length)
        spans = sealed_spans(directory, ledger)
        writing = Writing(
            database, spans, before, lock, recovered, begin, lambda commit: Writer(commit, head.seq, on_commit), key
        )
    except BaseException:
        lock.release()
        raise
    return DuckDBLog(database, ledger.lost, head, [], writing, limits)


def _recover(database: Database, directory: Path, key: Path | None) -> tuple[Recovery, ...]:
    try:
        return recover(database, directory, key)
    except OSError as error:
        raise LogError(f"{directory} cannot be brought into order: {error.strerror or error}") from None
