"""Exact plane geometry on integers: points, lines, segments, polygons.

Points are (x, y) with y going down, as in images; the functions work in any integer unit, millionths of the frame for
instance. Nothing is rounded and nothing overflows, since Python's integers do not: the same answer everywhere.
"""

from math import isqrt

import numpy as np

from kernel.site.model import Point, Polygon

MILLION = 1_000_000
"""The frame's width and height in the unit of the configuration."""


def turn(first: Point, second: Point, point: Point) -> int:
    """Cross product of (second - first) and (point - first).

    Negative where `point` lies left of the line for somebody looking from `first` to `second` (y goes down), positive
    to the right, zero on the line. Its size is twice the area of the triangle.
    """
    along = (second[0] - first[0]) * (point[1] - first[1])
    across = (second[1] - first[1]) * (point[0] - first[0])
    return along - across


def side(first: Point, second: Point, point: Point) -> int:
    """1 where `point` is left of the line through `first` and `second`, -1 right of it, 0 on it."""
    signed = turn(first, second, point)
    return (signed < 0) - (signed > 0)


def on_segment(first: Point, second: Point, point: Point) -> bool:
    """Whether `point` lies on the segment, its ends included."""
    if turn(first, second, point) != 0:
        return False
    x_between = min(first[0], second[0]) <= point[0] <= max(first[0], second[0])
    return x_between and min(first[1], second[1]) <= point[1] <= max(first[1], second[1])


def segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the segments a-b and c-d have a point in common, their ends included."""
    if side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0:
        return True
    return on_segment(a, b, c) or on_segment(a, b, d) or on_segment(c, d, a) or on_segment(c, d, b)


def crossing(start: Point, end: Point, first: Point, second: Point) -> int:
    """How the step from `start` to `end` crosses the segment from `first` to `second`.

    Returns
    -------
    1 from its left to its right, -1 from right to left, 0 where it passes beside it or stays on one side.

    A point on the line counts as on its right if `first` < `second`, else as on its left: so a path over several
    points crosses once where it crosses, even if one of the points lies on the line, and the result changes its sign
    when the line is turned round. The ends belong to the segment.
    """
    if first > second:
        return -crossing(start, end, second, first)
    was_left, is_left = turn(first, second, start) < 0, turn(first, second, end) < 0
    if was_left == is_left or side(start, end, first) * side(start, end, second) > 0:
        return 0
    return 1 if was_left else -1


def edges(polygon: Polygon) -> tuple[tuple[Point, Point], ...]:
    """The polygon's sides, the last point joined to the first."""
    return tuple(zip(polygon, (*polygon[1:], *polygon[:1]), strict=True))


def contains(polygon: Polygon, point: Point) -> bool:
    """Whether `point` is inside the polygon or on its boundary; even-odd where the polygon crosses itself."""
    x, y = point
    inside = False
    a = polygon[-1]
    for b in polygon:
        signed = turn(a, b, point)
        if signed == 0 and (a[0] <= x <= b[0] or b[0] <= x <= a[0]) and (a[1] <= y <= b[1] or b[1] <= y <= a[1]):
            return True
        if (a[1] <= y) != (b[1] <= y):
            inside ^= signed < 0 if a[1] < b[1] else signed > 0
        a = b
    return inside


def doubled_area(polygon: Polygon) -> int:
    """Twice the area of a simple polygon, whichever way round its points go."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in edges(polygon)))


def length(a: Point, b: Point) -> int:
    """The distance between two points, rounded down."""
    return isqrt((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2)


def nearer_than(distance: int, point: Point, first: Point, second: Point) -> bool:
    """Whether `point` is less than `distance` away from the segment."""
    along = (second[0] - first[0], second[1] - first[1])
    squared = along[0] ** 2 + along[1] ** 2
    progress = along[0] * (point[0] - first[0]) + along[1] * (point[1] - first[1])
    if 0 < progress < squared:
        return turn(first, second, point) ** 2 < distance**2 * squared
    nearest = first if progress <= 0 else second
    return (point[0] - nearest[0]) ** 2 + (point[1] - nearest[1]) ** 2 < distance**2


def distance_to(point: Point, first: Point, second: Point) -> int:
    """How far `point` is from the segment, rounded down: not below a whole number iff not `nearer_than` it."""
    along = (second[0] - first[0], second[1] - first[1])
    squared = along[0] ** 2 + along[1] ** 2
    progress = along[0] * (point[0] - first[0]) + along[1] * (point[1] - first[1])
    if 0 < progress < squared:
        return isqrt(turn(first, second, point) ** 2 // squared)
    return length(first if progress <= 0 else second, point)


def rasterise(polygon: Polygon, width: int, height: int) -> np.ndarray:
    """The pixels whose centre `contains` finds in the polygon.

    Parameters
    ----------
    polygon : points in millionths of the frame; what lies outside the frame is cut off.
    width, height : size of the mask in pixels, at least 1 each.

    Returns
    -------
    bool array of shape (height, width).

    Raises
    ------
    ValueError where width or height is below 1.
    """
    if width < 1 or height < 1:
        raise ValueError(f"a mask of {width} x {height} pixels: both must be at least 1")
    mask = np.zeros((height, width), dtype=np.bool_)
    # Doubled, so that pixel centres are whole numbers: column c has its centre at (2c + 1) * MILLION.
    scaled = tuple((2 * width * x, 2 * height * y) for x, y in polygon)
    for row in range(height):
        for left, right in _spans(scaled, (2 * row + 1) * MILLION):
            start, stop = max(left, 0), min(right + 1, width)
            if start < stop:
                mask[row, start:stop] = True
    return mask


def _spans(polygon: Polygon, y: int) -> list[tuple[int, int]]:
    """First and last column, inclusive, of each stretch of pixel centres on the line `y`; some may be empty."""
    crossings: list[tuple[int, int]] = []
    spans: list[tuple[int, int]] = []
    for a, b in edges(polygon):
        if a[1] == b[1]:
            if a[1] == y:
                spans.append((_columns(min(a[0], b[0]), 1)[0], _columns(max(a[0], b[0]), 1)[1]))
            continue
        upper, lower = (a, b) if a[1] < b[1] else (b, a)
        if not upper[1] <= y <= lower[1]:
            continue
        rise = lower[1] - upper[1]
        bounds = _columns(upper[0] * rise + (y - upper[1]) * (lower[0] - upper[0]), rise)
        spans.append(bounds)  # a centre exactly on the edge, if there is one; otherwise empty
        if y < lower[1]:
            crossings.append(bounds)
    crossings.sort(reverse=True)
    while crossings:
        spans.append((crossings.pop()[0], crossings.pop()[1]))
    return spans


def _columns(numerator: int, denominator: int) -> tuple[int, int]:
    """For the doubled x = numerator / denominator: the first column centred at or after it, the last at or before."""
    unit = 2 * MILLION * denominator
    shifted = numerator - MILLION * denominator
    return -(-shifted // unit), shifted // unit
