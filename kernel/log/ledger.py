"""The ledger: `ledger.jsonl`, one JSON object a line, only ever appended to.

The first line says that this is a log; each further line records a segment that was sealed, one whose frames or
events were removed on purpose, what damage took, or that the events of many segments lie in the file of a day. Each
line ends with the CRC-32 of what stands before it. A last line that a crash cut short is ignored on reading and cut
off before the next is written.
"""

import hashlib
import os
import re
import threading
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from kernel.events import SCHEMA_VERSION
from kernel.log.contract import GENESIS, Head, LogUnreadable
from kernel.log.segments import Segment

LEDGER_NAME = "ledger.jsonl"


class LogBegun(msgspec.Struct, frozen=True, tag="log", tag_field="line", forbid_unknown_fields=True):
    """The first line."""

    format: str
    schema: int


class Sealed(msgspec.Struct, frozen=True, gc=False, tag="sealed", tag_field="line", forbid_unknown_fields=True):
    """A segment that will not change any more. Digests are SHA-256 in hexadecimal."""

    segment: str
    first_seq: int
    last_seq: int
    last_fact_no: int
    last_time: int
    last_digest: str
    events_sha256: str
    frames_sha256: str | None
    schema: int
    key: str | None = None
    """The id of the key that signed it; None in logs of before, and where there was no key to be had."""
    signature: str | None = None


class Pruned(msgspec.Struct, frozen=True, gc=False, tag="pruned", tag_field="line", forbid_unknown_fields=True):
    """The frames of a segment, or its events, were removed on purpose."""

    segment: str
    part: Literal["frames", "events"] = "frames"


class Lost(msgspec.Struct, frozen=True, tag="lost", tag_field="line", forbid_unknown_fields=True):
    """Damage took the events of a whole sealed segment, or payloads of the frames `first_seq` to `last_seq`.

    The seqs stay taken. `detail` says why and where the damaged files are kept.
    """

    segment: str
    what: Literal["events", "payloads"]
    first_seq: int
    last_seq: int
    detail: str


class Compacted(msgspec.Struct, frozen=True, tag="compacted", tag_field="line", forbid_unknown_fields=True):
    """The events of all sealed segments from `first_seq` to `last_seq` lie in one file, see `kernel/log/days.py`."""

    first_seq: int
    last_seq: int
    events_sha256: str


class Closed(msgspec.Struct, frozen=True, gc=False, tag="closed", tag_field="line", forbid_unknown_fields=True):
    """Stands for the lines of all segments from `first_seq` to `last_seq`, see `kernel/log/closing.py`.

    They ended with the digest `last_digest`. Their events lie in the file of a day with the digest `events_sha256`,
    None where nothing is left of them; `framed` says that they had frames, which were removed on purpose.
    """

    first_seq: int
    last_seq: int
    last_fact_no: int
    last_time: int
    last_digest: str
    events_sha256: str | None
    framed: bool
    schema: int

    def meaning(self) -> "list[Sealed | Pruned | Compacted]":
        """As of one large segment, without a signature."""
        name = f"{self.first_seq:012d}"
        frames = "" if self.framed else None
        where = self.first_seq, self.last_seq
        ends = self.last_fact_no, self.last_time, self.last_digest
        sealed = Sealed(name, *where, *ends, self.events_sha256 or "", frames, self.schema)
        events = Pruned(name, "events") if self.events_sha256 is None else Compacted(*where, self.events_sha256)
        return [sealed, events, *([Pruned(name)] if self.framed else [])]


Line = LogBegun | Sealed | Pruned | Lost | Compacted | Closed


