"""The bytes of a `packets-1` payload: what a decoder must be given to give the next frame.

`P1` and then MessagePack, an array of: the start of a new decoder [codec, extradata, width, height] or nil; the
packets [captured_ns, data] to feed, in decoding order; whether the stream ends after them; how many of the frames
that come out are damaged and to be thrown away before the one that the payload stands for.
"""

import msgspec

from kernel.payloads.errors import PayloadDamaged, check_payload_size

MAX_PACKETS = 1024
MAX_SKIP = 4096
_MAGIC = b"P1"


class Start(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A new decoder: FFmpeg's name of the codec, its extradata, the coded size in pixels."""

    codec: str
    extradata: bytes
    width: int
    height: int


class Fed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One packet."""

    captured_ns: int
    data: bytes


class PacketPayload(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The stored form of one frame of compressed video."""

    start: Start | None
    packets: tuple[Fed, ...]
    ends: bool
    skip: int


_DECODER = msgspec.msgpack.Decoder(PacketPayload)


def encode_payload(payload: PacketPayload) -> bytes:
    """The payload as bytes."""
    return _MAGIC + msgspec.msgpack.encode(payload)


def joined(*payloads: bytes) -> bytes:
    """One payload that gives the frame of the last of `payloads` to a decoder that was given none of the others.

    Raises `PayloadDamaged` where one is none, or all together are past a limit.
    """
    parts = [decode_payload(payload) for payload in payloads]
    packets = tuple(packet for part in parts for packet in part.packets)
    skip = len(parts) - 1 + sum(part.skip for part in parts)
    whole = encode_payload(PacketPayload(parts[0].start, packets, parts[-1].ends, skip))
    decode_payload(whole)
    return whole


def decode_payload(data: bytes) -> PacketPayload:
    """The payload from bytes. Raises `PayloadDamaged` where they are none, or past a limit."""
    check_payload_size(data)
    if data[:2] != _MAGIC:
        raise PayloadDamaged("not a packets-1 payload")
    try:
        payload = _DECODER.decode(data[2:])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise PayloadDamaged(f"not a packets-1 payload: {error}") from None
    if len(payload.packets) > MAX_PACKETS or not 0 <= payload.skip <= MAX_SKIP:
        raise PayloadDamaged(f"{len(payload.packets)} packets with {payload.skip} skipped frames are past the limits")
    if not all(-(2**62) < packet.captured_ns < 2**62 for packet in payload.packets):
        raise PayloadDamaged("a packet's time is out of range")
    return payload
