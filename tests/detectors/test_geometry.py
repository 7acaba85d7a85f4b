"""Exact plane geometry: sides, crossings, polygons, masks."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import geometry
from detectors.geometry import MILLION

# Few distinct values, so that touching, collinear and repeated points are common.
SMALL = st.tuples(st.integers(-4, 4), st.integers(-4, 4))
WIDE = st.tuples(st.integers(-MILLION, 2 * MILLION), st.integers(-MILLION, 2 * MILLION))
SQUARE = ((0, 0), (10, 0), (10, 10), (0, 10))


def test_from_left_to_right_the_left_hand_side_is_above_as_y_goes_down() -> None:
    assert geometry.side((0, 5), (10, 5), (3, 4)) == 1
    assert geometry.side((0, 5), (10, 5), (3, 6)) == -1
    assert geometry.side((0, 5), (10, 5), (30, 5)) == 0


def test_looking_down_the_picture_the_left_hand_side_is_to_the_right() -> None:
    assert geometry.side((5, 0), (5, 10), (6, 3)) == 1
    assert geometry.side((5, 0), (5, 10), (4, 3)) == -1


def test_a_step_from_above_to_below_a_line_drawn_rightwards_crosses_from_its_left() -> None:
    assert geometry.crossing((5, 0), (5, 10), (0, 5), (10, 5)) == 1
    assert geometry.crossing((5, 10), (5, 0), (0, 5), (10, 5)) == -1


def test_a_step_past_the_end_of_the_segment_crosses_nothing_and_one_through_its_end_does() -> None:
    assert geometry.crossing((11, 0), (11, 10), (0, 5), (10, 5)) == 0
    assert geometry.crossing((10, 0), (10, 10), (0, 5), (10, 5)) == 1


@given(SMALL, SMALL, SMALL, SMALL, SMALL)
def test_a_point_in_between_never_changes_how_often_a_path_crosses(
    a: geometry.Point, b: geometry.Point, first: geometry.Point, second: geometry.Point, end: geometry.Point
) -> None:
    middle = (a[0] + b[0], a[1] + b[1])
    start, stop = (2 * a[0], 2 * a[1]), (2 * b[0], 2 * b[1])
    line = ((2 * first[0], 2 * first[1]), (2 * second[0], 2 * second[1]))
    whole = geometry.crossing(start, stop, *line)
    assert geometry.crossing(start, middle, *line) + geometry.crossing(middle, stop, *line) == whole
    assert geometry.crossing(stop, start, *line) == -whole
    assert geometry.crossing(start, stop, line[1], line[0]) == -whole


@given(SMALL, SMALL, SMALL, SMALL)
def test_segments_meet_exactly_where_rational_arithmetic_finds_a_common_point(
    a: geometry.Point, b: geometry.Point, c: geometry.Point, d: geometry.Point
) -> None:
    assert geometry.segments_meet(a, b, c, d) == _meet_by_projection(a, b, c, d)


def _meet_by_projection(a: geometry.Point, b: geometry.Point, c: geometry.Point, d: geometry.Point) -> bool:
    """Clips a-b to c-d's line by solving for the parameters."""
    u, v, w = (b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1]), (c[0] - a[0], c[1] - a[1])
    determinant = u[1] * v[0] - u[0] * v[1]
    if determinant:
        s = Fraction(w[1] * v[0] - w[0] * v[1], determinant)
        t = Fraction(u[0] * w[1] - u[1] * w[0], determinant)
        return 0 <= s <= 1 and 0 <= t <= 1
    if u == (0, 0) and v == (0, 0):
        return a == c
    way = u if u != (0, 0) else v
    if way[0] * w[1] != way[1] * w[0]:
        return False
    along = [p[0] * way[0] + p[1] * way[1] for p in (a, b, c, d)]
    return max(min(along[:2]), min(along[2:])) <= min(max(along[:2]), max(along[2:]))


def test_the_boundary_and_the_corners_belong_to_a_polygon() -> None:
    assert all(geometry.contains(SQUARE, p) for p in [(0, 0), (10, 10), (0, 5), (5, 10), (5, 5)])
    assert not any(geometry.contains(SQUARE, p) for p in [(-1, 0), (11, 5), (5, 11), (20, 10), (-5, 0)])


