"""The frames of a recording as the detectors get them, without a log."""

from collections.abc import Iterator

import msgspec
import numpy as np

from emberline.errors import Unusable
from kernel.detector import Frame
from kernel.media import MediaError, Recording
from kernel.payloads import DamagedFrame, EncodedFrame, FrameEncoder


class Damaged(msgspec.Struct, frozen=True):
    """A frame that cannot be decoded; it keeps its number."""

    number: int


def frames_of(recording: Recording) -> Iterator[Frame | Damaged]:
    """Every frame in order, numbered from 0, damaged ones included.

    Raises `MediaError` where the recording breaks off, after the frames that are there.
    """
    for number, item in enumerate(_decoded(recording)):
        if isinstance(item, DamagedFrame):
            yield Damaged(number)
        else:
            yield Frame(number, item.captured_ns, item.pixels, item.shutter, item.night)


def frame_at(recording: Recording, number: int) -> np.ndarray:
    """The pixels of one frame, (height, width) uint8 or uint16; the next good one where it is damaged.

    Raises `MediaError` where the recording has no such frame.
    """
    count = 0
    for frame in frames_of(recording):
        count = frame.number + 1
        if frame.number >= number and isinstance(frame, Frame):
            return frame.pixels
    raise MediaError(f"there is no good frame {number}: the recording has {count} frames, counted from 0")


def frame_range(text: str | None) -> tuple[int, int | None]:
    """`A:B`, half-open; either may be left out. Raises `Unusable`."""
    if text is None:
        return 0, None
    first, colon, last = text.partition(":")
    try:
        start, stop = int(first or 0), int(last) if last else None
    except ValueError:
        start, stop, colon = 0, None, ""
    if not colon or start < 0 or (stop is not None and stop <= start):
        raise Unusable(f"--frames {text}: write A:B with 0 ≤ A < B, for example 100:250")
    return start, stop


def _decoded(recording: Recording) -> Iterator[EncodedFrame | DamagedFrame]:
    encoder = FrameEncoder()
    for item in recording.read():
        yield from encoder.feed(item)
    yield from encoder.flush()
