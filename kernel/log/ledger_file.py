"""The ledger on the disk: `ledger.jsonl`, one JSON object a line, only ever appended to.

The first line says that this is a log; each further line records a segment that was sealed, one whose frames or
events were removed on purpose, what damage took, that the events of many segments lie in the file of a day, or what
stands for the lines of many segments. A last line that a crash cut short is ignored on reading and cut off before the
next is written.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from kernel.durable import sync_directory
from kernel.log.contract import LogUnreadable
from kernel.log.ledger import Ledger
from kernel.log.ledger_lines import DamagedLedger, Line, check_named_schemas, encode_line, first_line, parse_line

LEDGER_NAME = "ledger.jsonl"
_APPENDING = threading.Lock()
_CHUNK_BYTES = 1 << 16


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
        write_ledger(directory, change(_parsed(path, _whole_lines(path))))


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
        lines = _parsed(path, whole, self.ledger.length, self.lines)
        if not lines:
            return self
        ledger = self.ledger.with_lines(lines, len(whole))
        return _Known(hashlib.sha256(whole).digest(), self.lines + len(lines), ledger)


_MOST_KNOWN = 2
_NOTHING = _Known(hashlib.sha256().digest(), 0, Ledger((), frozenset(), 0))
_known: dict[Path, _Known] = {}
"""By the ledger's path, the one last read at the end."""


def legible_lines(directory: Path) -> tuple[list[Line], list[Line], str]:
    """A damaged ledger: the lines before the first damage, those after it, and what the damage is.

    Raises `LogUnreadable` where it is of a newer Emberline.
    """
    path = directory / LEDGER_NAME
    whole = _whole_lines(path)
    before: list[Line] = []
    after: list[Line] = []
    reason = ""
    for number, text in enumerate(whole.split(b"\n")[:-1], start=1):
        try:
            (after if reason else before).append(parse_line(path, number, text))
        except DamagedLedger as error:
            check_named_schemas(path, whole)
            reason = reason or str(error)
    return before, after, reason


def _parsed(path: Path, whole: bytes, start: int = 0, before: int = 0) -> list[Line]:
    """The lines from byte `start` on; before it stand `before` lines. Raises as `read_ledger` does."""
    texts = whole[start:].split(b"\n")[:-1]
    try:
        return [parse_line(path, number, text) for number, text in enumerate(texts, start=before + 1)]
    except DamagedLedger:
        check_named_schemas(path, whole)
        raise


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


def _write_lines(path: Path, lines: Sequence[Line], length: int) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(file, length)
        os.lseek(file, length, os.SEEK_SET)
        data = b"".join(map(encode_line, lines))
        if os.write(file, data) != len(data):
            raise OSError("the disk took only a part of a line")
        os.fsync(file)
    finally:
        os.close(file)
    sync_directory(path.parent)
