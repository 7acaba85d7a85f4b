"""The wire protocol between drivers and the daemon: its messages, limits and encoding. docs/wire.md tells it in prose.

A message is a few ZeroMQ frames: driver to daemon `[token, header, payload…]`, daemon to driver `[header]`. The header
is a msgpack map whose key `type` names one of the structs below.
"""

from typing import Annotated, Literal, TypeVar

import msgspec

PROTOCOL = 1
"""The version a driver announces in its Hello. It changes when an old driver would be misunderstood."""

HEARTBEAT_EVERY_S = 0.5
"""How often both sides send a Heartbeat. Once a second is what the protocol asks for."""
DRIVER_SILENCE_S = 2.5
"""A driver not heard of for so long is offline."""
DAEMON_SILENCE_S = 60.0
"""A driver that hears nothing from the daemon for so long ends by itself."""

MAX_FRAMES_A_SECOND = 120
"""What a driver sends beyond that at pace realtime is thrown away."""
MAX_SIDE_PX = 4096
MAX_TOKEN_BYTES = 64
MAX_HEADER_BYTES = 128 * 1024
MAX_PACKET_BYTES = 16 * 1024 * 1024
MAX_FRAME_BYTES = MAX_SIDE_PX * MAX_SIDE_PX * 2
"""The largest ZeroMQ frame either side accepts."""
MAX_ENDPOINT_CHARS = 100
QUEUE_MESSAGES = 16
"""How many messages a queue at either end of the facts socket holds."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=1000)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Time = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
Count = Annotated[int, msgspec.Meta(ge=1, le=2**32)]
Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE_PX)]
Codec = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,32}$")]
Extradata = Annotated[bytes, msgspec.Meta(max_length=64 * 1024)]
Words = Annotated[dict[Name, Text], msgspec.Meta(max_length=64)]
Pace = Literal["realtime", "max"]
BYTES_PER_PIXEL = {"gray8": 1, "gray16": 2}


class WireError(Exception):
    """A message or an address that the protocol does not allow; the text says what is wrong with it."""


class Message(msgspec.Struct, frozen=True, tag_field="type", tag=True, omit_defaults=True):
    """What a header says. Unknown keys are ignored, so that fields may be added without a new version."""


# --- Driver to daemon ------------------------------------------------------------------------------------------


class Hello(Message, frozen=True):
    """The first message of a driver, on the commands socket. `type`, `driver` and `protocol` never change."""

    driver: Name
    protocol: int
    capabilities: Words = {}


class ShotTaken(Message, frozen=True):
    """An uncompressed frame; its payload is the rows of pixels from the top, 16-bit ones little-endian.

    `number` counts the frames this driver has taken since its start, from 0 and without gaps. `captured_ns` is the
    device's clock. Of radiometric frames, millikelvin = counts × `mk_scale` / 1000 + `mk_offset`.
    """

    number: Number
    captured_ns: Time
    width: Side
    height: Side
    pixel_format: Literal["gray8", "gray16"]
    shutter: Literal["open", "closed", "corrected"] | None = None
    night: bool | None = None
    mk_scale: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] | None = None
    mk_offset: Annotated[int, msgspec.Meta(ge=-1_000_000_000, le=1_000_000_000)] | None = None


class PacketReceived(Message, frozen=True):
    """A compressed packet, in decoding order; its payload is the packet as the device sent it.

    `codec` is FFmpeg's name, `extradata` its parameter sets, `captured_ns` the time of presentation.
    """

    number: Number
    captured_ns: Time
    key: bool
    codec: Codec
    extradata: Extradata
    width: Side
    height: Side


class FramesDropped(Message, frozen=True):
    """The next `count` frames by number were taken, and dropped by the driver."""

    count: Count
    reason: Text


class Fault(Message, frozen=True):
    """Something is wrong; the driver goes on."""

    reason: Text


class ContactChanged(Message, frozen=True):
    """The contact of the alarm input with this number closed or opened; undebounced, and said once after Hello too."""

    number: Annotated[int, msgspec.Meta(ge=1, le=64)]
    closed: bool


class SourceLost(Message, frozen=True):
    """The source is away and the driver tries to get it back; the next frame or ContactChanged says that it has."""

    reason: Text


class LoginRefused(Message, frozen=True):
    """Somebody who could not prove who they are was turned away at this driver's door."""

    who: Text
    address: Text
    detail: Text


class SourceEnded(Message, frozen=True):
    """No frame follows; the driver waits for Stop. With `error` the source could not be read (further)."""

    reason: Text
    error: bool = False


