"""The files of a log: pairs named after the first seq they hold. A segment without frames has no frames file."""

import hashlib
import re
from pathlib import Path

import msgspec

_NAME = re.compile(r"(\d{12})\.(events|frames)\.duckdb(\..+)?")


_HEADERS_BYTES = 3 * 4096
"""What DuckDB writes when it makes a database file."""


_DAY_NAME = re.compile(r"(\d{12})\.day\.duckdb")
"""Files in which the events of a day's segments lie together."""


class Segment(msgspec.Struct, frozen=True):
    """One pair of files. Where its events lie in the file of a day, `day` is the first seq of that."""

    directory: Path
    first_seq: int
    day: int | None = None

    @property
    def name(self) -> str:
        return f"{self.first_seq:012d}"

    @property
    def events(self) -> Path:
        return self.own_events if self.day is None else day_file(self.directory, self.day)

    @property
    def own_events(self) -> Path:
        """Where its events were sealed."""
        return self.directory / f"{self.name}.events.duckdb"

    @property
    def frames(self) -> Path:
        return self.directory / f"{self.name}.frames.duckdb"


def day_file(directory: Path, first_seq: int) -> Path:
    """The file of a day that begins with this seq."""
    return directory / f"{first_seq:012d}.day.duckdb"


def day_files_in(directory: Path) -> dict[int, Path]:
    """The files of days that are there, by their first seq, in order."""
    found = [(match, path) for path in sorted(directory.iterdir()) if (match := _DAY_NAME.fullmatch(path.name))]
    return {int(match[1]): path for match, path in found}


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
