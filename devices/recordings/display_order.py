"""The place of each packet in display order, for streams whose times are missing or wrong."""

from collections.abc import Iterator
from typing import Any

from av.error import FFmpegError
from av.video.stream import VideoStream


def ranks_by_time(times: list[int]) -> list[int]:
    """Rank of each presentation time; equal times keep their order."""
    ranks = [0] * len(times)
    for rank, index in enumerate(sorted(range(len(times)), key=lambda i: (times[i], i))):
        ranks[index] = rank
    return ranks


def ranks_by_decoding(packets: Iterator[Any], video: VideoStream, count: int) -> list[int]:
    """Rank of each packet by decoding them, for streams that reorder without saying when to show what.

    The decoder carries a packet's time stamp over to the picture it becomes; numbering the packets there tells which
    picture is which. Packets that give no picture come last.
    """
    codec = video.codec_context
    codec.thread_count = 1
    shown: list[int] = []

    def decode(packet: Any) -> None:
        try:
            shown.extend(frame.pts for frame in codec.decode(packet) if frame.pts is not None)
        except FFmpegError:
            return  # a damaged packet shows nothing; the others still have their places

    for index, packet in enumerate(packets):
        packet.pts, packet.dts = index, None
        decode(packet)
    decode(None)
    seen = [index for index in dict.fromkeys(shown) if 0 <= index < count]
    unseen = sorted(set(range(count)).difference(seen))
    ranks = [0] * count
    for rank, index in enumerate(seen + unseen):
        ranks[index] = rank
    return ranks
