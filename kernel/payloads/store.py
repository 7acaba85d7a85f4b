"""One pair for every kind of frame: a `FrameEncoder` a channel on the way in, a `FrameDecoder` on the way out."""

import hashlib
from collections.abc import Callable
from typing import Literal

import msgspec

from kernel.events import FrameCaptured, PixelFormat
from kernel.media import Packet, Shot
from kernel.payloads import raw
from kernel.payloads.errors import PayloadDamaged
from kernel.payloads.luma import Pixels
from kernel.payloads.packets import CODEC_PREFIX, AssembledFrame, PacketAssembler, PacketDecoder
from kernel.payloads.raw import RawDecoder, RawEncoder


class EncodedFrame(msgspec.Struct, frozen=True, eq=False):
    """A frame ready to become a FrameCaptured. `pixels` is what decoding `payload` gives, read-only."""

    captured_ns: int
    pixels: Pixels
    codec: str
    key: bool
    payload: bytes
    shutter: Literal["open", "closed", "corrected"] | None = None
    night: bool | None = None
    mk_scale: int | None = None
    mk_offset: int | None = None

    def fact(self) -> FrameCaptured:
        """The fact's body, with the payload's size and digest."""
        height, width = self.pixels.shape
        return FrameCaptured(
            captured_ns=self.captured_ns,
            width=width,
            height=height,
            pixel_format=_pixel_format(self.pixels),
            codec=self.codec,
            key=self.key,
            payload_bytes=len(self.payload),
            payload_sha256=hashlib.sha256(self.payload).hexdigest(),
            shutter=self.shutter,
            night=self.night,
            mk_scale=self.mk_scale,
            mk_offset=self.mk_offset,
        )


class DamagedFrame(msgspec.Struct, frozen=True):
    """A frame that could not be decoded undamaged: one to count in a FramesLost."""

    captured_ns: int


class FrameEncoder:
    """Turns what a source hands over into frames to store, one channel's, in order.

    `mask` blacks out what must never be recorded: it is given each frame (height, width) and returns it masked, a
    new array. Compressed video cannot be masked as it is, so with a mask its decoded frames are stored losslessly.
    """

    def __init__(self, mask: Callable[[Pixels], Pixels] | None = None) -> None:
        self._mask = mask
        self._raw = RawEncoder()
        self._packets = PacketAssembler()

    def feed(self, item: Shot | Packet) -> list[EncodedFrame | DamagedFrame]:
        """The frames that are ready after this shot or packet: of video often none, or an earlier one.

        Raises `MediaError` for video that cannot be decoded at all, `ValueError` for a shot that is no frame.
        """
        if isinstance(item, Packet):
            return [self._from_video(frame) for frame in self._packets.feed(item)]
        return [self._encode(item)]

    def flush(self) -> list[EncodedFrame | DamagedFrame]:
        """The frames still held, at the end of the stream or where it breaks off; the next frame is a key frame."""
        self._raw.restart()
        return [self._from_video(frame) for frame in self._packets.flush()]

    def _encode(self, shot: Shot) -> EncodedFrame:
        pixels = shot.pixels if self._mask is None else self._mask(shot.pixels)
        encoded = self._raw.encode(pixels)
        pixels = pixels.copy()
        pixels.setflags(write=False)
        more = (shot.shutter, shot.night, shot.mk_scale, shot.mk_offset)
        return EncodedFrame(shot.captured_ns, pixels, raw.CODEC, encoded.key, encoded.data, *more)

    def _from_video(self, frame: AssembledFrame) -> EncodedFrame | DamagedFrame:
        if frame.pixels is None or frame.payload is None:
            return DamagedFrame(frame.captured_ns)
        if self._mask is not None:
            return self._encode(Shot(frame.captured_ns, frame.pixels))
        return EncodedFrame(frame.captured_ns, frame.pixels, frame.codec, frame.key, frame.payload)


class FrameDecoder:
    """Gives one channel's stored frames back, in order, from any key frame on."""

    def __init__(self) -> None:
        self._raw = RawDecoder()
        self._packets = PacketDecoder()

    def decode(self, body: FrameCaptured, payload: bytes) -> Pixels:
        """The frame exactly as it was when it was stored: (height, width), uint8 or uint16, read-only.

        Raises `PayloadDamaged` where the payload is broken, does not fit its fact, or needs frames that were not
        decoded before it.
        """
        if body.codec == raw.CODEC:
            pixels = self._raw.decode(payload)
        elif body.codec.startswith(CODEC_PREFIX):
            pixels = self._packets.decode(payload)
        else:
            raise PayloadDamaged(f"frames of codec {body.codec[:40]!r} are not known here")
        if pixels.shape != (body.height, body.width) or _pixel_format(pixels) != body.pixel_format:
            raise PayloadDamaged(
                f"decodes to {pixels.shape[1]}×{pixels.shape[0]} {_pixel_format(pixels)}, "
                f"not {body.width}×{body.height} {body.pixel_format}"
            )
        return pixels


def _pixel_format(pixels: Pixels) -> PixelFormat:
    return "gray8" if pixels.dtype.itemsize == 1 else "gray16"
