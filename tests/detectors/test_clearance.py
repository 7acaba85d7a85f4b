"""Where along a step a target is clear of edges, against the distance of point after point."""

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.geometry import nearer_than
from detectors.rules.clearance import WHOLE, Edge, clear_stretches

PARTS = 64
# Multiples of PARTS, so that the points in between are whole; few values, so that touching is common.
CORNER = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda p: (p[0] * PARTS, p[1] * PARTS))
EDGES = st.lists(st.tuples(CORNER, CORNER), min_size=1, max_size=4).map(tuple)


@settings(max_examples=200, deadline=None)
@given(CORNER, CORNER, EDGES, st.integers(1, 5 * PARTS) | st.sampled_from([PARTS, 2 * PARTS, 5 * PARTS]))
def test_the_stretches_hold_exactly_the_points_that_are_far_enough_from_every_edge(
    start: tuple[int, int], end: tuple[int, int], edges: tuple[Edge, ...], distance: int
) -> None:
    stretches = clear_stretches(start, end, edges, distance)
    for part in range(PARTS + 1):
        point = tuple(start[i] + (end[i] - start[i]) * part // PARTS for i in (0, 1))
        clear = not any(nearer_than(distance, (point[0], point[1]), *edge) for edge in edges)
        share = part * WHOLE // PARTS
        assert any(low <= share <= high for low, high in stretches) == clear


@given(CORNER, CORNER, EDGES)
def test_the_stretches_come_in_order_and_apart(
    start: tuple[int, int], end: tuple[int, int], edges: tuple[Edge, ...]
) -> None:
    ends = [share for stretch in clear_stretches(start, end, edges, PARTS) for share in stretch]
    assert ends == sorted(ends)
    assert all(0 <= share <= WHOLE for share in ends)


def test_a_step_past_a_short_edge_is_clear_before_and_after_it() -> None:
    edge = ((100, 0), (100, 10))
    before, after = clear_stretches((0, 5), (200, 5), (edge,), 50)
    assert before == (0, WHOLE // 4)
    assert after == (3 * WHOLE // 4, WHOLE)


def test_a_point_at_exactly_the_distance_is_clear_even_where_the_step_begins_ends_or_only_touches_there() -> None:
    wall = (((0, 0), (0, 100)),)
    assert clear_stretches((50, 50), (0, 50), wall, 50) == [(0, 0)]
    assert clear_stretches((0, 50), (50, 50), wall, 50) == [(WHOLE, WHOLE)]
    assert clear_stretches((0, 50), (100, 50), (*wall, ((100, 0), (100, 100))), 50) == [(WHOLE // 2, WHOLE // 2)]
