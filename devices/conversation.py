"""What one start of a driver may say, and what it means: messages in, reports out; no sockets, no clock.

A message that does not fit raises `WireError` and changes nothing.
"""

from collections.abc import Sequence

import numpy as np
import zmq

from devices.reports import (
    ActionAnswered,
    ContactMoved,
    Ended,
    Faulted,
    FrameArrived,
    Lost,
    Report,
    WentOffline,
    WentOnline,
)
from devices.reports import LoginRefused as LoginTurnedAway
from devices.wire import (
    PROTOCOL,
    ActionDone,
    ActionRefused,
    ContactChanged,
    Fault,
    FramesDropped,
    FromDriver,
    Heartbeat,
    Hello,
    LoginRefused,
    Pace,
    PacketReceived,
    ShotTaken,
    SourceEnded,
    SourceLost,
    WireError,
    plain_text,
)
from kernel.media import Packet, Shot, Stream

DTYPES = {"gray8": np.dtype("u1"), "gray16": np.dtype("<u2")}


class Conversation:
    """The state of the talk with one start of the driver `driver`."""

    def __init__(self, driver: str) -> None:
        self.driver = driver
        self.online = False
        self.ended = False
        self.pace: Pace | None = None
        """How frames come, once they may."""
        self.credit = 0
        """How many frames more are welcome at pace max."""
        self._next = 0
        self._stream: Stream | None = None
        self._capabilities: dict[str, str] = {}
        self._away: str | None = None

    def begin(self, pace: Pace) -> bool:
        """Whether Start may be sent: the driver is online and has not been started."""
        if not self.online or self.ended or self.pace is not None:
            return False
        self.pace = pace
        return True

    def grant(self, frames: int) -> bool:
        """Whether Credit may be sent: the driver was started at pace max. Before that it is `credit`, for later."""
        self.credit += frames
        return self.pace == "max" and not self.ended

    def receive(self, message: FromDriver, payload: Sequence[zmq.Frame]) -> list[Report]:
        """What `message` (its payload already checked for size) means. Raises `WireError` where it is out of place."""
        if isinstance(message, Heartbeat):
            return []
        if isinstance(message, Hello):
            return self._hello(message)
        if not self.online and not isinstance(message, SourceEnded | Fault):
            raise WireError(f"{type(message).__name__} before Hello")
        if isinstance(message, Fault):
            return [Faulted(self.driver, plain_text(message.reason))]
        if isinstance(message, LoginRefused):
            said = (plain_text(message.who), plain_text(message.address), plain_text(message.detail))
            return [LoginTurnedAway(self.driver, *said)]
        if isinstance(message, ActionDone):
            return [ActionAnswered(message.output, message.ordinal, True, "")]
        if isinstance(message, ActionRefused):
            reason = plain_text(message.reason)
            return [ActionAnswered(message.output, message.ordinal, False, reason, message.again)]
        if isinstance(message, ContactChanged):
            return [*self._contacts_back(), ContactMoved(self.driver, message.number, message.closed)]
        if self.ended:
            raise WireError(f"{type(message).__name__} after SourceEnded")
        if isinstance(message, SourceEnded):
            self.ended = True
            return [Ended(self.driver, plain_text(message.reason), message.error)]
        if isinstance(message, SourceLost):
            return self._source_lost(plain_text(message.reason))
        if isinstance(message, FramesDropped):
            self._next += message.count
            return [Lost(self.driver, message.count, plain_text(message.reason))]
        return self._frame(message, payload[0])

    def _hello(self, message: Hello) -> list[Report]:
        if message.driver != self.driver:
            raise WireError(f"Hello as {plain_text(message.driver)!r}, with the token of {self.driver!r}")
        if self.online or self.ended:
            raise WireError("Hello said twice, or after SourceEnded")
        if message.protocol != PROTOCOL:
            self.ended = True
            reason = f"the driver speaks version {message.protocol} of the wire protocol, this daemon {PROTOCOL}"
            return [Ended(self.driver, reason, True)]
        self.online = True
        self._capabilities = {plain_text(key): plain_text(value) for key, value in message.capabilities.items()}
        return [WentOnline(self.driver, self._capabilities)]

    def throw_away(self, message: ShotTaken | PacketReceived, reason: str) -> list[Report]:
        """A frame that is not wanted, however good it is: it counts as lost. Raises `WireError` as `receive` does."""
        if not self.online or self.ended or self.pace != "realtime" or message.number < self._next:
            return self.receive(message, [])
        count = message.number + 1 - self._next
        self._next = message.number + 1
        return [Lost(self.driver, count, reason)]

    def _source_lost(self, reason: str) -> list[Report]:
        """The source went away; said again, that is only news where the reason is another."""
        before, self._away = self._away, reason
        if before is None:
            return [WentOffline(self.driver, reason)]
        return [] if before == reason else [Faulted(self.driver, reason)]

    def _source_back(self) -> list[Report]:
        """The first frame after SourceLost: how many are missing nobody knows."""
        if self._away is None:
            return []
        reason, self._away = self._away, None
        return [WentOnline(self.driver, self._capabilities), Lost(self.driver, 0, f"the source was away: {reason}")]

    def _contacts_back(self) -> list[Report]:
        """The first ContactChanged after SourceLost."""
        away, self._away = self._away, None
        return [] if away is None else [WentOnline(self.driver, self._capabilities)]

    def _frame(self, message: ShotTaken | PacketReceived, payload: zmq.Frame) -> list[Report]:
        if self.pace is None:
            raise WireError("a frame before Start")
        if self.pace == "max" and self.credit == 0:
            raise WireError("a frame without credit")
        if message.number < self._next:
            raise WireError(f"frame {message.number} once more, {self._next} is next")
        reports = self._source_back()
        if message.number > self._next:
            reports.append(Lost(self.driver, message.number - self._next, "missing between the driver and the daemon"))
        self._next = message.number + 1
        if self.pace == "max":
            self.credit -= 1
        frame = _shot(message, payload) if isinstance(message, ShotTaken) else self._packet(message, payload)
        reports.append(FrameArrived(self.driver, frame, message.number))
        return reports

    def _packet(self, message: PacketReceived, payload: zmq.Frame) -> Packet:
        stream = Stream(message.codec, message.extradata, message.width, message.height)
        if self._stream is not None and stream == self._stream:
            stream = self._stream  # one object for all packets, so that their reader may compare by identity
        self._stream = stream
        return Packet(message.captured_ns, payload.bytes, message.key, stream)


def _shot(message: ShotTaken, payload: zmq.Frame) -> Shot:
    pixels = np.frombuffer(payload.buffer, DTYPES[message.pixel_format]).reshape(message.height, message.width)
    if not (pixels.flags.aligned and pixels.flags.writeable):
        pixels = pixels.copy()  # ZeroMQ hands out small messages at odd addresses, which compiled code may not take
    scale = (message.mk_scale, message.mk_offset)
    return Shot(message.captured_ns, pixels, message.shutter, message.night, *scale)
