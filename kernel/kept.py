"""The fold's state as it is kept in a log: what a segment begins with, and a replay goes on from."""

import hashlib

import msgspec
import zstandard

from kernel.engine import EngineState
from kernel.events import StateKept
from kernel.references import FormState
from kernel.state import StateDamaged, decode_state, encode_state

MAX_BYTES = 2 * 1024**3
"""No state is larger once it is unpacked; one that says so is damaged."""
_LEVEL = 1


class KeptState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The Engine's state, and where in this log the events stand that it may still point to."""

    engine: EngineState
    form: FormState


def pack(state: KeptState) -> tuple[StateKept, bytes]:
    """The event that keeps a state, and its payload."""
    payload = zstandard.ZstdCompressor(_LEVEL).compress(encode_state(state))
    return StateKept(state.engine.sha256, len(payload), hashlib.sha256(payload).hexdigest()), payload


def unpack(body: StateKept, payload: bytes) -> KeptState:
    """The state back. Raises `StateDamaged` where it is not the one that the event names."""
    try:
        size = zstandard.get_frame_parameters(payload).content_size
        if size > MAX_BYTES:
            raise StateDamaged(f"a state of {size} bytes is past the limit of {MAX_BYTES}")
        data = zstandard.ZstdDecompressor().decompress(payload, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise StateDamaged(f"the state does not decompress: {error}") from None
    state = decode_state(data, KeptState)
    if state.engine.sha256 != body.sha256:
        raise StateDamaged("the state is another one than its event names")
    return state
