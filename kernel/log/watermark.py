"""How far the writer came: a small file beside the segments, there only while a log is open or after a crash.

It is written after each commit and not synced: after a crash of the process it is exact, after a loss of power it may
lag behind, but it is never ahead of what was committed. Recovery holds what it finds against it, since DuckDB takes
some damage at the start of a write-ahead file for the end of it and says nothing.
"""

import contextlib
import os
import zlib
from pathlib import Path

import msgspec

from kernel.log.contract import LogError

WATERMARK_NAME = "committed"


class Watermark(msgspec.Struct, frozen=True):
    """The last committed event, and the last one with a stored payload; 0 where there was none.

    Both are of the whole time since the log was opened: where `frame` is not 0, the events up to it that no seal covers
    have to have their payloads.
    """

    event: int = 0
    frame: int = 0


def read_watermark(directory: Path) -> Watermark:
    """What the last writer left, zeros where it left nothing legible."""
    try:
        text = (directory / WATERMARK_NAME).read_bytes()
    except OSError:
        return Watermark()
    words = text.split()
    if len(words) == 3 and words[0].isdigit() and words[1].isdigit():
        mark = Watermark(int(words[0]), int(words[1]))
        if text == _encode(mark):
            return mark
    return Watermark()


def remove_watermark(directory: Path) -> None:
    """Nothing is open any more."""
    (directory / WATERMARK_NAME).unlink(missing_ok=True)


def _encode(mark: Watermark) -> bytes:
    """Always of the same length, with a check sum."""
    numbers = b"%020d %020d" % (mark.event, mark.frame)
    return b"%s %08x\n" % (numbers, zlib.crc32(numbers))


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
            os.pwrite(self._file, _encode(mark), 0)
        except OSError as error:
            raise LogError(f"{self._path} cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Let go of the file, which stays. Allowed twice."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None
