"""How far the writer came: a small file beside the segments, there only while a log is open or after a crash.

It is written after each commit and not synced: after a crash of the process it is exact, after a loss of power it may
lag behind, but it is never ahead of what was committed. Recovery holds what it finds against it, since DuckDB takes
some damage at the start of a write-ahead file for the end of it and says nothing.
"""

import contextlib
import os
from pathlib import Path

import msgspec

from kernel.log.contract import LogError

WATERMARK_NAME = "committed"
_WIDTH = 20


class Watermark(msgspec.Struct, frozen=True):
    """The last committed event, and the last one with a stored payload; 0 where there was none."""

    event: int = 0
    frame: int = 0


def read_watermark(directory: Path) -> Watermark:
    """What the last writer left, zeros where it left nothing legible."""
    try:
        words = (directory / WATERMARK_NAME).read_bytes()[: 2 * _WIDTH + 2].split()
    except OSError:
        return Watermark()
    if len(words) == 2 and all(len(word) == _WIDTH and word.isdigit() for word in words):
        return Watermark(int(words[0]), int(words[1]))
    return Watermark()


def remove_watermark(directory: Path) -> None:
    """Nothing is open any more."""
    (directory / WATERMARK_NAME).unlink(missing_ok=True)


class WatermarkFile:
    """The file while the log is open for writing; made with the first commit."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / WATERMARK_NAME
        self._file: int | None = None

    def write(self, mark: Watermark) -> None:
        """Raises `LogError` where the disk does not allow it."""
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._file, f"{mark.event:0{_WIDTH}d} {mark.frame:0{_WIDTH}d}\n".encode(), 0)
        except OSError as error:
            raise LogError(f"{self._path} cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Let go of the file, which stays. Allowed twice."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None
