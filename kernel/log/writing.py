"""What only a log open for writing has: the lock, the writer thread, the segment being written."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

from kernel.log.contract import Head, LogUnreadable, Recovery
from kernel.log.database import Database
from kernel.log.ledger_file import cut_ledger
from kernel.log.live import LiveSegment
from kernel.log.lock import WriterLock
from kernel.log.reading import Span
from kernel.log.sealer import Job
from kernel.log.sealing import frames_gone, remove, seal
from kernel.log.sealing_desk import SealingDesk
from kernel.log.segments import Segment, segments_in
from kernel.log.signing import seal_key
from kernel.log.units import Unit
from kernel.log.watermark import Watermark, WatermarkFile, remove_watermark
from kernel.log.writer import Writer

READ_WITHIN_S = 60.0
"""How long a reader in the writer's own process waits for a segment that is just being sealed."""


class Before(msgspec.Struct, frozen=True):
    """What the log was when it was opened for writing."""

    directory: Path
    head: Head
    ledger_length: int


class Writing:
    """What only a log open for writing has: the lock, the writer thread, the live segment, the way to the sealer."""

    def __init__(
        self,
        database: Database,
        spans: list[Span],
        before: Before,
        lock: WriterLock,
        recovered: tuple[Recovery, ...],
        begin: Callable[[int], LiveSegment],
        writer: Callable[[Callable[[Sequence[Unit]], None]], Writer],
        key_path: Path | None,
    ) -> None:
        self._database = database
        self._ended = spans
        self._before = before
        self._head = before.head
        self._lock = lock
        self._begin = begin
        self._live: LiveSegment | None = None
        self._last_frame = 0
        self._watermark = WatermarkFile(before.directory)
        self._key_path = key_path
        self.desk = SealingDesk(before.directory, key_path, lock.fileno())
        self.recovered = recovered
        self.writer = writer(self._commit)

    def spans(self) -> list[Span]:
        with self._database.lock:
            live = self._live
            if live is None:
                return list(self._ended)
            return [*self._ended, Span(live.segment, live.segment.first_seq, live.last_seq)]

    def make_ready(self, path: Path) -> None:
        """Wait for the sealer where it has this file. Raises `LogUnreadable` where that takes too long."""
        if not self.desk.wait_for(int(path.name[:12]), READ_WITHIN_S):
            raise LogUnreadable(f"{path} is being sealed; try again in a while")

    def close(self) -> None:
        try:
            self.writer.close()
            self.desk.close()
            self.writer.check()
            self._end_live()
            self._seal(self.desk.hand_back())
            remove_watermark(self._before.directory)
        finally:
            self.desk.abandon()
            self._watermark.close()
            self._lock.release()

    def abandon(self) -> None:
        try:
            self.writer.close()
            self.desk.abandon()
            with self._database.lock:
                for segment in segments_in(self._before.directory):
                    if segment.first_seq > self._before.head.seq:
                        remove(self._database, segment)
                cut_ledger(self._before.directory, self._before.ledger_length)
                remove_watermark(self._before.directory)
        finally:
            self.desk.abandon()
            self._watermark.close()
            self._lock.release()

    def _commit(self, units: Sequence[Unit]) -> None:
        for group in _by_segment([unit for unit in units if unit.rows[-1].seq > self._head.seq]):
            if group[0].begins and (self._live is None or self._live.segment.first_seq != group[0].rows[0].seq):
                self._end_live()
            with self._database.lock:
                if self._live is None:
                    self._live = self._begin(group[0].rows[0].seq)
                self._live.commit(group)
                self._head = _head_after(self._head, group)
                self._last_frame = max(self._last_frame, self._live.last_frame)
                self._watermark.write(Watermark(self._live.last_seq, self._last_frame))

    def _end_live(self) -> None:
        """Hand the segment that was written to the sealer."""
        with self._database.lock:
            live, self._live = self._live, None
            if live is None:
                return
            live.let_go()
            self._ended.append(Span(live.segment, live.segment.first_seq, live.last_seq))
        self.desk.hand_over(Job(live.segment.first_seq, self._head, live.has_frames))

    def _seal(self, jobs: Sequence[Job]) -> None:
        """Seal here what the process did not."""
        if jobs:
            key = seal_key(self._before.directory, self._key_path)
            for job in jobs:
                segment = Segment(self._before.directory, job.first_seq)
                seal(self._database, segment, frames_gone(segment, job.head.seq, job.framed), key)


def _head_after(head: Head, units: Sequence[Unit]) -> Head:
    last = units[-1].rows[-1]
    facts = [row for unit in units for row in unit.rows if row.cause is None]
    fact_no, time = (facts[-1].fact_no, facts[-1].time) if facts else (head.fact_no, head.time)
    return Head(last.seq, fact_no, time, last.digest)


def _by_segment(units: Sequence[Unit]) -> Iterator[Sequence[Unit]]:
    """The units in runs of one segment each."""
    starts = [0, *(n for n, unit in enumerate(units) if n and unit.begins), len(units)]
    return (units[start:end] for start, end in pairwise(starts))
