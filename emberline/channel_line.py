"""One channel of the running daemon, between its driver and the log."""

from collections import deque
from collections.abc import Sequence

from detectors.privacy_mask import blackener
from kernel.media import Packet, Shot
from kernel.payloads import DamagedFrame, EncodedFrame, FrameEncoder
from kernel.site.model import Polygon

FRAMES_AHEAD = 16
"""Frames of a channel under way from its driver or waiting to be merged, at speed max."""
CLOCK_STEP_NS = 1_000_000_000
"""A device's clock that strays further than this from the frames' arrival has been set: it is anchored anew."""
FOLLOW_FRAMES = 1024
"""The device's clock is followed over about so many frames."""


class ChannelLine:
    """Frames of one channel on their way in. `order` is the channel's place in the site file."""

    def __init__(self, order: int, masked: Sequence[Polygon] = ()) -> None:
        self.order = order
        self._masked = tuple(masked)
        self.waiting: deque[EncodedFrame | DamagedFrame] = deque()
        self.ended = False
        self._encoder = FrameEncoder(blackener(self._masked))
        self._under_way = 0
        self._offset_ns: int | None = None
        self._last_ns = 0

    def arrive(self, item: Shot | Packet) -> None:
        """Take in what the driver sent; complete frames go to `waiting`."""
        self._under_way -= 1
        self.waiting.extend(self._encoder.feed(item))

    def end(self) -> None:
        """The source is at its end: nothing more arrives."""
        if not self.ended:
            self.waiting.extend(self._encoder.flush())
        self.ended = True

    def restart(self) -> None:
        """An interruption: what arrived before it is still good, then decoding and the device's clock begin anew."""
        if not self.ended:
            self.waiting.extend(self._encoder.flush())
        self._encoder = FrameEncoder(blackener(self._masked))
        self._offset_ns = None
        self._under_way = 0
        self.ended = False

    def mask(self, polygons: Sequence[Polygon]) -> None:
        """Black these polygons out of every frame from here on; of video, from the next key picture on."""
        if tuple(polygons) != self._masked:
            self._masked = tuple(polygons)
            self.waiting.extend(self._encoder.flush())
            self._encoder = FrameEncoder(blackener(self._masked))

    def credit(self) -> int:
        """How many more frames the driver may send now; they count as under way from here on."""
        free = max(0, FRAMES_AHEAD - self._under_way - len(self.waiting))
        self._under_way += free
        return free

    def mapped(self, captured_ns: int, arrived_ns: int) -> int:
        """The device's time in logical time, never going back.

        Anchored at the first arrival, and anew after a step of the device's clock; in between it follows the arrivals
        slowly, so that jitter is smoothed and a clock that runs a little fast or slow never strays.
        """
        seen_ns = arrived_ns - captured_ns
        if self._offset_ns is None or abs(self._offset_ns - seen_ns) > CLOCK_STEP_NS:
            self._offset_ns = seen_ns
        self._offset_ns += (seen_ns - self._offset_ns) // FOLLOW_FRAMES
        self._last_ns = max(self._last_ns + 1, captured_ns + self._offset_ns)
        return self._last_ns
