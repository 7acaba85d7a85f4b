"""What a source of frames hands over, before it becomes facts: shots of pixels, or compressed packets.

Readers in `devices/` produce these, the importer and the daemon's intake turn them into FrameCaptured facts.
"""

from collections.abc import Iterator
from typing import Literal, Protocol

import msgspec
import numpy as np


class MediaError(Exception):
    """A source cannot be read; the message says what, where and what to do."""


class Shot(msgspec.Struct, frozen=True, eq=False):
    """An uncompressed frame: (height, width), uint8 or uint16, C-contiguous; `captured_ns` counts from the first.

    Of radiometric frames, millikelvin = counts × `mk_scale` / 1000 + `mk_offset`.
    """

    captured_ns: int
    pixels: np.ndarray
    shutter: Literal["open", "closed", "corrected"] | None = None
    night: bool | None = None
    mk_scale: int | None = None
    mk_offset: int | None = None


class Stream(msgspec.Struct, frozen=True):
    """How to decode the packets: FFmpeg's codec name, its extradata, the size in pixels.

    `pixel_format` is FFmpeg's name for it as the container gives it, for codecs that do not say it themselves
    (rawvideo); empty where it is not known.
    """

    codec: str
    extradata: bytes
    width: int
    height: int
    pixel_format: str = ""


class Packet(msgspec.Struct, frozen=True):
    """A compressed packet as received, in decoding order; `captured_ns` is its presentation time from the first."""

    captured_ns: int
    data: bytes
    key: bool
    stream: Stream


class Recording(Protocol):
    """A finite source of frames of one channel."""

    @property
    def kind(self) -> Literal["thermal", "optical"]:
        """What the reader takes it for where nobody says."""
        ...

    @property
    def frames(self) -> int | None:
        """How many it holds, if that is known without reading it all."""
        ...

    @property
    def began(self) -> str | None:
        """When the file says that it began (ISO 8601 with offset), if it says."""
        ...

    def read(self) -> Iterator[Shot | Packet]:
        """Its frames in order. Raises `MediaError` where the file is damaged, naming the last good frame."""
        ...
