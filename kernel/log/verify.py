"""Is a log what was written? Every digest is computed again, without folding anything."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kernel.events import SegmentsPruned
from kernel.log.chain import BrokenChain, Row, follow, named_payload
from kernel.log.closing import taken_apart
from kernel.log.contract import Head, LogUnreadable
from kernel.log.database import Database
from kernel.log.directory import StrangeSegment, check_is_log, unsealed_spans
from kernel.log.ledger import Ledger, head_after
from kernel.log.ledger_file import read_ledger
from kernel.log.ledger_lines import Compacted, Lost, Sealed
from kernel.log.lock import has_writer
from kernel.log.mending import without_folder
from kernel.log.reading import Reader, Span
from kernel.log.segments import Segment, file_sha256, write_ahead_file
from kernel.log.signatures import Signatures
from kernel.log.signing import public_keys
from kernel.log.watermark import Watermark, read_watermark


class Soundness(msgspec.Struct, frozen=True):
    """The verdict. `first_bad_seq` is where the log first departs from what was written, if that can be told.

    `events` and `frames` count what was found sound, `pruned` names the segments whose frames or events were removed,
    `quarantined` what damage took and the ledger knows of: then the log is not sound, and all the rest was still
    walked. `signed` counts the sealed segments by the key that signed them, `unsigned` those without a signature,
    `unsealed` those that a crash left. `untold` are those among the pruned whose events are there and whose frames no
    SegmentsPruned of the log names: it was done while nobody wrote, or the writer was killed before it said so.
    `segments` names the sealed ones in order.
    """

    sound: bool
    first_bad_seq: int | None
    reason: str
    events: int
    frames: int
    pruned: tuple[str, ...]
    quarantined: tuple[str, ...] = ()
    signed: tuple[tuple[str, int], ...] = ()
    unsigned: int = 0
    unsealed: int = 0
    untold: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()


class _Unsound(Exception):
    def __init__(self, seq: int | None, reason: str) -> None:
        super().__init__(reason)
        self.seq = seq
        self.reason = reason


def verify_log(
    path: str | Path,
    progress: Callable[[int, int], None] | None = None,
    public_key: Ed25519PublicKey | None = None,
) -> Soundness:
    """Walk the whole log: order, chain, payloads, ledger, signatures, files. `progress` hears of seqs done and in all.

    With `public_key` every seal has to be signed with that one, else with one whose public half lies with the log.

    Raises `LogUnreadable` where there is no log, or a file that does not open; `LogLocked` while it is written to.
    """
    directory = Path(path)
    check_is_log(directory)
    database = Database()
    try:
        ledger = read_ledger(directory)
        signatures = Signatures(public_keys(directory), public_key)
        walk = _Walk(database, directory, ledger, signatures, progress)
        try:
            walk.run()
        except _Unsound as found:
            return walk.verdict(False, found.seq, found.reason)
        return walk.verdict_of_the_whole()
    finally:
        database.close()


class _Walk:
    """One pass over the log; what it has seen so far."""

    def __init__(
        self,
        database: Database,
        directory: Path,
        ledger: Ledger,
        signatures: Signatures,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._database = database
        self._directory = directory
        self._ledger = ledger
        self._signatures = signatures
        self._unsealed_count = 0
        self._progress = progress or _silent
        self._reader = Reader(database, lambda: [])
        self._total = 0
        self._head = Head()
        self._frames = 0
        self._skipped = 0
        self._last_payload = 0
        self._head_known = True
        self._first_frame: int | None = None
        self._told: set[str] = set()

    def verdict(self, sound: bool, seq: int | None, reason: str) -> Soundness:
        pruned = (*sorted(self._ledger.pruned), *(f"{name} events" for name in sorted(self._ledger.pruned_events)))
        quarantined = tuple(map(_described, self._ledger.lost))
        return Soundness(
            sound=sound,
            first_bad_seq=seq,
            reason=reason,
            events=self._head.seq - self._skipped,
            frames=self._frames,
            pruned=pruned,
            quarantined=quarantined,
            signed=tuple(self._signatures.by_key.items()),
            unsigned=self._signatures.unsigned,
            unsealed=self._unsealed_count,
            untold=tuple(sorted(self._ledger.pruned - self._ledger.pruned_events - self._told)),
            segments=tuple(line.segment for line in self._ledger.sealed),
        )

    def verdict_of_the_whole(self) -> Soundness:
        """Once everything was walked: sound, unless the ledger itself names something that is gone."""
        lost = self._ledger.lost
        if not lost:
            return self.verdict(True, None, "")
        return self.verdict(False, min(line.first_seq for line in lost), "; ".join(map(_described, lost)))

    def run(self) -> None:
        self._take_days_apart()
        unsealed = self._unsealed()
        self._unsealed_count = len(unsealed)
        self._total = max([span.last_seq for span in unsealed] + [line.last_seq for line in self._ledger.sealed] + [0])
        for line in self._ledger.sealed:
            self._sealed(line)
        self._first_frame = None
        for span in unsealed:
            self._events(span)
        self._as_committed(read_watermark(self._directory))
        self._progress(self._total, self._total)

    def _take_days_apart(self) -> None:
        """Each segment of a closed day is held against its own seal, which lies in the day's file."""
        try:
            self._ledger = taken_apart(self._database, self._directory, self._ledger)
        except LogUnreadable as error:
            raise _Unsound(None, without_folder(str(error), self._directory)) from None

    def _as_committed(self, mark: Watermark) -> None:
        """After a crash: is all there that the writer came to? One that lives has moved on since we began."""
        if has_writer(self._directory):
            return
        if mark.event > self._head.seq:
            gone = self._head.seq + 1
            raise _Unsound(gone, f"events {gone} to {mark.event} were committed and are not there")
        bare = self._first_frame is not None and self._first_frame <= mark.frame
        if bare or mark.frame > self._last_payload:
            gone = self._first_frame or mark.frame
            raise _Unsound(gone, f"payloads from event {gone} to {mark.frame} were committed and are not there")

    def _unsealed(self) -> list[Span]:
        """What a crash left; files that nothing explains are a finding, not a hindrance."""
        try:
            return unsealed_spans(self._database, self._directory, self._ledger)
        except StrangeSegment as strange:
            raise _Unsound(None, f"segment {strange.segment.name} is not in the ledger") from None

    def _sealed(self, line: Sealed) -> None:
        segment = self._ledger.segment(self._directory, line)
        fault = None if line.first_seq in self._ledger.closed else self._signatures.fault(line)
        if fault is not None:
            raise _Unsound(line.first_seq, fault)
        self._skip_gap_before(line)
        if line.first_seq != self._head.seq + 1 or line.segment != segment.name:
            raise _Unsound(self._head.seq + 1, f"the ledger's line for segment {line.segment} does not follow")
        if not self._ledger.has_events(line):
            self._skipped += line.last_seq - line.first_seq + 1
            self._head, self._head_known = head_after(line), True
            return
        if not segment.events.exists():
            raise _Unsound(line.first_seq, f"{segment.events.name} is missing")
        for stray in map(write_ahead_file, (segment.events, segment.frames)):
            if stray.exists():
                raise _Unsound(None, f"{stray.name}: somebody wrote to the segment after it was sealed")
        self._first_frame = None
        self._events(Span(segment, line.first_seq, line.last_seq))
        head = self._head
        if (head.seq, head.digest.hex()) != (line.last_seq, line.last_digest):
            raise _Unsound(head.seq, f"segment {segment.name} ends otherwise than the ledger says")
        if (head.fact_no, head.time) != (line.last_fact_no, line.last_time):
            raise _Unsound(head.seq, f"the last fact of segment {segment.name} is not the one that the ledger names")
        self._files(segment, line)

    def _skip_gap_before(self, line: Sealed) -> None:
        """A segment that is gone together with its line: the chain is taken up again after it."""
        gap = self._ledger.gaps.get(self._head.seq + 1)
        if gap is not None and gap.last_seq + 1 == line.first_seq:
            self._skipped += gap.last_seq - gap.first_seq + 1
            self._head = msgspec.structs.replace(self._head, seq=gap.last_seq)
            self._head_known = False

    def _files(self, segment: Segment, line: Sealed) -> None:
        """The digests of the files: changes that no row shows. Detached first, see `file_sha256`."""
        day = self._ledger.day_of(line.first_seq)
        events = (segment.events, line.events_sha256 if day is None else day.events_sha256)
        for path, recorded in (events, (segment.frames, line.frames_sha256)):
            if day is not None and path == segment.events and (line.last_seq < day.last_seq or self._has_losses(day)):
                continue
            self._database.detach(path)
            if path == segment.frames and segment.name in self._ledger.pruned:
                continue
            if not path.exists() and (recorded is None or self._ledger.payload_is_lost(segment.first_seq)):
                continue
            if not path.exists():
                raise _Unsound(self._first_frame, f"{path.name} is missing")
            if file_sha256(path) != recorded:
                raise _Unsound(None, f"{path.name} was changed after it was sealed")

    def _has_losses(self, day: Compacted) -> bool:
        """Damage took a part of it, as the ledger says: the chain goes on proving the rest."""
        return any(day.first_seq <= lost.first_seq <= day.last_seq for lost in self._ledger.gaps.values())

    def _events(self, span: Span) -> None:
        self._reader.schema(span)
        if self._reader.count(span) != span.last_seq - span.first_seq + 1:
            gap = self._first_gap(span)
            raise _Unsound(gap, f"event {gap} is missing, twice there or out of place in segment {span.segment.name}")
        if span.segment.frames.exists():
            self._database.attach(span.segment.frames)
        payloads = _Payloads(self._reader, span)
        rows = self._reader.rows(span)
        while self._head.seq < span.last_seq:
            try:
                row = next(rows, None)
            except LogUnreadable as error:
                raise _Unsound(self._first_unreadable(span), str(error)) from None
            if row is None:
                missing = self._head.seq + 1
                raise _Unsound(missing, f"event {missing} is not in segment {span.segment.name}")
            self._head = self._followed(row)
            self._payload(span, row, payloads)
            self._note_pruned(row)
            if row.seq % 1024 == 0:
                self._progress(row.seq, self._total)
        stray = payloads.next_seq()
        if stray is not None:
            raise _Unsound(stray, f"a payload is stored for event {stray}, which is no frame")

    def _followed(self, row: Row) -> Head:
        if not self._head_known:
            self._head_known = True
            return Head(row.seq, row.fact_no, row.time, row.digest)
        try:
            return follow(self._head, row)
        except BrokenChain as broken:
            raise _Unsound(broken.seq, broken.reason) from None

    def _note_pruned(self, row: Row) -> None:
        if row.kind == SegmentsPruned.__name__:
            body = msgspec.json.decode(row.body, type=SegmentsPruned)
            self._told.update(body.segments if body.part == "frames" else ())

    def _first_gap(self, span: Span) -> int:
        expected = span.first_seq
        for seq in self._reader.all_seqs(span):
            if seq != expected:
                return min(seq, expected)
            expected += 1
        return expected

    def _first_unreadable(self, span: Span) -> int:
        """The first event after the last good one that cannot be read by itself."""
        for seq in range(self._head.seq + 1, span.last_seq):
            try:
                self._reader.row(span, seq)
            except LogUnreadable:
                return seq
        return span.last_seq

    def _payload(self, span: Span, row: Row, payloads: "_Payloads") -> None:
        named = named_payload(row)
        if not named:
            return
        payload = payloads.of(row.seq)
        if payload is not None:
            if hashlib.sha256(payload).hexdigest() != named:
                raise _Unsound(row.seq, f"the payload of event {row.seq} was changed")
            self._frames += 1
            self._last_payload = row.seq
        elif self._ledger.payload_is_lost(row.seq):
            pass
        elif span.segment.frames.exists():
            raise _Unsound(row.seq, f"the payload of event {row.seq} is missing")
        elif self._first_frame is None:
            self._first_frame = row.seq


