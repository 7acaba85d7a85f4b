"""From the drivers' frames to facts, channel by channel and in the right order over all of them."""

import time
from collections.abc import Sequence

import msgspec

from devices.host import DriverHost
from emberline.admission import Admission
from emberline.channel_line import ChannelLine
from emberline.onlooking import RunSummary
from emberline.operation.health import Meter
from emberline.recognising import Recognising
from emberline.storekeeper import Storekeeper
from kernel import events as e
from kernel.media import Packet, Shot
from kernel.payloads import DamagedFrame, EncodedFrame
from kernel.recorder import NewFrame
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Channel


class Intake:
    """The channels' lines. `polled_s` is when the frames that wait came in, by the monotonic clock."""

    def __init__(
        self,
        admission: Admission,
        host: DriverHost,
        storekeeper: Storekeeper,
        recognising: Recognising,
        meter: Meter,
        summary: RunSummary,
    ) -> None:
        self._admission = admission
        self._host = host
        self._storekeeper = storekeeper
        self._recognising = recognising
        self._meter = meter
        self._summary = summary
        self._lines: dict[str, ChannelLine] = {}
        self.polled_s = 0.0

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels, in the order of the site file."""
        return tuple(self._lines)

    @property
    def waiting(self) -> dict[str, int]:
        """How many frames of each channel wait."""
        return {id: len(line.waiting) for id, line in self._lines.items()}

    def set_channels(self, channels: Sequence[Channel]) -> None:
        """A line for each of these channels; one that is there goes on."""
        lines = self._lines
        self._lines = {c.id: lines.get(c.id) or ChannelLine(n) for n, c in enumerate(channels)}
        self._meter.set_channels(list(self._lines))

    def configure(self, channels: Sequence[Channel]) -> None:
        """Take over the channels' order and their privacy masks."""
        for order, channel in enumerate(channels):
            self._lines[channel.id].order = order
            self._lines[channel.id].mask(channel.privacy_mask)

    def arrive(self, channel: str, frame: Shot | Packet) -> None:
        """The channel's driver sent a frame, or a part of one."""
        if channel in self._lines:
            self._lines[channel].arrive(frame)

    def online(self, channel: str) -> None:
        """The channel's driver is there."""
        if channel in self._lines:
            self._host.begin(channel, self._admission.speed)

    def offline(self, channel: str) -> None:
        """The channel's driver is away: what it had sent is admitted before that is."""
        if channel in self._lines:
            self._lines[channel].restart()
            self.admit_waiting()

    def end(self, channel: str) -> None:
        """The channel's source is at its end."""
        if channel in self._lines:
            self._lines[channel].end()

    def lost(self, channel: str, count: int) -> None:
        """So many frames of the channel are not recorded."""
        self._summary.lost += count
        self._meter.lost(channel, count)

    def all_ended(self) -> bool:
        """Whether every source is at its end and nothing waits."""
        return all(line.ended and not line.waiting for line in self._lines.values())

    def grant(self) -> None:
        """At speed max, let the drivers send as many frames as there is room for, in memory and in the log."""
        if self._admission.speed == "max" and not self._storekeeper.asks_to_wait:
            for id, line in self._lines.items():
                credit = 0 if line.ended else line.credit()
                if credit:
                    self._host.grant(id, credit)

    def admit_waiting(self) -> None:
        """Admit the frames that wait: as they came live, in captured order over all channels at speed max.

        Those of different channels that follow each other are perceived at the same time.
        """
        together: dict[str, NewFrame] = {}
        while (next_line := self._next_line()) is not None:
            channel, line = next_line
            frame = line.waiting.popleft()
            if channel in together or isinstance(frame, DamagedFrame):
                self._admit_together(together)
            captured, time_ns = self._times(line, frame)
            if isinstance(frame, DamagedFrame):
                self.lost(channel, 1)
                self._admission.fact(CHANNEL_SOURCE + channel, e.FramesLost(1, "damaged"), time_ns)
            elif self._storekeeper.takes(channel, frame.key, len(frame.payload)):
                together[channel] = _new_frame(channel, frame, captured, time_ns)
            else:
                self.lost(channel, 1)
        self._admit_together(together)

    def admit_found(self) -> None:
        """Admit what the models have found by now."""
        self._admission.facts(self._recognising.found())

    def _times(self, line: ChannelLine, frame: EncodedFrame | DamagedFrame) -> tuple[int, int]:
        """When the frame was captured and when it is admitted, in logical time."""
        if self._admission.speed == "max":
            captured = self._admission.origin + frame.captured_ns
            return captured, captured
        arrived = self._admission.now
        return line.mapped(frame.captured_ns, arrived), arrived

    def _next_line(self) -> tuple[str, ChannelLine] | None:
        live = [(id, line) for id, line in self._lines.items() if line.waiting or not line.ended]
        waiting = [(id, line) for id, line in live if line.waiting]
        if not waiting or (self._admission.speed == "max" and len(waiting) < len(live)):
            return None
        return min(waiting, key=lambda item: (item[1].waiting[0].captured_ns, item[1].order))

    def _admit_together(self, frames: dict[str, NewFrame]) -> None:
        """Admit frames by their channels, in this order, and empty the dictionary."""
        self._admission.frames(list(frames.values()), self._admitted)
        frames.clear()

    def _admitted(self, frame: NewFrame, unit: tuple[e.Event, ...]) -> None:
        self._summary.frames += 1
        self._meter.frame(frame.source.removeprefix(CHANNEL_SOURCE))
        self._meter.decisions.note(time.monotonic() - self.polled_s)
        self._recognising.take(unit, frame.pixels)
        if self._admission.speed == "max":
            self.admit_found()


def _new_frame(channel: str, frame: EncodedFrame, captured_ns: int, time_ns: int) -> NewFrame:
    body = msgspec.structs.replace(frame.fact(), captured_ns=captured_ns)
    return NewFrame(time_ns, CHANNEL_SOURCE + channel, body, frame.payload, frame.pixels)
