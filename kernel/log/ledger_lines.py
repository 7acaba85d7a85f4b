"""The lines of a ledger, each a JSON object that ends with the CRC-32 of what stands before it."""

import re
import zlib
from pathlib import Path
from typing import Literal

import msgspec

from kernel.events import SCHEMA_VERSION
from kernel.log.contract import LogUnreadable


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


class DamagedLedger(LogUnreadable):
    """A line is not what was written."""


_FORMAT = "emberline"
_LINE = msgspec.json.Decoder(Line)
_CHECKED = re.compile(rb'(\{.*),"crc":"([0-9a-f]{8})"\}')
_SCHEMA = re.compile(rb'"schema":(\d{1,9})')


def first_line() -> LogBegun:
    """The line that a ledger of today begins with."""
    return LogBegun(_FORMAT, SCHEMA_VERSION)


def encode_line(line: Line) -> bytes:
    """With its check sum and the end of the line."""
    text = msgspec.json.encode(line)
    return b'%s,"crc":"%08x"}\n' % (text[:-1], zlib.crc32(text))


def parse_line(path: Path, number: int, text: bytes) -> Line:
    """A line without its end. Raises `DamagedLedger`, and `LogUnreadable` where it is of a newer Emberline."""
    checked = _CHECKED.fullmatch(text)
    if checked is not None:
        text = checked[1] + b"}"
        if zlib.crc32(text) != int(checked[2], 16):
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


def check_schema(where: Path, schema: int) -> None:
    """Raise `LogUnreadable` where a log is of a newer schema than this Emberline knows."""
    if schema > SCHEMA_VERSION:
        raise LogUnreadable(
            f"{where} was written by a newer Emberline (log schema {schema}, this one reads up to {SCHEMA_VERSION})"
        )


def check_named_schemas(path: Path, whole: bytes) -> None:
    """Raise `LogUnreadable` where every line names a newer schema, whatever else those lines may be.

    A newer Emberline may form its lines and check sums in another way. A single such line among others is damage.
    """
    schemas = [int(number) for number in _SCHEMA.findall(whole)]
    if schemas:
        check_schema(path, min(schemas))
