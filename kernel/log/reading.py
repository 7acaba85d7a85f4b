"""Reading across segments, in order of seq, with bounded memory."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow  # pyright: ignore[reportMissingTypeStubs]

from kernel.events import Event, decode_body
from kernel.log.chain import PAYLOAD_KINDS, Row
from kernel.log.columns import typed_sql
from kernel.log.contract import LogLocked, LogUnreadable, Selection
from kernel.log.database import Database
from kernel.log.ledger import Ledger
from kernel.log.ledger_file import LEDGER_NAME, read_ledger
from kernel.log.schema import ROW_COLUMNS, row_table, schema_of
from kernel.log.segments import Segment
from kernel.log.upcast import must_upcast, upcast

_arrow: Any = pyarrow  # it comes without types
_EVENTS_AT_ONCE = 8192
_FRAMES_AT_ONCE = 32
_TRIES = 3


class Span(msgspec.Struct, frozen=True):
    """A segment that can be read, and the seqs that it holds.

    `framed` says whether it has the payloads of all its frames: True if it must, False if not, None if it may have
    been written without any.
    """

    segment: Segment
    first_seq: int
    last_seq: int
    framed: bool | None = None


class Reader:
    """Reads the spans that `spans` names at the time of each call; `make_ready` waits until a file can be opened."""

    def __init__(
        self,
        database: Database,
        spans: Callable[[], list[Span]],
        make_ready: Callable[[Path], None] | None = None,
    ) -> None:
        self._database = database
        self._spans = spans
        self._make_ready = make_ready
        self._schemas: dict[int, int] = {}
        self._framed: set[int] = set()
        self._counts: dict[tuple[int, str, str], tuple[tuple[int, int], int]] = {}
        self._ledger: Ledger | None = None

    def rows(self, span: Span, selection: Selection = Selection()) -> Iterator[Row]:
        """The selected events of one segment as they are stored."""
        first = span.first_seq if selection.first is None else max(span.first_seq, selection.first)
        last = span.last_seq if selection.last is None else min(span.last_seq, selection.last)
        condition, parameters = _where(selection)
        sql = f"SELECT {ROW_COLUMNS} FROM {{}} WHERE seq BETWEEN ? AND ?{condition} ORDER BY seq"
        for start in range(first, last + 1, _EVENTS_AT_ONCE):
            bounds = [start, min(last, start + _EVENTS_AT_ONCE - 1)]
            for values in self._ask_events(span, sql, [*bounds, *parameters]):
                yield Row(*values)

    def row(self, span: Span, seq: int) -> Row | None:
        """One event as it is stored."""
        return next(self.rows(span, Selection(first=seq, last=seq)), None)

    def count(self, span: Span) -> int:
        """How many events the segment's table holds; in the file of a day, those with seqs of the segment."""
        where, bounds = _place_in_day(span)
        return self._ask_events(span, f"SELECT count(*) FROM {{}}{where}", bounds)[0][0]

    def all_seqs(self, span: Span) -> Iterator[int]:
        """The seqs in the segment's table, whatever they are, in order; in the file of a day, those of the segment."""
        where, bounds = _place_in_day(span)
        return (row[0] for row in self._ask_events(span, f"SELECT seq FROM {{}}{where} ORDER BY 1", bounds))

    def events(self, selection: Selection, last_seq: int) -> Iterator[Event]:
        """The selected events up to `last_seq`."""
        last = last_seq if selection.last is None else min(last_seq, selection.last)
        selection = msgspec.structs.replace(selection, last=last)
        for span in self._joined():
            if span.first_seq <= last and (selection.first is None or span.last_seq >= selection.first):
                schema = self.schema(span)
                self._check_events(span)
                for row in self.rows(span, selection):
                    yield _event(row, schema)

    def typed(self, kind: str, selection: Selection, last_seq: int) -> Any:
        """The events of one kind up to `last_seq` as an Arrow table, see `columns.typed_sql`; in order of seq."""
        last = last_seq if selection.last is None else min(last_seq, selection.last)
        selection = msgspec.structs.replace(selection, last=last, kinds=None)
        parts = [typed_rows(self._database, kind, [])]
        for span in self._joined():
            if span.first_seq <= last and (selection.first is None or span.last_seq >= selection.first):
                self._check_events(span)
                parts.append(self._typed_of(span, kind, selection))
        return _arrow.concat_tables(parts)

    def _typed_of(self, span: Span, kind: str, selection: Selection) -> Any:
        schema = self.schema(span)
        if must_upcast(kind, schema):
            of_kind = msgspec.structs.replace(selection, kinds=(kind,))
            rows = [
                msgspec.structs.replace(row, body=upcast(kind, schema, row.body)) for row in self.rows(span, of_kind)
            ]
            return typed_rows(self._database, kind, rows)
        first = span.first_seq if selection.first is None else max(span.first_seq, selection.first)
        last = span.last_seq if selection.last is None else min(span.last_seq, selection.last)
        condition, parameters = _where(selection)
        sql = typed_sql(kind, f" AND seq BETWEEN ? AND ?{condition}")
        asked = [first, last, *parameters]
        return self._in_events(span, lambda path: self._database.typed(path, "events", sql, asked))

    def payload(self, seq: int) -> bytes | None:
        """The payload of one frame, None where it has expired, `KeyError` where there never was one."""
        span = next((span for span in self._spans() if span.first_seq <= seq <= span.last_seq), None)
        if span is not None:
            self._check_payloads(span)
            stored = self._payload_rows(span, seq, seq)
            if stored:
                return stored[0][1]
            sql = f"SELECT seq FROM {{}} WHERE seq = ? AND kind IN {PAYLOAD_KINDS}"
            if self._ask_events(span, sql, [seq]):
                return None
        raise KeyError(f"event {seq} is not a FrameCaptured of this log")

    def payloads(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """All payloads from seq `first` to `last` in order."""
        for span in self._spans():
            if span.first_seq <= last and first <= span.last_seq:
                self._check_payloads(span)
                yield from self.payloads_of(span, first, last)

    def payloads_of(self, span: Span, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """All payloads of one segment from seq `first` to `last` in order."""
        first, last = max(first, span.first_seq), min(last, span.last_seq)
        seqs = self.framed_seqs(span, first, last)
        for start in range(0, len(seqs), _FRAMES_AT_ONCE):
            some = seqs[start : start + _FRAMES_AT_ONCE]
            yield from self._payload_rows(span, some[0], some[-1])

    def framed_seqs(self, span: Span, first: int, last: int) -> list[int]:
        """The seqs of which the segment holds payloads."""
        if first > last or not self._has_frames(span):
            return []
        sql = "SELECT seq FROM {} WHERE seq BETWEEN ? AND ? ORDER BY seq"
        return [row[0] for row in self._ask(span.segment.frames, "frames", sql, [first, last])]

    def schema(self, span: Span) -> int:
        """The log schema that a segment is written in. Raises `LogUnreadable` where it is newer than ours."""
        if span.first_seq not in self._schemas:
            self._schemas[span.first_seq] = self._in_events(span, lambda path: schema_of(self._database, path))
        return self._schemas[span.first_seq]

    def _check_events(self, span: Span) -> None:
        """A sound file in the wrong place is not read as if it held nothing."""
        bounds = (span.first_seq, span.last_seq)
        count = self._count(span, "events", "seq BETWEEN ? AND ?", bounds)
        if count != span.last_seq - span.first_seq + 1:
            raise LogUnreadable(f"{span.segment.events} does not hold events {span.first_seq} to {span.last_seq}")

    def _check_payloads(self, span: Span) -> None:
        if span.framed is False or (span.framed is None and not self._has_frames(span)):
            return
        if not span.segment.frames.exists() and _was_pruned(span.segment):
            return
        bounds = (span.first_seq, span.last_seq)
        named = self._count(span, "events", f"seq BETWEEN ? AND ? AND kind IN {PAYLOAD_KINDS}", bounds)
        stored = 0
        if self._has_frames(span):
            stored = self._count(span, "frames", "seq BETWEEN ? AND ?", bounds)
        if stored != named:
            raise LogUnreadable(f"{span.segment.frames} is missing or not whole: it holds {stored} of {named} payloads")

    def _count(self, span: Span, table: str, where: str, bounds: tuple[int, int]) -> int:
        counted, count = self._counts.get((span.first_seq, table, where), (None, 0))
        if counted != bounds:
            sql = f"SELECT count(*) FROM {{}} WHERE {where}"
            if table == "events":
                rows = self._ask_events(span, sql, bounds)
            else:
                rows = self._ask(span.segment.frames, table, sql, bounds)
            count = int(rows[0][0])
            self._counts[span.first_seq, table, where] = bounds, count
        return count

    def _joined(self) -> list[Span]:
        """The spans, those whose events lie in one file as one: it is asked once, not for each segment in it."""
        spans: list[Span] = []
        for span in self._spans():
            place = self._place(span)
            before = spans[-1] if spans else None
            follows = before is not None and before.last_seq + 1 == span.first_seq
            if before is not None and follows and place.day is not None and place.day == before.segment.day:
                spans[-1] = Span(before.segment, before.first_seq, span.last_seq)
            else:
                spans.append(Span(place, span.first_seq, span.last_seq))
        return spans

    def _place(self, span: Span) -> Segment:
        """Where a span's events lie: since it was named, they may have gone into the file of a day."""
        segment = span.segment
        day = None if self._ledger is None or segment.day is not None else self._ledger.day_of(span.first_seq)
        return segment if day is None else msgspec.structs.replace(segment, day=day.first_seq)

    def _in_events(self, span: Span, ask: Callable[[Path], Any]) -> Any:
        """Ask the file that holds a span's events."""
        path = self._place(span).events
        try:
            return self._readily(path, lambda: ask(path))
        except LogUnreadable:
            if path.exists() or not (path.parent / LEDGER_NAME).exists():
                raise
            self._ledger = read_ledger(path.parent)
            moved = self._place(span).events
            if moved == path:
                raise
        return self._readily(moved, lambda: ask(moved))

    def _ask_events(self, span: Span, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._in_events(span, lambda path: self._database.rows(path, "events", sql, parameters))

    def _tables(self, path: Path) -> set[str]:
        with self._database.lock:
            self._database.attach(path)
            return self._database.tables(path)

    def _ask(self, path: Path, table: str, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._readily(path, lambda: self._database.rows(path, table, sql, parameters))

    def _readily(self, path: Path, ask: Callable[[], Any]) -> Any:
        """Ask a file. A segment that was being written a moment ago may just be with the sealer."""
        if self._make_ready is None:
            return ask()
        for _ in range(_TRIES):
            self._make_ready(path)
            with contextlib.suppress(LogLocked):
                return ask()
        raise LogUnreadable(f"{path} is being sealed; try again in a while")

    def _payload_rows(self, span: Span, first: int, last: int) -> list[tuple[int, bytes]]:
        if not self._has_frames(span):
            return []
        sql = "SELECT seq, payload FROM {} WHERE seq BETWEEN ? AND ? ORDER BY seq"
        rows: list[Any] = self._ask(span.segment.frames, "frames", sql, [first, last])
        return rows

    def _has_frames(self, span: Span) -> bool:
        """A process killed at the first frame of a segment leaves a file without the table."""
        path = span.segment.frames
        if not path.exists():
            return False
        if span.first_seq not in self._framed:
            if "frames" not in self._readily(path, lambda: self._tables(path)):
                return False
            self._framed.add(span.first_seq)
        return True


def _place_in_day(span: Span) -> tuple[str, list[object]]:
    """Which rows of a file are the span's: all of them, but for the file of a day."""
    return ("", []) if span.segment.day is None else (" WHERE seq BETWEEN ? AND ?", [span.first_seq, span.last_seq])


def _was_pruned(segment: Segment) -> bool:
    """Whether the frames were removed on purpose since this reader began."""
    is_there = (segment.directory / LEDGER_NAME).exists()
    return is_there and read_ledger(segment.directory).frames_were_pruned(segment)


def typed_rows(database: Database, kind: str, rows: Sequence[Row]) -> Any:
    """Rows of one kind, whose bodies are in today's form, as an Arrow table with typed columns."""
    return database.typed_from(row_table(rows), typed_sql(kind))


def _where(selection: Selection) -> tuple[str, list[object]]:
    conditions: list[str] = []
    parameters: list[object] = []
    for column, among in (("kind", selection.kinds), ("source", selection.sources)):
        if among is not None:
            conditions.append(f"list_contains(?::VARCHAR[], {column})")
            parameters.append(list(among))
    bounds = (
        ("time >= ?", selection.since),
        ("time <= ?", selection.until),
        ("fact_no >= ?", selection.first_fact),
        ("fact_no <= ?", selection.last_fact),
    )
    for comparison, bound in bounds:
        if bound is not None:
            conditions.append(comparison)
            parameters.append(bound)
    if selection.facts_only:
        conditions.append("cause IS NULL")
    if selection.derived_only:
        conditions.append("cause IS NOT NULL")
    return "".join(f" AND {condition}" for condition in conditions), parameters


def _event(row: Row, schema: int) -> Event:
    try:
        body = decode_body(row.kind, upcast(row.kind, schema, row.body))
    except ValueError as error:
        raise LogUnreadable(f"event {row.seq} cannot be understood: {error}") from None
    return Event(row.seq, row.fact_no, row.time, row.source, row.kind, row.cause, body, row.digest)
