"""The first pixel of a row that stands out is found wherever it is, and from wherever one looks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.scanning import STRIDE, next_reaching


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
