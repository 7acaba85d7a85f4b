"""Clips: compressed video as it was received, thermal frames through a palette, and lossless frames beside them.

A clip of compressed video begins with the packets since the last key frame, since nothing decodes without them; an edit
list tells players to show it from the first wanted frame on (ISO/IEC 14496-12, 8.6.6). Not a bit of a frame is changed:
the NAL units are only framed as the container wants them.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import msgspec
import numpy as np
from av.container import OutputContainer
from PIL import Image

from kernel.media import Packet, Stream
from kernel.payloads.entry_points import starts_afresh
from kernel.payloads.packet_format import Fed, Start, decode_payload

TICKS = 90_000
"""Ticks a second, the clock of MPEG."""
AS_RECEIVED = {"h264": "h264", "hevc": "hevc", "mjpeg": "mjpeg"}
"""Codecs whose packets go into MP4 as they are, and FFmpeg's name for the bare stream."""
X264 = {"crf": "20", "preset": "veryfast", "threads": "1"}
BETWEEN_UNITS = b"\x00\x00\x00\x01"


class StoredFrame(msgspec.Struct, frozen=True):
    """A frame as the log has it: when it was taken (ns), how it is encoded, the payload and its SHA-256."""

    captured_ns: int
    codec: str
    payload: bytes
    sha256: str


class ClipError(Exception):
    """A clip cannot be made; the message says why."""


def can_pass_on(frames: Sequence[StoredFrame]) -> bool:
    """Whether the frames are compressed video that MP4 takes as it is."""
    return bool(frames) and all(frame.codec.removeprefix("packets-1:") in AS_RECEIVED for frame in frames)


