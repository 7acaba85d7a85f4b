"""One writer at a time: the log directory's LOCK file, held with `flock` and holding the writer's process id.

DuckDB's own locks on its files do not suffice: a process loses them as soon as it opens and closes such a file a
second time.
"""

import contextlib
import fcntl
import os
from pathlib import Path

from kernel.log.contract import LogError, LogLocked

LOCK_NAME = "LOCK"


class WriterLock:
    """Held from creation to `release`. Raises `LogLocked` where another process holds it."""

    def __init__(self, directory: Path) -> None:
        path = directory / LOCK_NAME
        try:
            self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LogError(f"{path} cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise locked(directory) from None
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name in it
            os.ftruncate(self._file, 0)
            os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let go; the file stays, empty. Allowed twice."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None


def has_writer(directory: Path) -> bool:
    """Whether a live process has the log open for writing."""
    try:
        file = os.open(directory / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(file)


def locked(directory: Path) -> LogLocked:
    """The error that names the process which has the log."""
    try:
        holder = (directory / LOCK_NAME).read_text()[:20].strip()
    except OSError:
        holder = ""
    process = f"process {holder}" if holder.isdigit() else "another process"
    return LogLocked(
        f"{directory} is in use by {process}; stop it first, or work on a copy of the log's sealed segments"
    )
