"""How frames are stored and got back, exactly: see `store.py`."""

from kernel.payloads.errors import PayloadDamaged
from kernel.payloads.packet_format import joined
from kernel.payloads.store import DamagedFrame, EncodedFrame, FrameDecoder, FrameEncoder

__all__ = ["DamagedFrame", "EncodedFrame", "FrameDecoder", "FrameEncoder", "PayloadDamaged", "joined"]