def pass_on(path: Path, frames: Sequence[StoredFrame], start_ns: int, end_ns: int, about: dict[str, str]) -> None:
    """Write an MP4 of the frames within [start_ns, end_ns) without encoding anything again.

    `frames` begin with a key frame. Raises `ClipError` where the stream changes on the way or holds no frame.
    """
    start, packets = _packets(frames, start_ns, end_ns)
    units = [_bare(start, packet.data) for packet in packets]
    head = _parameters(start)
    times = [(packet.captured_ns - start_ns) * TICKS // 1_000_000_000 for packet in packets]
    container_format = AS_RECEIVED[start.codec]
    with (
        av.open(io.BytesIO(head + units[0]), format=container_format) as template,
        av.open(str(path), "w", format="mp4") as out,
    ):
        stream = out.add_stream_from_template(template.streams.video[0])
        stream.time_base = Fraction(1, TICKS)
        out.metadata.update(about)
        last, lasts = max(times), _last_duration(times)
        for fed, unit, shown, decoded in zip(packets, units, times, _decoding_times(times), strict=True):
            packet = av.Packet(unit)
            packet.stream, packet.time_base = stream, Fraction(1, TICKS)
            packet.pts, packet.dts = shown, decoded
            if shown == last:
                packet.duration = lasts
            packet.is_keyframe = fed is packets[0] or _starts_afresh(start, fed)
            out.mux(packet)


def _starts_afresh(start: Start, fed: Fed) -> bool:
    stream = Stream(start.codec, start.extradata, start.width, start.height)
    return starts_afresh(Packet(fed.captured_ns, fed.data, True, stream))


def _packets(frames: Sequence[StoredFrame], start_ns: int, end_ns: int) -> tuple[Start, list[Fed]]:
    """The packets from the last key picture not after `start_ns` up to the last picture shown before `end_ns`.

    A later picture that the last one is predicted from stays.
    """
    payloads = [decode_payload(frame.payload) for frame in frames]
    starts = [payload.start for payload in payloads if payload.start is not None]
    fed = [packet for payload in payloads for packet in payload.packets]
    if not starts or not fed:
        raise ClipError("there is no compressed frame")
    start = starts[0]
    if any(other != start for other in starts):
        raise ClipError("the stream changed on the way")
    # Packets carry the device's time. The first frame that comes out is the earliest one shown.
    shift = frames[0].captured_ns - sorted(packet.captured_ns for packet in fed)[payloads[0].skip]
    packets = [Fed(packet.captured_ns + shift, packet.data) for packet in fed]
    entries = [i for i, packet in enumerate(packets) if i == 0 or _starts_afresh(start, packet)]
    first = max((i for i in entries if packets[i].captured_ns <= start_ns), default=0)
    last = max((i for i, packet in enumerate(packets) if packet.captured_ns < end_ns), default=first)
    return start, packets[first : last + 1]


def _decoding_times(times: Sequence[int]) -> list[int]:
    """For packets in decoding order, shown at `times`: rising, and never after the time they are shown."""
    ordered = sorted(times)
    delay = max(early - shown for early, shown in zip(ordered, times, strict=True))
    return [early - delay for early in ordered]


def _last_duration(times: Sequence[int]) -> int:
    ordered = sorted(times)
    return ordered[-1] - ordered[-2] if len(ordered) > 1 else TICKS // 10


def _prefix(start: Start) -> int:
    """How many bytes say the length of a NAL unit; 0 where start codes separate them (ISO/IEC 14496-15)."""
    at = {"h264": 4, "hevc": 21}.get(start.codec)
    if at is None or start.extradata[:1] != b"\x01" or len(start.extradata) <= at:
        return 0
    return (start.extradata[at] & 3) + 1


def _bare(start: Start, data: bytes) -> bytes:
    """The packet with start codes between its NAL units."""
    prefix = _prefix(start)
    if not prefix:
        return data
    out, at = bytearray(), 0
    while at + prefix < len(data):
        length = int.from_bytes(data[at : at + prefix], "big")
        out += BETWEEN_UNITS + data[at + prefix : at + prefix + length]
        at += prefix + length
    return bytes(out)


def _parameters(start: Start) -> bytes:
    """The parameter sets with start codes."""
    extra = start.extradata
    if not _prefix(start):
        return extra if start.codec != "mjpeg" else b""
    units = _avc_units(extra) if start.codec == "h264" else _hevc_units(extra)
    return b"".join(BETWEEN_UNITS + unit for unit in units)


def _avc_units(extra: bytes) -> Iterator[bytes]:
    at = 5
    for mask in (0x1F, 0xFF):
        if at >= len(extra):
            return
        count, at = extra[at] & mask, at + 1
        for _ in range(count):
            length = int.from_bytes(extra[at : at + 2], "big")
            yield extra[at + 2 : at + 2 + length]
            at += 2 + length


def _hevc_units(extra: bytes) -> Iterator[bytes]:
    arrays, at = extra[22], 23
    for _ in range(arrays):
        count, at = int.from_bytes(extra[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            length = int.from_bytes(extra[at : at + 2], "big")
            yield extra[at + 2 : at + 2 + length]
            at += 2 + length


def encode_pictures(path: Path, pictures: Iterable[tuple[int, Image.Image]], about: dict[str, str]) -> None:
    """Write an MP4 (H.264) of RGB pictures of one size, each with its time in ns from the start of the clip.

    The pictures are taken one by one, so that a generator of them needs the memory of one.
    """
    rest = iter(pictures)
    first = next(rest)
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=Fraction(25), options=X264)
        width, height = first[1].size
        stream.width, stream.height, stream.pix_fmt = width - width % 2, height - height % 2, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
        out.metadata.update(about)
        _encode(out, stream, ((at, _even(picture)) for at, picture in chain([first], rest)))


def encode_lossless(path: Path, frames: Sequence[tuple[int, np.ndarray]], about: dict[str, str]) -> None:
    """Write the frames, (height, width) uint8 or uint16, as they are: FFV1 in Matroska, times in ns from the start."""
    with av.open(str(path), "w", format="matroska") as out:
        stream = out.add_stream("ffv1", rate=Fraction(25))
        height, width = frames[0][1].shape
        grey = "gray" if frames[0][1].dtype == np.uint8 else "gray16le"
        stream.width, stream.height, stream.pix_fmt = width, height, grey
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        out.metadata.update(about)
        shots = [(at, av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=grey)) for at, pixels in frames]
        _encode(out, stream, shots, 1000)


def _even(picture: Image.Image) -> av.VideoFrame:
    width, height = picture.size
    cropped = picture.crop((0, 0, width - width % 2, height - height % 2))
    return av.VideoFrame.from_ndarray(np.asarray(cropped), format="rgb24")


def _encode(
    out: OutputContainer,
    stream: av.VideoStream,
    shots: Iterable[tuple[int, av.VideoFrame]],
    ticks: int = TICKS,
) -> None:
    last = -1
    for at, shot in shots:
        last = max(last + 1, round(at * ticks / 1e9))
        shot.pts, shot.time_base = last, Fraction(1, ticks)
        out.mux(stream.encode(shot))
    out.mux(stream.encode(None))
