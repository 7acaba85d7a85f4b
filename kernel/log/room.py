"""Room on the disk: how much there is, and a reserve that is given up so that the last facts still fit."""

import errno
import os
from pathlib import Path

import msgspec

MEGABYTE = 1024 * 1024
RESERVE_NAME = "reserve"


class Margins(msgspec.Struct, frozen=True):
    """Free bytes of the file system at which something has to happen.

    Below `stop` no more frames are recorded, from `resume` on they are again; below `scarce` old frames go. The
    reserve of `reserve` bytes is given up below `give_up`.
    """

    scarce: int
    stop: int
    resume: int
    reserve: int
    give_up: int


def margins_for(total_bytes: int) -> Margins:
    """What suits a file system of this size.

    Sealing a full segment takes as much again as it holds (64 MB), and a second may be waiting to be sealed: frames
    stop before that is not to be had. On a disk too small for that the margins shrink with it.
    """
    unit = min(64 * MEGABYTE, total_bytes // 16)
    return Margins(scarce=5 * unit, stop=3 * unit, resume=4 * unit, reserve=unit // 2, give_up=2 * unit)


def total_bytes(directory: Path) -> int:
    """Size of the file system."""
    found = os.statvfs(directory)
    return found.f_frsize * found.f_blocks


def free_bytes(directory: Path) -> int:
    """What this user may still write."""
    found = os.statvfs(directory)
    return found.f_frsize * found.f_bavail


def used_bytes(directory: Path) -> int:
    """All that lies in a log directory, quarantine included, the reserve not."""
    used = 0
    for entry in os.scandir(directory):
        try:
            if entry.is_dir(follow_symlinks=False):
                used += used_bytes(Path(entry.path))
            elif entry.name != RESERVE_NAME:
                used += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:  # gone since
            continue
    return used


class Reserve:
    """The reserve file of a log directory."""

    def __init__(self, directory: Path, size: int) -> None:
        self._path = directory / RESERVE_NAME
        self._size = size

    @property
    def is_there(self) -> bool:
        return self._path.exists()

    def set_up(self) -> bool:
        """Take the room; whether it could be had."""
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, self._size)
            return True
        except OSError as error:
            self._path.unlink(missing_ok=True)
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return False
        finally:
            os.close(file)

    def give_up(self) -> None:
        """Free the room. Allowed twice."""
        self._path.unlink(missing_ok=True)
