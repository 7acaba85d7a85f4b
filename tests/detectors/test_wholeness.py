"""A mask made whole: cracks closed, holes filled, and never less than before."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.wholeness import closed, filled


def square(size: int = 12) -> np.ndarray:
    mask = np.zeros((24, 24), np.uint8)
    mask[4 : 4 + size, 4 : 4 + size] = 255
    return mask


def test_a_crack_is_closed_and_a_wide_gap_is_not() -> None:
    cracked, parted = square(), square()
    cracked[:, 9:11] = 0
    parted[:, 8:14] = 0
    assert np.array_equal(closed(cracked, 1), square())
    assert np.array_equal(closed(parted, 1), parted)


def test_a_hole_is_filled_and_a_bay_is_not() -> None:
    holed, bay = square(), square()
    holed[8:12, 8:12] = 0
    bay[8:12, 8:] = 0
    assert np.array_equal(filled(holed), square())
    assert np.array_equal(filled(bay), bay)


def test_a_target_at_the_edge_of_the_frame_stays_as_it_is() -> None:
    mask = np.zeros((24, 24), np.uint8)
    mask[:6, :6] = 255
    assert np.array_equal(filled(closed(mask, 2)), mask)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_a_larger_mask_gives_a_larger_result(seed: int, radius: int) -> None:
    rng = np.random.default_rng(seed)
    small = (rng.random((20, 30)) < 0.2).astype(np.uint8) * 255
    large = small | ((rng.random((20, 30)) < 0.1).astype(np.uint8) * 255)
    assert (filled(closed(small, radius)) >= small).all()
    assert (filled(closed(large, radius)) >= filled(closed(small, radius))).all()
