"""The files of a log: pairs named after the first seq they hold. A segment without frames has no frames file."""

import hashlib
import re
from pathlib import Path

import msgspec

_NAME = re.compile(r"(\d{12})\.(events|frames)\.duckdb(\..+)?")


_HEADERS_BYTES = 3 * 4096
"""What DuckDB writes when it makes a database file."""


class Segment(msgspec.Struct, frozen=True):
    """One pair of files."""

    directory: Path
    first_seq: int

    @property
    def name(self) -> str:
        return f"{self.first_seq:012d}"

    @property
    def events(self) -> Path:
        return self.directory / f"{self.name}.events.duckdb"

    @property
    def frames(self) -> Path:
        return self.directory / f"{self.name}.frames.duckdb"


def segments_in(directory: Path) -> list[Segment]:
    """The segments of which a file is there, be it only a write-ahead file, in order."""
    matches = [_NAME.fullmatch(path.name) for path in directory.iterdir()]
    return [Segment(directory, first) for first in sorted({int(match[1]) for match in matches if match})]


def files_of(segment: Segment) -> list[Path]:
    """All files of a segment that are there: databases and what DuckDB keeps beside them."""
    return sorted(segment.directory.glob(f"{segment.name}.events.duckdb*")) + sorted(
        segment.directory.glob(f"{segment.name}.frames.duckdb*")
    )


def companions(database: Path) -> list[Path]:
    """What DuckDB keeps beside a database file: a write-ahead file, and others while it checkpoints."""
    return sorted(database.parent.glob(f"{database.name}.*"))


def is_unborn(database: Path) -> bool:
    """Whether the process was killed while DuckDB made the file: its headers were not all written."""
    return database.exists() and database.stat().st_size < _HEADERS_BYTES and not companions(database)


def write_ahead_file(database: Path) -> Path:
    """Where DuckDB keeps what is committed but not yet in the database file."""
    return database.with_name(database.name + ".wal")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Never of a file that is attached: that would lose DuckDB's lock on it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
