"""One writer at a time: the log directory's LOCK file, held with `flock` and holding the writer's process id.

DuckDB's own locks on its files do not suffice: a process loses them as soon as it opens and closes such a file a
second time.
"""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from kernel.log.contract import LogError, LogLocked

LOCK_NAME = "LOCK"
DYING_S = 5.0
DYING_TRIES = 500


class WriterLock:
    """Held from creation to `release`. Raises `LogLocked` where another process holds it."""

    def __init__(self, directory: Path) -> None:
        path = directory / LOCK_NAME
        try:
            self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LogError(f"{path} cannot be opened: {error.strerror}") from None
        if not _get(self._file, fcntl.LOCK_EX, directory):
            os.close(self._file)
            raise locked(directory)
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name in it
            os.ftruncate(self._file, 0)
            os.write(self._file, f"{os.getpid()}\n".encode())

    def fileno(self) -> int:
        """The open file that holds the lock: a child that inherits it holds the lock as well."""
        assert self._file is not None
        return self._file

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
        return not _get(file, fcntl.LOCK_SH, directory)
    finally:
        os.close(file)


def _get(file: int, kind: int, directory: Path) -> bool:
    """Try to lock. Where the writer is dead, its sealer is about to notice and to end: that is waited for."""
    for _ in range(DYING_TRIES):
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
            return True
        except OSError:
            if _is_alive(_holder(directory)):
                return False
            time.sleep(DYING_S / DYING_TRIES)
    return False


def _holder(directory: Path) -> str:
    try:
        return (directory / LOCK_NAME).read_text()[:20].strip()
    except OSError:
        return ""


def _is_alive(process_id: str) -> bool:
    """Whether there is such a process; a name that cannot be told stands for one."""
    try:
        os.kill(int(process_id), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OverflowError, OSError):
        return True
    return True


def locked(directory: Path) -> LogLocked:
    """The error that names the process which has the log."""
    holder = _holder(directory)
    process = f"process {holder}" if holder.isdigit() else "another process"
    return LogLocked(
        f"{directory} is in use by {process}; stop it first, or work on a copy of the log's sealed segments"
    )
