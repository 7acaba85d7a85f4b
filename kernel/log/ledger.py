"""The ledger: `ledger.jsonl`, one JSON object a line, only ever appended to.

The first line says that this is a log; each further line records a segment that was sealed, or one whose frames were
removed on purpose. A last line that a crash cut short is ignored on reading and cut off before the next is written.
"""

import os
from pathlib import Path

import msgspec

from kernel.events import SCHEMA_VERSION
from kernel.log.contract import LogUnreadable

LEDGER_NAME = "ledger.jsonl"


class LogBegun(msgspec.Struct, frozen=True, tag="log", tag_field="line"):
    """The first line."""

    format: str
    schema: int


class Sealed(msgspec.Struct, frozen=True, tag="sealed", tag_field="line"):
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


class Pruned(msgspec.Struct, frozen=True, tag="pruned", tag_field="line"):
    """The frames of a segment were removed on purpose."""

    segment: str


class Ledger(msgspec.Struct, frozen=True):
    """What the ledger says. `length` is how many of its bytes are whole lines."""

    sealed: tuple[Sealed, ...]
    pruned: frozenset[str]
    length: int


_LINE = msgspec.json.Decoder(LogBegun | Sealed | Pruned)
_FORMAT = "emberline"


def begin_ledger(directory: Path) -> None:
    """Write the first line of a new log."""
    _append_line(directory / LEDGER_NAME, LogBegun(_FORMAT, SCHEMA_VERSION), 0)


def append_line(directory: Path, line: Sealed | Pruned) -> None:
    """Add a line and have it on the disk before returning."""
    _append_line(directory / LEDGER_NAME, line, read_ledger(directory).length)


def cut_ledger(directory: Path, length: int) -> None:
    """Take back the lines after the first `length` bytes: of segments that nobody was told of."""
    path = directory / LEDGER_NAME
    with path.open("r+b") as file:
        file.truncate(length)
        os.fsync(file.fileno())
    sync_directory(directory)


def read_ledger(directory: Path) -> Ledger:
    """Read the ledger. Raises `LogUnreadable` where it is missing, damaged or of a newer Emberline."""
    path = directory / LEDGER_NAME
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LogUnreadable(f"{path} cannot be read: {error.strerror}") from None
    whole = data[: data.rfind(b"\n") + 1]
    sealed: list[Sealed] = []
    pruned: set[str] = set()
    for number, text in enumerate(whole.splitlines(), start=1):
        line = _parse(path, number, text)
        if isinstance(line, LogBegun):
            check_schema(path, line.schema)
        elif isinstance(line, Sealed):
            check_schema(path, line.schema)
            sealed.append(line)
        else:
            pruned.add(line.segment)
    return Ledger(tuple(sealed), frozenset(pruned), len(whole))


def check_schema(where: Path, schema: int) -> None:
    """Raise `LogUnreadable` where a log is of a newer schema than this Emberline knows."""
    if schema > SCHEMA_VERSION:
        raise LogUnreadable(
            f"{where} was written by a newer Emberline (log schema {schema}, this one reads up to {SCHEMA_VERSION})"
        )


def _parse(path: Path, number: int, text: bytes) -> LogBegun | Sealed | Pruned:
    try:
        line = _LINE.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogUnreadable(f"{path} line {number} is damaged: {error}") from None
    if (number == 1) != isinstance(line, LogBegun) or (isinstance(line, LogBegun) and line.format != _FORMAT):
        raise LogUnreadable(f"{path} line {number} is not what an Emberline ledger has there")
    return line


def _append_line(path: Path, line: LogBegun | Sealed | Pruned, length: int) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(file, length)
        os.lseek(file, length, os.SEEK_SET)
        os.write(file, msgspec.json.encode(line) + b"\n")
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
