"""Values are put in order whatever their range is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.ordering import ordered


@given(st.integers(-(2**30), 2**30 - 2**24), st.lists(st.integers(0, 2**24) | st.integers(0, 300), max_size=60))
def test_the_order_is_that_of_a_plain_sort(least: int, above: list[int]) -> None:
    values = np.array([least + value for value in above], np.int32)
    given_values = values.copy()
    assert ordered(values).tolist() == sorted(values.tolist())
    assert (values == given_values).all()
