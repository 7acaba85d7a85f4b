"""A network camera's video as packets, undecoded: RTSP, or a video that an HTTP server sends without end."""

from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.logging
import msgspec
from av.container import InputContainer
from av.error import ExitError, FFmpegError
from av.video.stream import VideoStream

from devices.live import SourceAway
from devices.secrets import without_secrets
from devices.wire import MAX_PACKET_BYTES, MAX_SIDE_PX
from kernel.media import Packet, Stream

OPEN_S = 4.0
SILENCE_S = 3.0
"""A camera that sends nothing for so long is away."""
PROTOCOLS = {
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsps,rtsp,rtp,tls,tcp",
    "http": "http,tcp",
    "https": "https,http,tls,tcp",
}
"""What FFmpeg may use for each scheme: no file, so that a playlist cannot name one."""
NANOSECONDS = 1_000_000_000
Transport = Literal["tcp", "udp"]


class Address(msgspec.Struct, frozen=True):
    """Where the camera is. `url` holds neither user nor password; those are told to FFmpeg alone."""

    url: str
    user: str = ""
    password: str = ""
    transport: Transport = "tcp"

    @property
    def place(self) -> str:
        """The address as it may be shown."""
        return self.url

    def with_login(self) -> str:
        """The address as FFmpeg wants it."""
        if not self.user:
            return self.url
        parts = urlsplit(self.url)
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@"
        return urlunsplit(parts._replace(netloc=login + parts.netloc.rpartition("@")[2]))


def packets_of(address: Address) -> Iterator[Packet]:
    """The packets of one connection, in decoding order, times in ns from its first packet.

    Raises `SourceAway` where it cannot be made, or breaks off.
    """
    av.logging.set_level(None)  # FFmpeg's own messages would hold the password
    try:
        with closing(_open(address)) as container:
            yield from _packets(address, container)
    except ExitError:
        raise SourceAway(f"{address.place}: no answer in {SILENCE_S:g} s") from None
    except FFmpegError as error:
        raise SourceAway(f"{address.place}: {_words(error, address)}") from None


def _open(address: Address) -> InputContainer:
    scheme = address.url.partition(":")[0]
    options = {"protocol_whitelist": PROTOCOLS[scheme], "analyzeduration": "1000000"}
    if scheme.startswith("rtsp"):
        options |= {"rtsp_transport": address.transport, "allowed_media_types": "video"}
    return av.open(address.with_login(), "r", options=options, timeout=(OPEN_S, SILENCE_S))


def _words(error: FFmpegError, address: Address) -> str:
    """What FFmpeg says, which may be nothing."""
    return without_secrets(error.strerror or type(error).__name__, {address.password, quote(address.password)} - {""})


def _packets(address: Address, container: InputContainer) -> Iterator[Packet]:
    if not container.streams.video:
        raise SourceAway(f"{address.place}: there is no video in this stream")
    video = container.streams.video[0]
    stream = _described(address, video)
    tick = video.time_base or Fraction(1, 90_000)
    base: int | None = None
    last_ns = 0
    for packet in container.demux(video):
        if not 0 < packet.size <= MAX_PACKET_BYTES:
            continue
        ticks = _ticks(packet)
        if ticks is not None:
            base = ticks if base is None else base
            last_ns = round((ticks - base) * tick * NANOSECONDS)
        yield Packet(last_ns, bytes(packet), packet.is_keyframe, stream)


def _ticks(packet: Any) -> int | None:
    return packet.dts if packet.pts is None else packet.pts


def _described(address: Address, video: VideoStream) -> Stream:
    codec = video.codec_context
    if codec is None:
        raise SourceAway(f"{address.place}: the stream's codec is not known")
    if not (0 < codec.width <= MAX_SIDE_PX and 0 < codec.height <= MAX_SIDE_PX):
        raise SourceAway(f"{address.place}: frames of {codec.width}×{codec.height} px, allowed are 1 to {MAX_SIDE_PX}")
    return Stream(codec.name, bytes(codec.extradata or b""), codec.width, codec.height)
