"""Reading what a crash left, without changing it: where it is damaged, from a mended copy."""

import shutil
import tempfile
from pathlib import Path

import msgspec

from kernel.log.chain import PAYLOAD_KINDS
from kernel.log.contract import Head, LogLocked, LogUnreadable, Recovery, Selection
from kernel.log.database import Database
from kernel.log.directory import unsealed_segments, unsealed_spans
from kernel.log.ledger import Ledger, head_of
from kernel.log.ledger_file import LEDGER_NAME, read_ledger
from kernel.log.ledger_lines import Lost
from kernel.log.reading import Reader, Span
from kernel.log.recovery import recover_unsealed
from kernel.log.segments import Segment, files_of
from kernel.log.watermark import WATERMARK_NAME, read_watermark


class Left:
    """What follows the sealed segments, as a reader sees it; `close` removes the copy if there is one."""

    def __init__(
        self,
        spans: list[Span],
        head: Head,
        recovered: tuple[Recovery, ...] = (),
        lost: tuple[Lost, ...] = (),
        copy: "tempfile.TemporaryDirectory[str] | None" = None,
    ) -> None:
        self.spans = spans
        self.head = head
        self.recovered = recovered
        self.lost = lost
        self._copy = copy

    def close(self) -> None:
        """Allowed twice."""
        if self._copy is not None:
            self._copy.cleanup()


def read_left(database: Database, directory: Path, ledger: Ledger) -> Left:
    """What a crash left after the sealed segments, mended where need be.

    Raises `LogLocked` where it is being written, `LogUnreadable` where files do not belong to the log.
    """
    segments = unsealed_segments(directory, ledger)
    before = head_of(ledger)
    try:
        spans = unsealed_spans(database, directory, ledger)
        if not segments or _seems_whole(database, segments, spans):
            return Left(spans, _head_of(database, spans, before))
    except LogLocked:
        raise
    except LogUnreadable:
        if not segments:
            raise
    for segment in segments:
        database.detach(segment.events)
        database.detach(segment.frames)
    return _mended_copy(segments, ledger)


def _seems_whole(database: Database, segments: list[Segment], spans: list[Span]) -> bool:
    """Whether all that was committed is there and the files open. Raises `LogUnreadable` where one does not."""
    mark = read_watermark(segments[0].directory)
    if mark.frame >= segments[0].first_seq and not all(_has_payloads(database, span, mark.frame) for span in spans):
        return False
    return mark.event <= (spans[-1].last_seq if spans else segments[0].first_seq - 1)


def _has_payloads(database: Database, span: Span, last_seq: int) -> bool:
    """Whether the payloads that its events up to `last_seq` name are there; then all were stored."""
    segment = span.segment
    sql = f"SELECT count(*) FROM {{}} WHERE kind IN {PAYLOAD_KINDS} AND seq <= ?"
    named = database.rows(segment.events, "events", sql, [last_seq])[0][0]
    if not named or not segment.frames.exists():
        return not named
    database.attach(segment.frames)
    if "frames" not in database.tables(segment.frames):
        return False
    return database.rows(segment.frames, "frames", "SELECT count(*) FROM {} WHERE seq <= ?", [last_seq])[0][0] == named


def _mended_copy(segments: list[Segment], ledger: Ledger) -> Left:
    copy = tempfile.TemporaryDirectory(prefix="emberline-")
    try:
        place, directory = Path(copy.name), segments[0].directory
        beside = [directory / name for name in (LEDGER_NAME, WATERMARK_NAME)]
        files = [path for segment in segments for path in files_of(segment)]
        for path in [*(path for path in beside if path.exists()), *files]:
            shutil.copyfile(path, place / path.name)
        recovered = _recover_in(place)
        mended = read_ledger(place)
    except BaseException:
        copy.cleanup()
        raise
    lines = mended.sealed[len(ledger.sealed) :]
    spans = [Span(Segment(place, line.first_seq), line.first_seq, line.last_seq) for line in lines]
    return Left(spans, head_of(mended), recovered, mended.lost[len(ledger.lost) :], copy)


def _recover_in(place: Path) -> tuple[Recovery, ...]:
    database = Database()
    try:
        return tuple(recover_unsealed(database, place, {}, None))
    finally:
        database.close()


def _head_of(database: Database, spans: list[Span], before: Head) -> Head:
    """The head of segments that the ledger does not know yet."""
    head = before
    for span in spans:
        reader = Reader(database, lambda span=span: [span])
        for row in reader.rows(span, Selection(facts_only=True)):
            head = msgspec.structs.replace(head, fact_no=row.fact_no, time=row.time)
        for row in reader.rows(span, Selection(first=span.last_seq)):
            head = msgspec.structs.replace(head, seq=row.seq, digest=row.digest)
    return head
