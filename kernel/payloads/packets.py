"""Compressed video, stored as received: packets in, decoded frames with the packets that made them out.

A frame's payload holds the packets fed to the decoder since the frame before (several, one, or none where one packet
gave two frames). At packets from which a fresh decoder can take over, the assembler drains the old decoder and starts
a new one, so every group of frames decodes by itself. Damaged frames have no payload: the next good frame carries
their packets and the number of frames to throw away, so it still decodes to the same pixels.
"""

from typing import NamedTuple

from kernel.media import MediaError, Packet, Stream
from kernel.payloads.entry_points import starts_afresh
from kernel.payloads.errors import MAX_PAYLOAD_BYTES, PayloadDamaged
from kernel.payloads.luma import Pixels, UnsupportedPixels
from kernel.payloads.packet_format import MAX_PACKETS, Fed, PacketPayload, Start, decode_payload, encode_payload
from kernel.payloads.video import Decoded, VideoDecoder

CODEC_PREFIX = "packets-1:"
GROUP_PACKETS = 32
"""A group is ended by the first entry point after this many packets, so all-intra video restarts seldom."""
_MAX_PENDING_BYTES = MAX_PAYLOAD_BYTES // 2
_FRAME_A_PACKET = frozenset(("h264", "hevc", "mjpeg", "ffv1", "png", "rawvideo"))
"""Codecs whose packets give one frame each, so a packet passed over is a frame lost."""


class AssembledFrame(NamedTuple):
    """One frame of the stream.

    `captured_ns` is the presentation time of its packet; `pixels` (height, width), uint8 or uint16, C-contiguous,
    read-only. `key` says that the payload decodes in a fresh decoder. Of a `damaged` frame pixels and payload are
    None.
    """

    captured_ns: int
    codec: str
    pixels: Pixels | None
    payload: bytes | None
    key: bool
    damaged: bool


class PacketAssembler:
    """Decodes one channel's packets. Not for several threads at once."""

    def __init__(self) -> None:
        self._decoder: VideoDecoder | None = None
        self._stream: Stream | None = None
        self._fed_in_group = 0
        self._in_doubt = False
        self._outstanding: list[int] = []
        self._pending = _Pending()

    def feed(self, packet: Packet) -> list[AssembledFrame]:
        """Take the next packet in decoding order; returns the frames that are ready.

        Packets before the first key packet give damaged frames. Raises `MediaError` where the codec, the frame size
        or the pixel format is not supported.
        """
        try:
            return self._feed(packet)
        except (PayloadDamaged, UnsupportedPixels) as error:
            raise MediaError(f"{packet.stream.codec} video cannot be decoded: {error}") from None

    def flush(self) -> list[AssembledFrame]:
        """Say that the stream ends or breaks off; returns the frames still held. The next packet starts afresh."""
        try:
            return self._end_group()
        except (PayloadDamaged, UnsupportedPixels) as error:
            raise MediaError(f"the end of the video cannot be decoded: {error}") from None

    def _feed(self, packet: Packet) -> list[AssembledFrame]:
        frames: list[AssembledFrame] = []
        changed = self._stream is not None and packet.stream != self._stream
        if changed or (self._fed_in_group >= GROUP_PACKETS and starts_afresh(packet)):
            frames += self._end_group()
        if len(self._pending.packets) >= MAX_PACKETS or self._pending.bytes > _MAX_PENDING_BYTES:
            frames += self._give_up()
        if self._decoder is None:
            if not packet.key:
                return [*frames, _lost(packet.captured_ns, CODEC_PREFIX + packet.stream.codec)]
            self._start_group(packet.stream)
        return frames + self._decode(packet)

    def _start_group(self, stream: Stream) -> None:
        self._decoder = VideoDecoder(stream.codec, stream.extradata, stream.width, stream.height)
        self._stream = stream
        self._pending = _Pending(Start(stream.codec, stream.extradata, stream.width, stream.height))
        self._fed_in_group = 0
        self._in_doubt = False

    def _decode(self, packet: Packet) -> list[AssembledFrame]:
        assert self._decoder is not None
        self._pending.packets.append(Fed(packet.captured_ns, packet.data))
        self._pending.bytes += len(packet.data)
        self._fed_in_group += 1
        self._outstanding.append(packet.captured_ns)
        decoded = self._decoder.feed(packet.captured_ns, packet.data)
        self._in_doubt |= self._decoder.failed
        return [frame for one in decoded for frame in self._take(one)]

    def _end_group(self) -> list[AssembledFrame]:
        if self._decoder is None or self._stream is None:
            return []
        self._pending.ends = True
        frames = [frame for one in self._decoder.drain() for frame in self._take(one)]
        frames += self._passed_over(None)
        self._decoder = None
        self._stream = None
        return frames

    def _give_up(self) -> list[AssembledFrame]:
        """Nothing good has come out for so long that the next payload would grow past its limit."""
        frames = [_lost(at, self._codec) for at in sorted(self._outstanding)]
        self._outstanding.clear()
        self._decoder = None
        self._stream = None
        return frames

    def _take(self, decoded: Decoded) -> list[AssembledFrame]:
        frames = self._passed_over(decoded.captured_ns)
        # What follows a damaged frame was predicted from it, up to the next key frame.
        self._in_doubt = decoded.corrupt or (self._in_doubt and not decoded.intra)
        if self._in_doubt:
            self._pending.skip += 1
            return [*frames, _lost(decoded.captured_ns, self._codec)]
        pending, self._pending = self._pending, _Pending(ends=self._pending.ends)
        payload = encode_payload(PacketPayload(pending.start, tuple(pending.packets), pending.ends, pending.skip))
        decoded.pixels.setflags(write=False)
        key = pending.start is not None
        return [*frames, AssembledFrame(decoded.captured_ns, self._codec, decoded.pixels, payload, key, False)]

    def _passed_over(self, shown_ns: int | None) -> list[AssembledFrame]:
        """Frames leave the decoder in order of presentation: packets due before the one shown gave none."""
        due = [at for at in self._outstanding if shown_ns is None or at < shown_ns]
        self._outstanding = [at for at in self._outstanding if shown_ns is not None and at > shown_ns]
        if self._stream is None or self._stream.codec not in _FRAME_A_PACKET:
            return []
        return [_lost(at, self._codec) for at in sorted(due)]

    @property
    def _codec(self) -> str:
        return "" if self._stream is None else CODEC_PREFIX + self._stream.codec