class ActionDone(Message, frozen=True):
    """The action with this key has been carried out; said again, and not done again, for a key received again."""

    output: Name
    ordinal: Number


class ActionRefused(Message, frozen=True):
    """The action with this key has not been carried out; with `again`, asking for it once more may succeed."""

    output: Name
    ordinal: Number
    reason: Text
    again: bool = False


# --- Both ways -------------------------------------------------------------------------------------------------


class Heartbeat(Message, frozen=True):
    """A sign of life."""


# --- Daemon to driver ------------------------------------------------------------------------------------------


class Start(Message, frozen=True):
    """Begin to send frames. `realtime`: as they are captured, without credit. `max`: as fast as credit allows."""

    pace: Pace


class Credit(Message, frozen=True):
    """The driver may send so many frames more; only at pace `max`."""

    frames: Count


class Act(Message, frozen=True):
    """Carry out an action and answer; (`output`, `ordinal`) is its key."""

    output: Name
    ordinal: Number
    kind: Name
    command: Text
    parameters: Words = {}


class Stop(Message, frozen=True):
    """End now."""


FromDriver = (
    Hello
    | ShotTaken
    | PacketReceived
    | FramesDropped
    | Fault
    | SourceLost
    | ContactChanged
    | LoginRefused
    | SourceEnded
    | ActionDone
    | ActionRefused
    | Heartbeat
)
ToDriver = Start | Credit | Act | Heartbeat | Stop
Kind = TypeVar("Kind")

_encoder = msgspec.msgpack.Encoder()
_from_driver: msgspec.msgpack.Decoder[FromDriver] = msgspec.msgpack.Decoder(FromDriver)
_to_driver: msgspec.msgpack.Decoder[ToDriver] = msgspec.msgpack.Decoder(ToDriver)


def encode(message: Message) -> bytes:
    """The header that says `message`."""
    return _encoder.encode(message)


def decode_from_driver(header: bytes) -> FromDriver:
    """What a driver says. Raises `WireError` where the header is none of a driver's messages."""
    return _decode(_from_driver, header)


def decode_to_driver(header: bytes) -> ToDriver:
    """What the daemon says. Raises `WireError` where the header is none of the daemon's messages."""
    return _decode(_to_driver, header)


def _decode(decoder: msgspec.msgpack.Decoder[Kind], header: bytes) -> Kind:
    if len(header) > MAX_HEADER_BYTES:
        raise WireError(f"header of {len(header)} bytes, allowed are {MAX_HEADER_BYTES}")
    try:
        return decoder.decode(header)
    except (ValueError, RecursionError, OverflowError) as error:  # msgspec's DecodeError is a ValueError
        raise WireError(f"header does not fit the protocol: {error}") from None


def check_payload(message: FromDriver, sizes: list[int]) -> None:
    """Raise `WireError` unless payload frames of these sizes (bytes) belong to `message`."""
    wanted = 1 if isinstance(message, ShotTaken | PacketReceived) else 0
    if len(sizes) != wanted:
        raise WireError(f"{type(message).__name__} with {len(sizes)} payload frames, it has {wanted}")
    if isinstance(message, ShotTaken):
        expected = message.width * message.height * BYTES_PER_PIXEL[message.pixel_format]
        if sizes[0] != expected:
            raise WireError(
                f"{message.width} × {message.height} {message.pixel_format} with {sizes[0]} bytes, not {expected}"
            )
    if isinstance(message, PacketReceived) and not 1 <= sizes[0] <= MAX_PACKET_BYTES:
        raise WireError(f"packet of {sizes[0]} bytes, allowed are 1 to {MAX_PACKET_BYTES}")


def check_endpoint(endpoint: str, *, keys: bool = False) -> str:
    """`endpoint`, if it may be used: tcp:// only with CURVE `keys`. Raises `WireError` otherwise."""
    if endpoint.startswith("tcp://"):
        if not keys:
            raise WireError(f"{endpoint}: tcp:// needs CURVE keys; use ipc://, or make some with: emberline keys make")
        return endpoint
    if not endpoint.startswith("ipc://"):
        raise WireError(f"{endpoint}: not an ipc:// endpoint")
    if len(endpoint) > MAX_ENDPOINT_CHARS:
        raise WireError(f"{endpoint}: {len(endpoint)} characters, a local endpoint may have {MAX_ENDPOINT_CHARS}")
    return endpoint


def plain_text(text: str) -> str:
    """`text` fit for a log line or a terminal: on one line, without control characters, at most 1000 characters."""
    return "".join(c if c.isprintable() else " " for c in text)[:1000].strip()
