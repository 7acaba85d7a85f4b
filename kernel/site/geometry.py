"""Points, lines and polygons of a site file, as integers in millionths of the frame."""

from decimal import ROUND_HALF_EVEN, Decimal

from kernel.site.checks import decimal, list_of
from kernel.site.fields import Check, Value
from kernel.site.model import Point, Polygon

MILLION = 1_000_000
MAX_POLYGONS = 32
_MILLIONTH = Decimal("0.000001")


def fraction(value: Value) -> int:
    """A fraction of the frame, 0–1, in millionths: the written decimal rounded half-even."""
    number = decimal(value)
    if number is None or not 0 <= number <= 1:
        raise value.refuse("must be a fraction of the frame, from 0 to 1")
    return int(number.quantize(_MILLIONTH, ROUND_HALF_EVEN).scaleb(6))


def pair(value: Value) -> tuple[int, int]:
    """Two fractions of the frame: x and y, or width and height."""
    items = value.items()
    if items is None or len(items) != 2:
        raise value.refuse("must be two numbers, such as [0.25, 0.5]")
    first, second = list_of(fraction, distinct=False)(value)
    return first, second


def line(value: Value) -> tuple[Point, Point]:
    """A line by its two ends."""
    items = value.items()
    if items is None or len(items) != 2:
        raise value.refuse("must be two points, such as [[0.1, 0.5], [0.9, 0.5]]")
    first, second = list_of(pair, distinct=False)(value)
    if first == second:
        raise value.refuse("must be two different points")
    return first, second


def polygon(value: Value) -> Polygon:
    """A region of 3–10 points that does not cross itself and has an area."""
    items = value.items()
    if items is None or not 3 <= len(items) <= 10:
        raise value.refuse("must be 3 to 10 points, such as [[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]]")
    points = list_of(pair, distinct=False)(value)
    for i, item in enumerate(items):
        if points[i] in points[:i]:
            last = i == len(items) - 1 and points[i] == points[0]
            raise item.refuse("is a point that is there already", "the region closes by itself" if last else "")
    if all(_side(points[0], points[1], p) == 0 for p in points):
        raise value.refuse("must have an area")
    crossing = _crossing(points)
    if crossing is not None:
        i, j = crossing
        raise value.refuse(f"must not cross itself: the edges from points {i} and {j} meet")
    return points


polygons: Check[tuple[Polygon, ...]] = list_of(polygon, high=MAX_POLYGONS)


def _crossing(points: Polygon) -> tuple[int, int] | None:
    """The first two edges, by the index of their first points, that meet where they must not."""
    n = len(points)
    for i in range(n):
        for j in range(i + 1, n):
            a, b, c, d = points[i], points[(i + 1) % n], points[j], points[(j + 1) % n]
            if j == i + 1:
                meet = _turns_back(a, b, d)
            elif i == 0 and j == n - 1:
                meet = _turns_back(c, a, b)
            else:
                meet = _segments_meet(a, b, c, d)
            if meet:
                return i, j
    return None


def _side(a: Point, b: Point, p: Point) -> int:
    """Positive, zero or negative as p lies right of, on or left of the line from a to b (y points down)."""
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def _turns_back(a: Point, b: Point, c: Point) -> bool:
    """Whether the edge from b to c runs back along the edge from a to b."""
    along = (a[0] - b[0]) * (c[0] - b[0]) + (a[1] - b[1]) * (c[1] - b[1])
    return _side(a, b, c) == 0 and along > 0


def _segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    sides = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if _opposite(sides[0], sides[1]) and _opposite(sides[2], sides[3]):
        return True
    touching = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(side == 0 and _within(*ends) for side, ends in zip(sides, touching, strict=True))


def _opposite(first: int, second: int) -> bool:
    return (first > 0 > second) or (first < 0 < second)


def _within(a: Point, b: Point, p: Point) -> bool:
    """Whether p, on the line through a and b, lies between them."""
    return min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])
