"""Where in a stream of packets a fresh decoder may take over without losing anything."""

from collections.abc import Iterator

from kernel.media import Packet

_EVERY_KEY_PACKET = frozenset(
    (
        *("mjpeg", "png", "ffv1", "rawvideo", "huffyuv", "ffvhuff", "utvideo", "jpeg2000", "jpegls", "bmp", "tiff"),
        *("vp8", "vp9", "av1", "libdav1d", "h263", "flv", "msmpeg4v1", "msmpeg4v2", "msmpeg4", "wmv1", "wmv2"),
    )
)
"""Codecs in which nothing after a key packet refers to anything before it."""
_H264_IDR = 5
_HEVC_IDR = (19, 20)


def starts_afresh(packet: Packet) -> bool:
    """Whether every frame from this packet on decodes without the packets before it.

    Of H.264 and HEVC only IDR pictures are such: after other key pictures (recovery points, CRA) frames may follow
    that refer back across them. Of codecs not listed nothing is known, so False.
    """
    if not packet.key:
        return False
    if packet.stream.codec == "h264":
        return any(unit & 0x1F == _H264_IDR for unit in _unit_types(packet))
    if packet.stream.codec == "hevc":
        return any((unit >> 1) & 0x3F in _HEVC_IDR for unit in _unit_types(packet))
    return packet.stream.codec in _EVERY_KEY_PACKET


def _unit_types(packet: Packet) -> Iterator[int]:
    """The first byte of each NAL unit (ITU-T H.264 and H.265, annex B; ISO/IEC 14496-15 for length prefixes)."""
    extradata = packet.stream.extradata
    length_at = 4 if packet.stream.codec == "h264" else 21
    if extradata[:1] == b"\x01" and len(extradata) > length_at:
        return _length_prefixed(packet.data, (extradata[length_at] & 3) + 1)
    return _after_start_codes(packet.data)


def _length_prefixed(data: bytes, prefix: int) -> Iterator[int]:
    at = 0
    while at + prefix < len(data):
        yield data[at + prefix]
        at += prefix + int.from_bytes(data[at : at + prefix], "big")


def _after_start_codes(data: bytes) -> Iterator[int]:
    at = data.find(b"\x00\x00\x01")
    while 0 <= at < len(data) - 3:
        yield data[at + 3]
        at = data.find(b"\x00\x00\x01", at + 3)
