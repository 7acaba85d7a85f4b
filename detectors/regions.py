"""Which parts of a frame a model is asked to look at: around everything that moves or is followed, few and small.

Only integers: what is asked is a conclusion of the fold.
"""

from typing import NamedTuple

from kernel.events import Box

MILLION = 1_000_000
MARGIN_ONE_IN = 2
"""This part of the longer side of what moves is added around it: targets are often larger than what stands out."""
LEAST_SIDE_PX = 48
MOST_REGIONS = 4


class Region(NamedTuple):
    """A rectangle in pixels; x1 and y1 are exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def area(self) -> int:
        return (self.x1 - self.x0) * (self.y1 - self.y0)


def regions(moving: list[Region], width: int, height: int) -> tuple[Region, ...]:
    """At most `MOST_REGIONS` parts of a `width` × `height` frame that hold everything in `moving` with a margin.

    Parts are put together where that costs no area, and then, until they are few enough, the two whose union adds the
    least; of equal pairs the first.
    """
    parts = [_around(one, width, height) for one in moving]
    while len(parts) > 1:
        grown, i, j = min(
            (_union(parts[i], parts[j]).area - parts[i].area - parts[j].area, i, j)
            for i in range(len(parts))
            for j in range(i + 1, len(parts))
        )
        if grown > 0 and len(parts) <= MOST_REGIONS:
            break
        parts = [*(p for k, p in enumerate(parts) if k not in (i, j)), _union(parts[i], parts[j])]
    return tuple(sorted(parts))


def in_millionths(region: Region, width: int, height: int) -> Box:
    """The region as a box of the frame that holds all of it."""
    x, y = region.x0 * MILLION // width, region.y0 * MILLION // height
    return x, y, -(-region.x1 * MILLION // width) - x, -(-region.y1 * MILLION // height) - y


def _around(one: Region, width: int, height: int) -> Region:
    sides = one.x1 - one.x0, one.y1 - one.y0
    margin = max(sides) // MARGIN_ONE_IN
    x0, x1 = _stretch(one.x0, one.x1, margin, width)
    y0, y1 = _stretch(one.y0, one.y1, margin, height)
    return Region(x0, y0, x1, y1)


def _stretch(low: int, high: int, margin: int, limit: int) -> tuple[int, int]:
    """A side with its margins, at least `LEAST_SIDE_PX` long, moved into the frame."""
    side = min(limit, max(high - low + 2 * margin, LEAST_SIDE_PX))
    start = min(max((low + high - side) // 2, 0), limit - side)
    return start, start + side


def _union(one: Region, other: Region) -> Region:
    return Region(min(one.x0, other.x0), min(one.y0, other.y0), max(one.x1, other.x1), max(one.y1, other.y1))
