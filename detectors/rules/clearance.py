"""Where along a straight step a target is clear of edges: at least a given distance away from each of them.

A step from `start` to `end` is measured in `WHOLE` parts, so that everything stays an integer. Distances at the two
ends are judged exactly, in between to one part.
"""

from math import isqrt

from detectors.geometry import nearer_than, turn
from kernel.site.model import Point

WHOLE = 1 << 40

Edge = tuple[Point, Point]
Interval = tuple[int, int]


def clear_stretches(start: Point, end: Point, edges: tuple[Edge, ...], distance: int) -> list[Interval]:
    """The stretches of the step, in parts of `WHOLE`, that are no nearer than `distance` to any edge, in order."""
    near = sorted(i for edge in edges if (i := _near(start, end, edge, distance)) is not None)
    stretches: list[Interval] = []
    reached = 0
    for low, high in near:
        if low >= reached and low >= 0:
            stretches.append((reached, min(low, WHOLE)))
        reached = max(reached, high)
        if reached > WHOLE:
            return stretches
    return [*stretches, (reached, WHOLE)]


def _near(start: Point, end: Point, edge: Edge, distance: int) -> Interval | None:
    """The open interval of the step that is nearer to the edge than `distance`, or None.

    The points near an edge are two discs around its ends and the rectangle between them, together convex: so the
    interval reaches from the first to the last point of its three parts.
    """
    if start == end:
        return (-1, WHOLE + 1) if nearer_than(distance, start, *edge) else None
    parts = (
        _in_disc(start, end, edge[0], distance),
        _in_disc(start, end, edge[1], distance),
        _in_rectangle(start, end, edge, distance),
    )
    found = [part for part in parts if part is not None]
    if not found:
        return None
    low, high = min(part[0] for part in found), max(part[1] for part in found)
    return (low, high) if high > 0 and low < WHOLE else None


def _in_disc(start: Point, end: Point, centre: Point, radius: int) -> Interval | None:
    """Solves |start + t (end - start) - centre|² < radius² for t."""
    step = (end[0] - start[0], end[1] - start[1])
    offset = (start[0] - centre[0], start[1] - centre[1])
    a = step[0] ** 2 + step[1] ** 2
    b = step[0] * offset[0] + step[1] * offset[1]
    discriminant = b * b - a * (offset[0] ** 2 + offset[1] ** 2 - radius**2)
    if discriminant <= 0:
        return None
    root = isqrt(discriminant * WHOLE**2)
    return -((b * WHOLE + root) // a), (root - b * WHOLE) // a


def _in_rectangle(start: Point, end: Point, edge: Edge, distance: int) -> Interval | None:
    """Where the step is beside the edge, between its ends, and nearer than `distance` to its line."""
    first, second = edge
    along = (second[0] - first[0], second[1] - first[1])
    squared = along[0] ** 2 + along[1] ** 2
    if squared == 0 or distance == 0:
        return None
    # |cross product| < distance * length; for integers the same as being below this rounded-up bound
    bound = isqrt(distance**2 * squared - 1) + 1
    beside = _between(_along(along, first, start), _along(along, first, end), 0, squared)
    close = _between(turn(first, second, start), turn(first, second, end), -bound, bound)
    if beside is None or close is None:
        return None
    low, high = max(beside[0], close[0]), min(beside[1], close[1])
    return (low, high) if low < high else None


def _along(direction: Point, origin: Point, point: Point) -> int:
    return direction[0] * (point[0] - origin[0]) + direction[1] * (point[1] - origin[1])


def _between(at_start: int, at_end: int, low: int, high: int) -> Interval | None:
    """Where a value that goes evenly from `at_start` to `at_end` is strictly between `low` and `high`."""
    slope = at_end - at_start
    if slope == 0:
        return (-1, WHOLE + 1) if low < at_start < high else None
    if slope < 0:
        at_start, slope, low, high = -at_start, -slope, -high, -low
    return -((at_start - low) * WHOLE // slope), (high - at_start) * WHOLE // slope
