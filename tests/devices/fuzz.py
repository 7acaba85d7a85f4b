"""Fuzzed wire messages against a driver host: `python -m tests.devices.fuzz --messages 1000000`.

Valid messages are mutated by a seeded generator: bytes flipped, cut, doubled, parts swapped, fields of other types and
sizes. Nothing may raise, and every frame that gets through must be one that the protocol allows.
"""

import argparse
import random
import time
from collections.abc import Iterator

import msgspec
import zmq

from devices.conversation import Conversation
from devices.hearing import Hearing
from devices.process import DriverSpec
from devices.reports import FrameArrived
from devices.supervised import Supervised, Timing
from devices.wire import (
    MAX_SIDE_PX,
    ActionDone,
    ActionRefused,
    ContactChanged,
    Fault,
    FramesDropped,
    Heartbeat,
    Hello,
    LoginRefused,
    PacketReceived,
    ShotTaken,
    SourceEnded,
    SourceLost,
    encode,
)
from kernel.media import Packet, Shot

TOKEN = b"0123456789abcdef"
ODD = (
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**63 - 1,
    2**64 - 1,
    -(2**63),
    1.5,
    float("nan"),
    "",
    "x" * 70000,
    b"",
    [],
    {},
    [[]],
)
PAYLOADS = (b"", b"\0", bytes(8), bytes(16), bytes(4096))


def seeds(rng: random.Random, number: int) -> list[msgspec.Struct]:
    """One message of each kind, most of them in place."""
    return [
        Hello("cam", rng.choice((1, 1, 2)), {"lens": "19 mm"}),
        ShotTaken(number, number, 4, 2, "gray8"),
        ShotTaken(number, -number, 4, 2, "gray16", "closed", True),
        PacketReceived(number, 0, True, "h264", b"\x01", 64, 48),
        FramesDropped(1 + number % 3, "slow"),
        Fault("cold"),
        SourceLost("gone"),
        LoginRefused("x", "192.0.2.1", "unknown key"),
        ContactChanged(1, True),
        ActionDone("siren", number),
        ActionRefused("siren", number, "no"),
        Heartbeat(),
        *([SourceEnded("over")] if rng.random() < 0.01 else []),
    ]


def messages(rng: random.Random, count: int) -> Iterator[list[bytes]]:
    """`count` messages: a token, a header, payloads; a fifth of them as they should be."""
    for number in range(count):
        seed = rng.choice(seeds(rng, 4 * number))
        parts = [TOKEN, encode(seed)]  # type: ignore[arg-type]
        if isinstance(seed, ShotTaken | PacketReceived):
            parts.append(bytes(16 if getattr(seed, "pixel_format", "") == "gray16" else 8))
        if rng.random() < 0.8:
            rng.choice((_flip, _cut, _double, _swap_field, _other_payload, _shuffle, _noise))(rng, parts)
        yield parts


def _flip(rng: random.Random, parts: list[bytes]) -> None:
    at = rng.randrange(len(parts))
    data = bytearray(parts[at] or b"\0")
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    parts[at] = bytes(data)


def _cut(rng: random.Random, parts: list[bytes]) -> None:
    at = rng.randrange(len(parts))
    parts[at] = parts[at][: rng.randrange(len(parts[at]) + 1)]


def _double(rng: random.Random, parts: list[bytes]) -> None:
    parts.insert(rng.randrange(len(parts) + 1), rng.choice(parts))


def _swap_field(rng: random.Random, parts: list[bytes]) -> None:
    fields = msgspec.msgpack.decode(parts[1])
    fields[rng.choice([*fields, "extra"])] = rng.choice(ODD)
    parts[1] = msgspec.msgpack.encode(fields)


def _other_payload(rng: random.Random, parts: list[bytes]) -> None:
    parts[2:] = [rng.choice(PAYLOADS) for _ in range(rng.randrange(3))]


def _shuffle(rng: random.Random, parts: list[bytes]) -> None:
    rng.shuffle(parts)


def _noise(rng: random.Random, parts: list[bytes]) -> None:
    parts[1] = rng.randbytes(rng.randrange(200))


def check_frame(arrived: FrameArrived) -> None:
    """Raises `AssertionError` where the frame is none that the protocol allows."""
    frame = arrived.frame
    assert arrived.number >= 0 and abs(frame.captured_ns) <= 2**62
    if isinstance(frame, Shot):
        height, width = frame.pixels.shape
        assert frame.pixels.dtype.name in ("uint8", "uint16") and frame.pixels.flags.aligned
        assert frame.shutter in (None, "open", "closed", "corrected") and frame.night in (None, True, False)
    else:
        assert isinstance(frame, Packet) and frame.data
        height, width = frame.stream.height, frame.stream.width
    assert 1 <= height <= MAX_SIDE_PX and 1 <= width <= MAX_SIDE_PX


class Tally(msgspec.Struct):
    """What came of the messages."""

    messages: int = 0
    refused: int = 0
    frames: int = 0
    others: int = 0
    talks: int = 0


def fuzz(count: int, seed: int) -> Tally:
    """Feed `count` messages to the host's hearing of one driver. Raises whatever it must not raise."""
    rng, tally = random.Random(seed), Tally()
    supervised = _stand_in()
    hearing = Hearing({"cam": supervised}, retired=())
    for parts in messages(rng, count):
        if supervised.talk.ended or rng.random() < 0.01:
            _begin_anew(supervised, tally)
        before = hearing.malformed.total()
        _, reports = hearing.hear(None, [zmq.Frame(part) for part in parts])
        supervised.talk.begin("realtime")
        for report in reports:
            if isinstance(report, FrameArrived):
                check_frame(report)
                tally.frames += 1
            else:
                tally.others += 1
        tally.messages += 1
        tally.refused += hearing.malformed.total() - before
    return tally


def _stand_in() -> Supervised:
    """A driver without a process, so that a million messages need no socket."""
    supervised = Supervised(DriverSpec("cam", "none"), Timing())
    supervised.process = object()  # type: ignore[assignment]
    supervised.token = TOKEN
    supervised.allowance.take = lambda now_s: True  # type: ignore[method-assign]
    return supervised


def _begin_anew(supervised: Supervised, tally: Tally) -> None:
    supervised.talk = Conversation("cam")
    supervised.over = False
    tally.talks += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    began_s = time.monotonic()
    tally = fuzz(given.messages, given.seed)
    took_s = time.monotonic() - began_s
    print(
        f"{tally.messages} messages in {took_s:.0f} s: {tally.refused} refused, {tally.frames} frames and"
        f" {tally.others} other reports let through, 0 crashes, 0 bad frames"
    )


if __name__ == "__main__":
    main()