def _described(lost: Lost) -> str:
    what = "events" if lost.what == "events" else "payloads of frames"
    return f"{what} {lost.first_seq} to {lost.last_seq} in quarantine or lost: {lost.detail}"


def _silent(done: int, total: int) -> None:
    """Nobody wants to hear of progress."""


class _Payloads:
    """The payloads of a segment, taken one by one as their events come by."""

    def __init__(self, reader: Reader, span: Span) -> None:
        self._stored: Iterator[tuple[int, bytes]] = reader.payloads_of(span, span.first_seq, span.last_seq)
        self._next: tuple[int, bytes] | None = None
        self._reader = reader
        self._span = span
        self._last_taken = span.first_seq - 1
        self._fetch()

    def next_seq(self) -> int | None:
        return None if self._next is None else self._next[0]

    def of(self, seq: int) -> bytes | None:
        if self._next is None or self._next[0] > seq:
            return None
        if self._next[0] < seq:
            raise _Unsound(self._next[0], f"a payload is stored for event {self._next[0]}, which is no frame")
        payload = self._next[1]
        self._last_taken = seq
        self._fetch()
        return payload

    def _fetch(self) -> None:
        try:
            self._next = next(self._stored, None)
        except LogUnreadable as error:
            raise _Unsound(self._first_unreadable(), str(error)) from None

    def _first_unreadable(self) -> int | None:
        first = self._last_taken + 1
        try:
            seqs = self._reader.framed_seqs(self._span, first, self._span.last_seq)
        except LogUnreadable:
            return first
        for seq in seqs:
            try:
                list(self._reader.payloads_of(self._span, seq, seq))
            except LogUnreadable:
                return seq
        return first
