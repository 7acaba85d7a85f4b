"""What is appended together, and stays together."""

from collections.abc import Sequence

import msgspec

from kernel.events import Event, FrameCaptured, StateKept
from kernel.log.chain import Row
from kernel.log.contract import LogError


class Unit(msgspec.Struct, frozen=True):
    """A unit on its way to the disk: its rows, and the seq and bytes of the payload if it has one.

    `begins` says that it is the first of a new segment.
    """

    rows: tuple[Row, ...]
    frame: int | None
    payload: bytes | None
    begins: bool = False

    @property
    def size(self) -> int:
        """About how many bytes it occupies while it waits."""
        return sum(len(row.body) + 300 for row in self.rows) + len(self.payload or b"")


def check_payload(events: Sequence[Event], payload: bytes | None) -> int | None:
    """The seq of the frame that `payload` belongs to. Raises `LogError` where there is not exactly one that fits."""
    if payload is None:
        return None
    frames = [event for event in events if isinstance(event.body, FrameCaptured | StateKept)]
    if len(frames) != 1:
        raise LogError(f"a payload belongs to one event that names it; its unit holds {len(frames)}")
    body = frames[0].body
    if isinstance(body, FrameCaptured | StateKept) and body.payload_bytes != len(payload):
        raise LogError(
            f"event {frames[0].seq} names {body.payload_bytes} bytes of payload and came with {len(payload)}"
        )
    return frames[0].seq
