"""The part of a log that another process is writing, as that hands it out: laid down in a segment of our own."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from kernel.log.chain import Row
from kernel.log.contract import Head
from kernel.log.crashed import Left
from kernel.log.database import Database
from kernel.log.reading import Span
from kernel.log.schema import create_events_file, create_frames_file, payload_table, row_table
from kernel.log.segments import Segment


class HandedPage(msgspec.Struct, frozen=True):
    """Some rows in order of seq, payloads of theirs, and the seq up to which everything was committed by then."""

    committed: int
    rows: list[Row]
    payloads: list[tuple[int, bytes]]


HandOut = Callable[[int], Iterator[HandedPage]]
"""Gives the committed rows from a seq on."""


def left_as_handed(before: Head, hand_out: HandOut) -> Left:
    """What follows `before`, the head of the sealed segments, laid down in a directory that goes with the `Left`."""
    copy = tempfile.TemporaryDirectory(prefix="emberline-")
    segment = Segment(Path(copy.name), before.seq + 1)
    database = Database()
    try:
        head = _lay_down(database, segment, before, hand_out)
    except BaseException:
        copy.cleanup()
        raise
    finally:
        database.close()
    spans = [Span(segment, segment.first_seq, head.seq)] if head.seq > before.seq else []
    return Left(spans, head, copy=copy)


def _lay_down(database: Database, segment: Segment, head: Head, hand_out: HandOut) -> Head:
    events = create_events_file(database, segment.events)
    frames = ""
    for page in hand_out(segment.first_seq):
        database.insert(f"{events}.events", row_table(page.rows))
        if page.payloads:
            frames = frames or create_frames_file(database, segment.frames)
            database.insert(f"{frames}.frames", payload_table(page.payloads))
        for row in page.rows:
            fact_no, time = (row.fact_no, row.time) if row.cause is None else (head.fact_no, head.time)
            head = Head(row.seq, fact_no, time, row.digest)
    return head