class PacketDecoder:
    """Decodes the payloads of one channel again, in order, from any key payload on."""

    def __init__(self) -> None:
        self._decoder: VideoDecoder | None = None
        self._ready: list[Decoded] = []
        self._ended = False

    def decode(self, payload: bytes) -> Pixels:
        """Give the frame back exactly as the assembler gave it, (height, width), read-only.

        Raises `PayloadDamaged` where the payload is broken or the key payload before it was not decoded; the
        decoder then goes on at the next key payload.
        """
        try:
            return self._decode(decode_payload(payload))
        except (PayloadDamaged, UnsupportedPixels) as error:
            self._decoder = None
            raise PayloadDamaged(str(error)) from None

    def _decode(self, payload: PacketPayload) -> Pixels:
        if payload.start is not None:
            start = payload.start
            self._decoder = VideoDecoder(start.codec, start.extradata, start.width, start.height)
            self._ready = []
            self._ended = False
        if self._decoder is None:
            raise PayloadDamaged("the frame needs the frames before it, from the key frame on")
        if self._ended and payload.packets:
            raise PayloadDamaged("packets follow the end of their stream")
        for packet in payload.packets:
            self._ready += self._decoder.feed(packet.captured_ns, packet.data)
        if payload.ends and not self._ended:
            self._ready += self._decoder.drain()
            self._ended = True
        if len(self._ready) <= payload.skip:
            raise PayloadDamaged("the packets give fewer frames than they should")
        frame = self._ready[payload.skip]
        del self._ready[: payload.skip + 1]
        frame.pixels.setflags(write=False)
        return frame.pixels


class _Pending:
    """What the next payload will hold."""

    def __init__(self, start: Start | None = None, ends: bool = False) -> None:
        self.start = start
        self.packets: list[Fed] = []
        self.bytes = 0
        self.ends = ends
        self.skip = 0


def _lost(captured_ns: int, codec: str) -> AssembledFrame:
    return AssembledFrame(captured_ns, codec, None, None, False, True)
