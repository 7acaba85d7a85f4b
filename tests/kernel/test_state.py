"""The encoding of the fold's state: one way to write it, checked when it is read."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kernel.state import StateDamaged, as_state, decode_state, encode_state

DTYPES = st.sampled_from(["u1", "?", "<u2", "<i4", "<i8", "<f4", "<f8"])
ARRAYS = DTYPES.flatmap(lambda t: arrays.arrays(t, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)))
INTEGERS = st.integers(-(2**63), 2**63 - 1)
PLAIN = st.none() | st.booleans() | INTEGERS | st.floats() | st.text(max_size=5) | st.binary(max_size=5)
STATES = st.recursive(
    PLAIN | ARRAYS, lambda of: st.lists(of, max_size=4) | st.dictionaries(st.text(max_size=3), of, max_size=4)
)


class Model(msgspec.Struct):
    mean: np.ndarray
    count: int


@settings(max_examples=200, deadline=None)
@given(STATES)
def test_what_is_decoded_encodes_to_the_same_bytes(state: object) -> None:
    data = encode_state(state)
    assert encode_state(decode_state(data, object)) == data


@settings(max_examples=100, deadline=None)
@given(ARRAYS)
def test_arrays_come_back_with_type_shape_and_bits_and_can_be_written(array: np.ndarray) -> None:
    back = decode_state(encode_state(Model(array, 1)), Model).mean
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert back.flags.writeable


def test_how_an_array_lies_in_memory_makes_no_difference() -> None:
    array = np.arange(12, dtype=np.int32).reshape(3, 4)
    assert encode_state(np.asfortranarray(array)) == encode_state(array)
    assert encode_state(array.astype(">i4")) == encode_state(array)
    assert encode_state(array[::2, ::2]) == encode_state(array[::2, ::2].copy())


def test_the_order_of_a_map_is_part_of_the_state() -> None:
    assert encode_state({"a": 1, "b": 2}) != encode_state({"b": 2, "a": 1})
    assert list(decode_state(encode_state({"b": 2, "a": 1}), dict[str, int])) == ["b", "a"]


@pytest.mark.parametrize("part", [object(), np.array([object()]), np.zeros((1,) * 5), 2**70])
def test_what_cannot_be_kept_is_refused_when_it_is_written(part: Any) -> None:
    with pytest.raises((TypeError, OverflowError)):
        encode_state([part])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_bytes_are_refused_or_read_as_another_state_and_nothing_worse(data: st.DataObject) -> None:
    whole = bytearray(encode_state(Model(np.arange(6, dtype=np.float32).reshape(2, 3), 7)))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        assert isinstance(decode_state(cut, Model), Model)
    except StateDamaged as error:
        assert "not a state" in str(error)


def test_a_part_of_another_shape_is_refused_with_what_was_expected() -> None:
    with pytest.raises(StateDamaged, match="Model"):
        as_state({"mean": 3, "count": 1}, Model)
