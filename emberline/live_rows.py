"""The newest events of a log whose daemon runs: what is committed and not sealed is asked of the daemon, in pages.

While the daemon has a segment open no other process can read its files; so it hands out copies of the rows, a bounded
number an answer, and a reader lays them beside the sealed segments.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from emberline.control import CONTROL_NAME, Answer, ControlClient, NobodyAnswers
from emberline.errors import Unusable
from kernel.events import Event, decode_body
from kernel.log.chain import Row, row_of
from kernel.log.contract import EventLog, Selection
from kernel.log.duckdb_log import open_log
from kernel.log.handed_rows import HandedPage

ROWS_AT_ONCE = 1000
BYTES_AT_ONCE = 2 * 1024 * 1024
LOOK_AGAIN_S = 0.2


class RowsWanted(msgspec.Struct, frozen=True):
    """The request `rows`: committed events from seq `first` on, and their payloads if `frames`; answered by a page.

    `first` 0 asks for no row, only for how far the log has come.
    """

    first: int
    frames: bool = False


def answer_rows(log: EventLog, request: bytes) -> Answer:
    """The daemon's side: one page, with as many rows as fit, and at least one if there is one."""
    wanted = msgspec.msgpack.decode(request, type=RowsWanted)
    committed = log.committed
    last = min(committed, wanted.first + ROWS_AT_ONCE - 1)
    rows: list[Row] = []
    if wanted.first > 0:
        rows = _as_many_as_fit(log.read(Selection(wanted.first, last)), wanted)
    payloads = list(log.payloads(rows[0].seq, rows[-1].seq)) if rows and wanted.frames else []
    return Answer(True, data=msgspec.msgpack.encode(HandedPage(committed, rows, payloads)))


def _as_many_as_fit(events: Iterator[Event], wanted: RowsWanted) -> list[Row]:
    rows: list[Row] = []
    size = 0
    for event in events:
        row = msgspec.structs.replace(row_of(event), digest=event.digest)
        size += len(row.body) + (getattr(event.body, "payload_bytes", 0) if wanted.frames else 0)
        if rows and size > BYTES_AT_ONCE:
            break
        rows.append(row)
    return rows


class HandOut:
    """What `open_log` asks where a daemon writes: pages until all is there that was committed at first."""

    def __init__(self, log: Path, frames: bool) -> None:
        self._log = log
        self._frames = frames

    def __call__(self, first: int) -> Iterator[HandedPage]:
        with ControlClient(self._log) as client:
            upto = None
            while upto is None or first <= upto:
                page = ask_rows(client, RowsWanted(first, self._frames))
                upto = page.committed if upto is None else upto
                if not page.rows:
                    return
                yield page
                first = page.rows[-1].seq + 1


def follow(log: Path, last: int = 0) -> Iterator[Event]:
    """The events of the log as the running daemon commits them, from the `last` newest ones on, until it ends.

    Raises `Unusable` where no daemon runs on this log.
    """
    with ControlClient(log) as client:
        first = max(1, ask_rows(client, RowsWanted(0)).committed + 1 - last)
        while True:
            try:
                page = ask_rows(client, RowsWanted(first))
            except NobodyAnswers:
                break
            for row in page.rows:
                yield event_of(row)
                first = row.seq + 1
            if not page.rows:
                if not (log / CONTROL_NAME).exists():
                    break
                time.sleep(LOOK_AGAIN_S)
    yield from _rest(log, first)


def ask_rows(client: ControlClient, wanted: RowsWanted) -> HandedPage:
    """One page of rows."""
    try:
        return msgspec.msgpack.decode(client.ask("rows", wanted).data, type=HandedPage)
    except msgspec.DecodeError as error:
        raise Unusable(f"the daemon's answer cannot be understood: {error}") from None


def event_of(row: Row) -> Event:
    """A row, which the running daemon wrote in today's form, as an event."""
    body = decode_body(row.kind, row.body)
    return Event(row.seq, row.fact_no, row.time, row.source, row.kind, row.cause, body, row.digest)


def _rest(log: Path, first: int) -> Iterator[Event]:
    """What the daemon wrote between the last answer and its end."""
    opened = open_log(log)
    try:
        yield from opened.read(Selection(first=first))
    finally:
        opened.close()
