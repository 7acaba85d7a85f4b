"""When the segment being written has had enough."""

import msgspec

SEGMENT_BYTES = 64 * 1024 * 1024
"""Payload and body bytes after which another segment is begun: what is not checkpointed stays in memory, and
checkpointing a table again and again as it grows writes everything again each time."""
SEGMENT_NS = 60_000_000_000
"""Logical time after which another segment is begun, so that segments refold alone in handy pieces."""

OTHER_BYTES = 4 * 1024 * 1024
"""More than the events of a few frames ever take."""


class Limits(msgspec.Struct, frozen=True):
    """A segment ends with the unit that reaches one of these."""

    bytes: int = SEGMENT_BYTES
    logical_ns: int = SEGMENT_NS


class Rotation:
    """Follows how much is appended. Logical time decides, not a clock, so the same facts give the same segments."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._bytes = 0
        self._began: int | None = None
        self._last = 0

    @property
    def is_due(self) -> bool:
        """Whether the next unit begins another segment."""
        if self._began is None:
            return False
        return self._bytes >= self.limits.bytes or self._last - self._began >= self.limits.logical_ns

    def may_be_due(self, payload_bytes: int, time: int) -> bool:
        """Whether another segment may be due once units with so many payload bytes are added, up to `time`."""
        if self._began is None:
            return True
        expected = self._bytes + payload_bytes + OTHER_BYTES
        return expected >= self.limits.bytes or time - self._began >= self.limits.logical_ns

    def add(self, size: int, time: int) -> bool:
        """Take in a unit of `size` bytes; `time` is the log's after it. Gives whether it begins a segment."""
        begins = self._began is None or self.is_due
        if begins:
            self._bytes, self._began = 0, time
        self._bytes += size
        self._last = time
        return begins
