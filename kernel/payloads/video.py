"""One decoder of compressed video that gives the same pixels for the same packets, every time.

Single-threaded, with FFmpeg's `bitexact` flag, frames taken from the decoder's planes without scaling.
"""

import re
from fractions import Fraction
from typing import Any, NamedTuple

import av
from av.codec.context import Flags
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from kernel.payloads.errors import MAX_SIDE_PX, PayloadDamaged, check_frame_size
from kernel.payloads.luma import Pixels, luma

MAX_EXTRADATA_BYTES = 1024 * 1024
_NANOSECOND = Fraction(1, 1_000_000_000)
_CODEC_NAME = re.compile(r"[a-z0-9_]{1,32}")


class Decoded(NamedTuple):
    """A frame as it left the decoder. `intra` says that the decoder marks it as a key frame."""

    captured_ns: int
    pixels: Pixels
    corrupt: bool
    intra: bool


class VideoDecoder:
    """A decoder at the start of a stream. Feed it every packet from a key packet on, in decoding order.

    Raises `PayloadDamaged` where FFmpeg has no such video decoder or the sizes are not allowed.
    """

    def __init__(self, codec: str, extradata: bytes, width: int, height: int) -> None:
        if width or height:  # 0×0 is a stream whose size its first packet tells
            check_frame_size(width, height)
        if len(extradata) > MAX_EXTRADATA_BYTES:
            raise PayloadDamaged(f"extradata of {len(extradata)} bytes is longer than {MAX_EXTRADATA_BYTES}")
        self.failed = False
        """Whether the last packet was refused."""
        self._context = _open(codec, extradata, width, height)
        self._last_fed_ns = 0

    def feed(self, captured_ns: int, data: bytes) -> list[Decoded]:
        """Give the decoder one packet; returns the frames that are ready, in order of presentation."""
        self._last_fed_ns = captured_ns
        self.failed = not data
        if not data:  # to FFmpeg an empty packet is the end of the stream
            return []
        # Made by size, a packet ends in the zeros that decoders read past the end; made from bytes it does not, and
        # MPEG-4 then decodes differently from run to run.
        packet = av.Packet(len(data))
        packet.update(data)
        packet.pts = captured_ns
        packet.time_base = _NANOSECOND
        return self._decode(packet)

    def drain(self) -> list[Decoded]:
        """Tell the decoder that the stream ends; returns the frames that it still held."""
        return self._decode(None)

    def _decode(self, packet: "av.Packet[Any] | None") -> list[Decoded]:
        self.failed = False
        try:
            frames: list[av.VideoFrame] = self._context.decode(packet)  # pyright: ignore[reportUnknownMemberType]
        except FFmpegError:
            self.failed = True
            return []
        return [self._take(frame) for frame in frames]

    def _take(self, frame: av.VideoFrame) -> Decoded:
        check_frame_size(frame.width, frame.height)
        captured_ns = self._last_fed_ns if frame.pts is None else frame.pts
        return Decoded(captured_ns, luma(frame), bool(frame.is_corrupt), bool(frame.key_frame))


def _open(codec: str, extradata: bytes, width: int, height: int) -> VideoCodecContext:
    try:
        known = _CODEC_NAME.fullmatch(codec) is not None and av.Codec(codec, "r").type == "video"
    except ValueError:  # PyAV's UnknownCodecError is one
        known = False
    if not known:
        raise PayloadDamaged(f"there is no video decoder {codec[:40]!r}")
    context = av.CodecContext.create(codec, "r")
    if not isinstance(context, VideoCodecContext):
        raise PayloadDamaged(f"{codec} is not a video decoder")
    context.thread_count = 1
    context.flags |= Flags.bitexact
    context.width = width
    context.height = height
    context.options = {"max_pixels": str(MAX_SIDE_PX * MAX_SIDE_PX)}
    if extradata:
        context.extradata = extradata
    try:
        context.open(strict=False)
    except FFmpegError as error:
        raise PayloadDamaged(f"the {codec} decoder does not start: {error}") from None
    return context
