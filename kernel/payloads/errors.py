"""What can be wrong with a stored frame, and the limits on everything that is decoded."""

MAX_SIDE_PX = 4096
"""The widest and the highest frame that is stored or decoded."""
MAX_PAYLOAD_BYTES = 64 * 1024 * 1024


class PayloadDamaged(Exception):
    """A stored payload does not give its frame back; the message says why."""


def check_frame_size(width: int, height: int) -> None:
    """Raise `PayloadDamaged` where a frame of this size is not allowed."""
    if not (1 <= width <= MAX_SIDE_PX and 1 <= height <= MAX_SIDE_PX):
        raise PayloadDamaged(f"frame size {width}×{height} is outside 1×1 to {MAX_SIDE_PX}×{MAX_SIDE_PX}")


def check_payload_size(payload: bytes) -> None:
    """Raise `PayloadDamaged` where a payload is too long to be looked at."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise PayloadDamaged(f"payload of {len(payload)} bytes is longer than {MAX_PAYLOAD_BYTES}")
