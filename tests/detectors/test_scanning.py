"""What stands out of a row is found wherever it is, and from wherever one looks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.scanning import STRIDE, next_reaching, stretch_end


@given(
    st.lists(st.sampled_from([0, 29, 30, 255]), min_size=1, max_size=8),
    st.integers(0, 3 * STRIDE),
    st.integers(0, 4 * STRIDE),
    st.integers(1, 255),
)
def test_the_first_place_is_found_that_a_plain_search_finds(values: list[int], at: int, start: int, low: int) -> None:
    row = np.zeros(at + len(values), np.uint8)
    row[at:] = values
    reaching = [x for x in range(min(start, row.size), row.size) if row[x] >= low]
    assert next_reaching(row, min(start, row.size), low) == (reaching[0] if reaching else row.size)


@given(st.lists(st.tuples(st.integers(0, 2 * STRIDE), st.integers(1, 5)), min_size=1, max_size=6), st.integers(0, 90))
def test_a_stretch_ends_with_a_pixel_that_stands_out_before_a_stride_of_calm(
    parts: list[tuple[int, int]], rest: int
) -> None:
    row = np.concatenate([np.repeat(np.uint8([0, 30]), part) for part in parts] + [np.zeros(rest, np.uint8)])
    start = parts[0][0]
    end = stretch_end(row, start, 30)
    assert row[end - 1] == 30
    reaching = np.flatnonzero(row >= 30)
    assert (np.diff(reaching[reaching < end]) < 2 * STRIDE).all()
    assert not (row[end : end + STRIDE] >= 30).any()
