"""Getting DuckDB to open a file again whose write-ahead file was damaged.

Of a write-ahead file DuckDB 2.0 takes a clean prefix and refuses anything else, a tail of zeros among it, and names
the byte position of the first entry that it cannot replay. Cut there, it is a clean prefix: what was committed before
the damage is kept.
"""

import re
import shutil
import tempfile
from pathlib import Path

from kernel.log.contract import LogUnreadable, Recovery
from kernel.log.database import Database
from kernel.log.quarantine import keep_copy
from kernel.log.segments import companions, write_ahead_file

_SCRATCH = "mending-"
_POSITION = re.compile(r"byte position (\d+)")


def open_mended(database: Database, path: Path) -> tuple[bool, list[Recovery]]:
    """Attach a file for reading, its write-ahead file cut where it is damaged; a copy of that is kept first.

    Returns whether it could be attached, and what was mended. Raises `LogLocked` where another process has it.
    """
    _finish_checkpoint(database, path)
    wal = write_ahead_file(path)
    length = wal.stat().st_size if wal.exists() else 0
    refusal = _refusal(database, path)
    if refusal is None:
        return True, []
    if length == 0 or not _opens_without(path):
        return False, []
    kept = keep_copy(wal)
    first = refusal
    while refusal is not None and length > 0:
        named = _POSITION.search(refusal)
        length = int(named[1]) if named and int(named[1]) < length else _longest_prefix(path, length)
        with wal.open("r+b") as file:
            file.truncate(length)
        refusal = _refusal(database, path)
    detail = f"cut to {length} bytes: {without_folder(first, path.parent)}; the whole is kept as {kept}"
    return refusal is None, [Recovery("write_ahead_cut", wal.name, 0, detail)]


def scratch_folder(directory: Path) -> "tempfile.TemporaryDirectory[str]":
    """A folder on the log's own disk for work that is not done yet."""
    return tempfile.TemporaryDirectory(dir=directory, prefix=_SCRATCH)


def remove_scratch(directory: Path) -> None:
    """Remove what a process left that was killed while it mended."""
    for path in directory.glob(f"{_SCRATCH}*"):
        shutil.rmtree(path, ignore_errors=True)


def without_folder(message: str, directory: Path) -> str:
    """A message that names files by their names alone: what is recorded must not depend on where the log lies."""
    return message.replace(f"{directory}/", "")


def _refusal(database: Database, path: Path) -> str | None:
    """Why the file cannot be attached; None once it is."""
    if not path.exists():
        return "the database file is missing"
    try:
        database.attach(path)
    except LogUnreadable as error:
        return str(error)
    return None


def _finish_checkpoint(database: Database, path: Path) -> None:
    """A process killed while it checkpointed leaves further files, which DuckDB sorts out only if it may write."""
    if path.exists() and any(beside != write_ahead_file(path) for beside in companions(path)):
        try:
            database.attach_writable(path)
        except LogUnreadable:
            return
        database.detach(path)


def _longest_prefix(path: Path, length: int) -> int:
    """How much of the write-ahead file DuckDB takes, by bisection on copies of the files."""
    wal = write_ahead_file(path)
    with scratch_folder(path.parent) as scratch:
        copy = Path(scratch) / path.name
        good, bad = 0, length
        while bad - good > 1:
            middle = (good + bad) // 2
            shutil.copyfile(path, copy)
            shutil.copyfile(wal, write_ahead_file(copy))
            with write_ahead_file(copy).open("r+b") as file:
                file.truncate(middle)
            good, bad = (middle, bad) if _opens(copy) else (good, middle)
    return good


def _opens_without(path: Path) -> bool:
    """Whether the database file itself is sound, so that the write-ahead file is to blame."""
    if not path.exists():
        return False
    with scratch_folder(path.parent) as scratch:
        return _opens(Path(shutil.copyfile(path, Path(scratch) / path.name)))


def _opens(path: Path) -> bool:
    database = Database()
    try:
        database.attach(path)
    except LogUnreadable:
        return False
    finally:
        database.close()
    return True