def test_a_notch_is_outside_a_concave_polygon() -> None:
    arrow = ((0, 0), (10, 0), (10, 10), (5, 4), (0, 10))
    assert not geometry.contains(arrow, (5, 8))
    assert geometry.contains(arrow, (5, 4))
    assert geometry.contains(arrow, (1, 8))


@given(st.lists(SMALL, min_size=3, max_size=7), SMALL)
def test_containing_depends_neither_on_the_first_point_nor_on_the_way_round(
    points: list[geometry.Point], point: geometry.Point
) -> None:
    polygon = tuple(points)
    inside = geometry.contains(polygon, point)
    assert geometry.contains((*polygon[2:], *polygon[:2]), point) == inside
    assert geometry.contains(polygon[::-1], point) == inside
    assert geometry.contains(tuple((y, x) for x, y in polygon), (point[1], point[0])) == inside
    assert geometry.contains(tuple((x, -y) for x, y in polygon), (point[0], -point[1])) == inside


def test_the_area_of_a_polygon_is_exact_whichever_way_round_it_goes() -> None:
    triangle = ((0, 0), (MILLION, 0), (0, 3))
    assert geometry.doubled_area(triangle) == geometry.doubled_area(triangle[::-1]) == 3 * MILLION
    assert geometry.doubled_area(SQUARE) == 200


@given(SMALL, SMALL, SMALL, st.integers(0, 6))
def test_nearer_than_agrees_with_the_distance_to_the_nearest_point_of_the_segment(
    point: geometry.Point, a: geometry.Point, b: geometry.Point, distance: int
) -> None:
    along, offset = (b[0] - a[0], b[1] - a[1]), (point[0] - a[0], point[1] - a[1])
    squared = along[0] ** 2 + along[1] ** 2
    share = Fraction(along[0] * offset[0] + along[1] * offset[1], squared) if squared else Fraction(0)
    share = min(max(share, Fraction(0)), Fraction(1))
    nearest = (offset[0] - share * along[0]) ** 2 + (offset[1] - share * along[1]) ** 2
    assert geometry.nearer_than(distance, point, a, b) == (nearest < distance**2)


def test_a_polygon_over_the_whole_frame_fills_the_mask() -> None:
    whole = ((0, 0), (MILLION, 0), (MILLION, MILLION), (0, MILLION))
    mask = geometry.rasterise(whole, 7, 5)
    assert mask.shape == (5, 7)
    assert mask.dtype == np.bool_
    assert mask.all()


def test_a_pixel_is_in_the_mask_if_its_centre_is_in_the_polygon() -> None:
    left_quarter_and_a_bit = ((0, 0), (380_000, 0), (380_000, MILLION), (0, MILLION))
    assert geometry.rasterise(left_quarter_and_a_bit, 4, 1).tolist() == [[True, True, False, False]]
    just_short = ((0, 0), (374_999, 0), (374_999, MILLION), (0, MILLION))
    assert geometry.rasterise(just_short, 4, 1).tolist() == [[True, False, False, False]]


def test_a_pixel_centre_on_the_boundary_is_in_the_mask() -> None:
    through_centres = ((125_000, 125_000), (875_000, 125_000), (875_000, 875_000), (125_000, 875_000))
    assert geometry.rasterise(through_centres, 4, 4).all()


# Multiples of 1/16 hit the pixel centres of a mask of 8 pixels, and its pixel edges.
GRID = st.tuples(st.integers(-2, 18), st.integers(-2, 18)).map(lambda p: (p[0] * 62_500, p[1] * 62_500))


@settings(max_examples=150, deadline=None)
@given(st.lists(GRID | WIDE, min_size=3, max_size=8), st.integers(1, 8), st.sampled_from([1, 3, 8]))
def test_the_mask_agrees_with_contains_at_every_pixel_centre(
    points: list[geometry.Point], width: int, height: int
) -> None:
    polygon = tuple(points)
    scaled = tuple((2 * width * x, 2 * height * y) for x, y in polygon)
    expected = [
        [geometry.contains(scaled, ((2 * c + 1) * MILLION, (2 * r + 1) * MILLION)) for c in range(width)]
        for r in range(height)
    ]
    assert geometry.rasterise(polygon, width, height).tolist() == expected


def test_a_mask_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="0 x 5 pixels"):
        geometry.rasterise(SQUARE, 0, 5)
