"""The fold's state as bytes, in one way only: what is digested is what is kept, and what is kept can be restored.

MessagePack of nested plain values, msgspec structs and numpy arrays. Maps keep their order, since the order in which
the fold walks through them is part of its state; sets have none and must not occur. An array is an extension of
type 1: its dtype as three ASCII characters (`<f4`), the number of its dimensions in a byte, each dimension in four
bytes, then its values in C order, all little-endian.
"""

import hashlib
import math
import struct
from typing import Any, TypeVar, cast

import msgspec
import numpy as np

T = TypeVar("T")
_ARRAY = 1
_DTYPES = frozenset(("|u1", "|i1", "|b1", "<u2", "<i2", "<u4", "<i4", "<i8", "<u8", "<f4", "<f8"))
_MAX_DIMENSIONS = 4


class StateDamaged(ValueError):
    """Bytes that are no state, or none of this kind."""


def encode_state(state: object) -> bytes:
    """The state as bytes; equal states give equal bytes. Raises `TypeError` where a part cannot be kept."""
    return _ENCODER.encode(state)


def decode_state(data: bytes | memoryview, kind: type[T]) -> T:
    """The state from bytes, held against `kind` throughout; arrays are new ones. Raises `StateDamaged`."""
    try:
        return msgspec.msgpack.decode(data, type=kind, ext_hook=_decoded_array)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StateDamaged(f"not a state of this software: {error}") from None


def as_state(part: object, kind: type[T]) -> T:
    """A decoded part that its owner alone understands, held against `kind`. Raises `StateDamaged`."""
    try:
        return msgspec.convert(part, kind)
    except msgspec.ValidationError as error:
        raise StateDamaged(f"not a {kind.__name__} of this software: {error}") from None


def state_sha256(data: bytes) -> str:
    """The digest of an encoded state, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _encoded_array(value: Any) -> msgspec.msgpack.Ext:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a {type(value).__name__} is nothing that a state can hold")
    array = np.asarray(cast("np.ndarray[Any, np.dtype[Any]]", value), order="C")
    code = array.dtype.newbyteorder("<").str
    if code not in _DTYPES or array.ndim > _MAX_DIMENSIONS:
        raise TypeError(f"an array of {array.dtype} in {array.ndim} dimensions is nothing that a state can hold")
    head = struct.pack(f"<3sB{array.ndim}I", code.encode(), array.ndim, *array.shape)
    return msgspec.msgpack.Ext(_ARRAY, head + array.astype(code, copy=False).tobytes())


def _decoded_array(code: int, data: memoryview) -> np.ndarray:
    try:
        if code != _ARRAY:
            raise ValueError(f"extension {code}")
        dtype, dimensions = bytes(data[:3]).decode("ascii"), data[3]
        if dtype not in _DTYPES or dimensions > _MAX_DIMENSIONS:
            raise ValueError(f"an array of {dtype!r} in {dimensions} dimensions")
        shape = struct.unpack_from(f"<{dimensions}I", data, 4)
        values = data[4 + 4 * dimensions :]
        if math.prod(shape) * np.dtype(dtype).itemsize != len(values):
            raise ValueError(f"{len(values)} bytes for an array of {shape}")
    except (ValueError, IndexError, struct.error) as error:
        raise StateDamaged(f"not a state of this software: {error}") from None
    return np.frombuffer(values, dtype).reshape(shape).copy()


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_encoded_array)
