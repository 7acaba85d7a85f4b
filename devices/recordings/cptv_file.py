"""Thermal recordings of the Cacophony Project (`.cptv`): 16-bit counts, most with a time a frame."""

import contextlib
import io
import logging
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import cptv
import numpy as np

from kernel.media import MediaError, Shot

DEFAULT_FPS = 9.0
LARGEST_SIDE = 4096
logging.getLogger("cptv").addHandler(logging.NullHandler())  # it reports unknown fields, which are harmless
_DAMAGE = (OSError, EOFError, IndexError, KeyError, ValueError, TypeError, struct.error, OverflowError)
"""What the parser raises on bytes that are no such recording (`gzip.BadGzipFile` and `zlib.error` see below)."""


class _BoundedReads:
    """A file that refuses one enormous read: a damaged length field must not become gigabytes of memory."""

    def __init__(self, stream: Any, limit: int) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, size: int) -> bytes:
        if size > self._limit:
            raise ValueError(f"a field claims {size} bytes")
        return self._stream.read(size)

    def seek(self, offset: int) -> int:
        return self._stream.seek(offset)


class CptvRecording:
    """A `.cptv` file as a `Recording` of shots.

    Stored background pictures are no frames and are left out. Times: the file's own time a frame; where it has none,
    `fps`; else the rate in its header; else 9 a second. The first frame after the shutter corrected the sensor
    (`last_ffc_time` changed) is marked `corrected`.
    """

    kind: Literal["thermal"] = "thermal"

    def __init__(
        self, path: Path, *, fps: float | None = None, began: str | None = None, first: int = 0, last: int | None = None
    ) -> None:
        """Read the header. Raises `MediaError` where it is none."""
        self._path = path
        self._first = first
        self._last = last
        with self._file() as file:
            reader = _parse_header(path, file)
        self._fps = fps or float(reader.fps or 0) or DEFAULT_FPS
        stored = reader.num_frames or 0  # background pictures are counted there
        self._total: int | None = stored - (reader.background_frames or 0) if stored else None
        self.began = began or (reader.timestamp.isoformat() if reader.timestamp.year > 1970 else None)

    @property
    def frames(self) -> int | None:
        """From the header of newer files; older ones do not say."""
        if self._total is None:
            return None
        return max(0, min(self._total, self._last if self._last is not None else self._total) - self._first)

    def read(self) -> Iterator[Shot]:
        """The selected frames, (height, width) uint16. Raises `MediaError` at the damage, after the good frames."""
        with self._file() as file:
            reader = _parse_header(self._path, file)
            yield from self._shots(self._frames_of(reader))

    def _file(self) -> contextlib.AbstractContextManager[io.BufferedReader]:
        try:
            return self._path.open("rb")
        except OSError as error:
            raise MediaError(f"{self._path}: cannot be opened: {error.strerror}") from None

    def _frames_of(self, reader: Any) -> Iterator[Any]:
        """The parser's frames without stored backgrounds; whatever the parser raises becomes a `MediaError`."""
        frames = iter(reader)
        count = 0
        while True:
            try:
                frame = next(frames, None)
                if frame is None:
                    # The parser takes a cut file for its end; reading on makes gzip say which it was.
                    reader.s.read(1)
            except Exception as error:
                if not _is_damage(error):
                    raise
                raise MediaError(self._damage(count, error)) from None
            if frame is None:
                break
            if frame.background_frame:
                continue
            count += 1
            yield frame
        if count == 0:
            raise MediaError(f"{self._path}: holds no frames")

    def _shots(self, frames: Iterator[Any]) -> Iterator[Shot]:
        start_ms: int | None = None
        before_ms = 0
        timed = False
        shuttered: Any = None
        for index, (frame, following) in enumerate(_with_next(frames)):
            now_ms = _milliseconds(frame.time_on)
            if start_ms is None:
                start_ms, before_ms = now_ms, now_ms
                # A file without times gives zero for all of them.
                timed = now_ms > 0 or (following is not None and _milliseconds(following.time_on) > 0)
            if now_ms < before_ms:
                raise MediaError(f"{self._path}: frame {index} is {before_ms - now_ms} ms before frame {index - 1}")
            before_ms = now_ms
            corrected = index > 0 and frame.last_ffc_time != shuttered
            shuttered = frame.last_ffc_time
            if self._last is not None and index >= self._last:
                return
            if index >= self._first:
                captured_ns = (now_ms - start_ms) * 1_000_000 if timed else round(index * 1e9 / self._fps)
                yield Shot(captured_ns, np.ascontiguousarray(frame.pix), "corrected" if corrected else None)

    def _damage(self, count: int, error: Exception) -> str:
        good = f"the last good frame is {count - 1}" if count else "no frame can be read"
        what = "is truncated" if isinstance(error, EOFError) else f"is damaged ({error})"
        return f"{self._path}: {what}: {good}"


def _parse_header(path: Path, file: io.BufferedReader) -> Any:
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints about a time stamp out of range
            reader: Any = cptv.CPTVReader(file)
    except Exception as error:
        if not _is_damage(error):
            raise
        raise MediaError(f"{path}: is no .cptv recording, or its header is damaged ({error})") from None
    width, height = reader.x_resolution, reader.y_resolution
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise MediaError(f"{path}: frames of {width}×{height} pixels; 1×1 to {LARGEST_SIDE}×{LARGEST_SIDE} are allowed")
    # No frame needs more than 24 bits a pixel and its first value.
    reader.s = _BoundedReads(reader.s, 3 * width * height + 64)
    return reader


def _is_damage(error: Exception) -> bool:
    return isinstance(error, _DAMAGE) or type(error).__module__ == "zlib"


def _milliseconds(time_on: Any) -> int:
    return 0 if time_on is None else round(time_on.total_seconds() * 1000)


def _with_next(items: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
    """Each item with the one after it, None after the last; an error in between comes after the good items."""
    before = next(items, None)
    while before is not None:
        try:
            following = next(items, None)
        except MediaError:
            yield before, None
            raise
        yield before, following
        before = following
