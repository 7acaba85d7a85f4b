"""Where damaged files go: `quarantine/` in the log directory. Nothing is ever deleted from it by Emberline."""

import shutil
from pathlib import Path

QUARANTINE_NAME = "quarantine"


def set_aside(path: Path) -> str:
    """Move a file into the quarantine; returns its place relative to the log."""
    target = _free_place(path)
    path.rename(target)
    return _place(target)


def keep(path: Path) -> str:
    """Have a file in the quarantine and leave it where it is; returns its place, or why it could not be kept."""
    target = _free_place(path)
    try:
        target.hardlink_to(path)
    except OSError:  # not every file system has links
        return keep_copy(path)
    return _place(target)


def keep_copy(path: Path) -> str:
    """Copy a file into the quarantine; returns its place relative to the log, or why there is no copy.

    A disk too full for the copy is no reason not to recover.
    """
    target = _free_place(path)
    try:
        shutil.copyfile(path, target)
    except OSError as error:
        target.unlink(missing_ok=True)
        return f"no copy was kept: {error.strerror}"
    return _place(target)


def _free_place(path: Path) -> Path:
    directory = path.parent / QUARANTINE_NAME
    directory.mkdir(mode=0o700, exist_ok=True)
    target, number = directory / path.name, 1
    while target.exists():
        number += 1
        target = directory / f"{path.name}.{number}"
    return target


def _place(target: Path) -> str:
    return f"{QUARANTINE_NAME}/{target.name}"
