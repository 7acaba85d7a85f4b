"""What only a log open for writing has: the lock, the writer thread, the segment being written."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

from kernel.log.contract import Recovery
from kernel.log.database import Database
from kernel.log.ledger import cut_ledger
from kernel.log.live import LiveSegment
from kernel.log.lock import WriterLock
from kernel.log.reading import Span
from kernel.log.sealing import remove
from kernel.log.segments import segments_in
from kernel.log.units import Unit
from kernel.log.watermark import Watermark, WatermarkFile, remove_watermark
from kernel.log.writer import Writer


class Before(msgspec.Struct, frozen=True):
    """What the log was when it was opened for writing."""

    directory: Path
    last_seq: int
    ledger_length: int


class Writing:
    """What only a log open for writing has: the lock, the writer thread, the live segment."""

    def __init__(
        self,
        database: Database,
        spans: list[Span],
        before: Before,
        lock: WriterLock,
        recovered: tuple[Recovery, ...],
        begin: Callable[[int], LiveSegment],
        writer: Callable[[Callable[[Sequence[Unit]], None]], Writer],
    ) -> None:
        self._database = database
        self._sealed = spans
        self._before = before
        self._lock = lock
        self._begin = begin
        self._live: LiveSegment | None = None
        self._watermark = WatermarkFile(before.directory)
        self.recovered = recovered
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
            remove_watermark(self._before.directory)
        finally:
            self._watermark.close()
            self._lock.release()

    def abandon(self) -> None:
        try:
            self.writer.close()
            with self._database.lock:
                for segment in segments_in(self._before.directory):
                    if segment.first_seq > self._before.last_seq:
                        remove(self._database, segment)
                cut_ledger(self._before.directory, self._before.ledger_length)
                remove_watermark(self._before.directory)
        finally:
            self._watermark.close()
            self._lock.release()

    def _commit(self, units: Sequence[Unit]) -> None:
        for group in _by_segment(units):
            if group[0].begins:
                self._seal_live()
            with self._database.lock:
                if self._live is None:
                    self._live = self._begin(group[0].rows[0].seq)
                self._live.commit(group)
                self._watermark.write(Watermark(self._live.last_seq, self._live.last_frame))

    def _seal_live(self) -> None:
        with self._database.lock:
            if self._live is None:
                return
            line = self._live.seal()
            if line is not None:
                self._sealed.append(Span(self._live.segment, line.first_seq, line.last_seq))
            self._live = None


def _by_segment(units: Sequence[Unit]) -> Iterator[Sequence[Unit]]:
    """The units in runs of one segment each."""
    starts = [0, *(n for n, unit in enumerate(units) if n and unit.begins), len(units)]
    return (units[start:end] for start, end in pairwise(starts))