class Ledger(msgspec.Struct, frozen=True):
    """What the ledger says. `pruned` are the segments whose frames were removed, `pruned_events` those whose events.

    `closed` are the first seqs of what is one line for many segments, and is in `sealed` as one of them. `length` is
    how many of its bytes are whole lines.
    """

    sealed: tuple[Sealed, ...]
    pruned: frozenset[str]
    length: int
    lost: tuple[Lost, ...] = ()
    pruned_events: frozenset[str] = frozenset()
    days: tuple[Compacted, ...] = ()
    closed: frozenset[int] = frozenset()

    def day_of(self, first_seq: int) -> Compacted | None:
        """The day in whose file a segment's events lie, by its first seq; None where they lie by themselves."""
        at = bisect_right(self.days, first_seq, key=lambda day: day.first_seq) - 1
        return self.days[at] if at >= 0 and first_seq <= self.days[at].last_seq else None

    def segment(self, directory: Path, line: Sealed) -> Segment:
        """The files of a sealed segment."""
        day = self.day_of(line.first_seq)
        return Segment(directory, line.first_seq, None if day is None else day.first_seq)

    def lines_of(self, day: Compacted) -> tuple[Sealed, ...]:
        """The sealed segments whose events lie in the file of a day."""
        start = bisect_left(self.sealed, day.first_seq, key=lambda line: line.first_seq)
        end = bisect_right(self.sealed, day.last_seq, key=lambda line: line.first_seq)
        return self.sealed[start:end]

    @property
    def gaps(self) -> dict[int, Lost]:
        """The lost segments by their first seq."""
        return {lost.first_seq: lost for lost in self.lost if lost.what == "events"}

    def has_events(self, line: Sealed) -> bool:
        """Whether the events of a sealed segment have to be there."""
        return line.first_seq not in self.gaps and line.segment not in self.pruned_events

    def frames_were_pruned(self, segment: Segment) -> bool:
        """Whether its frames were removed on purpose, be it under the name of what it was closed with."""
        at = bisect_right(self.sealed, segment.first_seq, key=lambda line: line.first_seq) - 1
        covers = at >= 0 and segment.first_seq <= self.sealed[at].last_seq
        return covers and self.sealed[at].segment in self.pruned

    def payload_is_lost(self, seq: int) -> bool:
        """Whether it is known that the payload of this event is gone."""
        return any(lost.first_seq <= seq <= lost.last_seq for lost in self.lost)

    def is_framed(self, line: Sealed) -> bool:
        """Whether a sealed segment has to have the payloads of all its frames."""
        lost = any(lost.segment == line.segment for lost in self.lost)
        return line.frames_sha256 is not None and line.segment not in self.pruned and not lost


class DamagedLedger(LogUnreadable):
    """A line is not what was written."""


_APPENDING = threading.Lock()
_CHUNK_BYTES = 1 << 16
_LINE = msgspec.json.Decoder(Line)
_FORMAT = "emberline"
_SCHEMA = re.compile(rb'"schema":(\d{1,9})')
_CHECKED = re.compile(rb'(\{.*),"crc":"([0-9a-f]{8})"\}')


def first_line() -> LogBegun:
    """The line that a ledger of today begins with."""
    return LogBegun(_FORMAT, SCHEMA_VERSION)


def begin_ledger(directory: Path) -> None:
    """Write the first line of a new log."""
    _write_lines(directory / LEDGER_NAME, [first_line()], 0)


def append_line(directory: Path, line: Line) -> None:
    """Add a line and have it on the disk before returning."""
    append_lines(directory, [line])


def append_lines(directory: Path, lines: Sequence[Line]) -> None:
    """Add lines and have them on the disk before returning. For several threads of the one writer."""
    path = directory / LEDGER_NAME
    with _APPENDING:
        _write_lines(path, lines, _length_of_whole_lines(path))


def write_ledger(directory: Path, lines: Sequence[Line]) -> None:
    """Put a ledger of these lines in place of the one that is there, if any, in one step."""
    aside = directory / f"{LEDGER_NAME}.new"
    _write_lines(aside, lines, 0)
    aside.rename(directory / LEDGER_NAME)
    sync_directory(directory)


def replace_lines(directory: Path, change: Callable[[Sequence[Line]], Sequence[Line]]) -> None:
    """Put what `change` makes of the ledger's lines in their place, in one step. For several threads of the one writer.

    Raises `DamagedLedger`, `LogUnreadable`, `OSError`.
    """
    path = directory / LEDGER_NAME
    with _APPENDING:
        texts = _whole_lines(path).split(b"\n")[:-1]
        write_ledger(directory, change([_parse(path, number, text) for number, text in enumerate(texts, start=1)]))


def cut_ledger(directory: Path, length: int) -> None:
    """Take back the lines after the first `length` bytes: of segments that nobody was told of."""
    path = directory / LEDGER_NAME
    with path.open("r+b") as file:
        file.truncate(length)
        os.fsync(file.fileno())
    sync_directory(directory)


def read_ledger(directory: Path) -> Ledger:
    """Read the ledger.

    Raises `DamagedLedger` at the first line that is not what was written, `LogUnreadable` where the ledger cannot be
    read or is of a newer Emberline.
    """
    path = directory / LEDGER_NAME
    whole = _whole_lines(path)
    known = _known.pop(path, _NOTHING)
    if not known.is_beginning_of(whole):
        known = _NOTHING
    _known[path] = known = known.read_on(path, whole)
    while len(_known) > _MOST_KNOWN:
        del _known[next(iter(_known))]
    return known.ledger


class _Known(msgspec.Struct, frozen=True):
    """What a ledger says that was read before; where it begins with the same bytes, only the lines after them are new.

    A log of a month has 43,000 segments, and its ledger is read at every turn.
    """

    sha256: bytes
    lines: int
    ledger: Ledger

    def is_beginning_of(self, whole: bytes) -> bool:
        length = self.ledger.length
        return length <= len(whole) and hashlib.sha256(memoryview(whole)[:length]).digest() == self.sha256

    def read_on(self, path: Path, whole: bytes) -> "_Known":
        """Raises as `read_ledger` does."""
        new = whole[self.ledger.length :]
        if not new:
            return self
        lines = [_parse(path, number, text) for number, text in enumerate(new.split(b"\n")[:-1], start=self.lines + 1)]
        ledger = _extended(self.ledger, lines, len(whole))
        return _Known(hashlib.sha256(whole).digest(), self.lines + len(lines), ledger)


_MOST_KNOWN = 2
_NOTHING = _Known(hashlib.sha256().digest(), 0, Ledger((), frozenset(), 0))
_known: dict[Path, _Known] = {}
"""By the ledger's path, the one last read at the end."""


def _extended(before: Ledger, added: Sequence[Line], length: int) -> Ledger:
    lines = [meant for line in added for meant in (line.meaning() if isinstance(line, Closed) else [line])]
    pruned = [line for line in lines if isinstance(line, Pruned)]
    return Ledger(
        before.sealed + tuple(line for line in lines if isinstance(line, Sealed)),
        before.pruned.union(line.segment for line in pruned if line.part == "frames"),
        length,
        before.lost + tuple(line for line in lines if isinstance(line, Lost)),
        before.pruned_events.union(line.segment for line in pruned if line.part == "events"),
        _days_of([*before.days, *lines]),
        before.closed.union(line.first_seq for line in added if isinstance(line, Closed)),
    )


def _days_of(lines: Sequence[Line]) -> tuple[Compacted, ...]:
    """In order of seq; of several lines for the same events the last one holds."""
    days = {line.first_seq: line for line in lines if isinstance(line, Compacted)}
    return tuple(days[first] for first in sorted(days))


def legible_lines(directory: Path) -> tuple[list[Line], list[Line], str]:
    """A damaged ledger: the lines before the first damage, those after it, and what the damage is.

    Raises `LogUnreadable` where it is of a newer Emberline.
    """
    path = directory / LEDGER_NAME
    before: list[Line] = []
    after: list[Line] = []
    reason = ""
    for number, text in enumerate(_whole_lines(path).split(b"\n")[:-1], start=1):
        try:
            (after if reason else before).append(_parse(path, number, text))
        except DamagedLedger as error:
            reason = reason or str(error)
    return before, after, reason


def head_of(ledger: Ledger) -> Head:
    """Where the sealed segments end."""
    return head_after(ledger.sealed[-1]) if ledger.sealed else Head(digest=GENESIS)


def head_after(line: Sealed) -> Head:
    """The head at the end of a sealed segment."""
    return Head(line.last_seq, line.last_fact_no, line.last_time, bytes.fromhex(line.last_digest))


def check_schema(where: Path, schema: int) -> None:
    """Raise `LogUnreadable` where a log is of a newer schema than this Emberline knows."""
    if schema > SCHEMA_VERSION:
        raise LogUnreadable(
            f"{where} was written by a newer Emberline (log schema {schema}, this one reads up to {SCHEMA_VERSION})"
        )


def _whole_lines(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LogUnreadable(f"{path} cannot be read: {error.strerror}") from None
    return data[: data.rfind(b"\n") + 1]


def _length_of_whole_lines(path: Path) -> int:
    """Looks at no more than the end of the file."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - _CHUNK_BYTES)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
    return 0


def _check_named_schema(path: Path) -> None:
    """A newer Emberline may form its lines and check sums in another way: where every line names its schema, it is one.

    A single such line among others is damage.
    """
    schemas = [int(number) for number in _SCHEMA.findall(_whole_lines(path))]
    if schemas:
        check_schema(path, min(schemas))


def _parse(path: Path, number: int, text: bytes) -> Line:
    checked = _CHECKED.fullmatch(text)
    if checked is not None:
        text = checked[1] + b"}"
        if zlib.crc32(text) != int(checked[2], 16):
            _check_named_schema(path)
            raise DamagedLedger(f"{path} line {number} is damaged: its check sum is another one")
    try:
        line = _LINE.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedLedger(f"{path} line {number} is damaged: {error}") from None
    if (number == 1) != isinstance(line, LogBegun) or (isinstance(line, LogBegun) and line.format != _FORMAT):
        raise DamagedLedger(f"{path} line {number} is not what an Emberline ledger has there")
    if isinstance(line, LogBegun | Sealed | Closed):
        check_schema(path, line.schema)
    return line


def _encode(line: Line) -> bytes:
    text = msgspec.json.encode(line)
    return b'%s,"crc":"%08x"}\n' % (text[:-1], zlib.crc32(text))


def _write_lines(path: Path, lines: Sequence[Line], length: int) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(file, length)
        os.lseek(file, length, os.SEEK_SET)
        data = b"".join(map(_encode, lines))
        if os.write(file, data) != len(data):
            raise OSError("the disk took only a part of a line")
        os.fsync(file)
    finally:
        os.close(file)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Have the directory's entries on the disk."""
    file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
