"""Which side of a region's boundary each track is clearly on; the base of the three region rules."""

from collections.abc import Iterable
from itertools import pairwise
from operator import itemgetter

import msgspec

from detectors.geometry import MILLION, contains, distance_to, doubled_area, edges, length, segments_meet
from detectors.rules.clearance import WHOLE, Interval, clear_stretches
from detectors.rules.moment import Moment, region_to_pixels
from kernel.site.model import Point, Polygon
from kernel.state import as_state


class Step(msgspec.Struct, frozen=True):
    """One step of a target: was it clearly inside `before` (None: not clear yet), and on which sides it then was.

    `visited` holds, in order, True for each stretch of the step clearly inside, False for each clearly outside.
    """

    before: bool | None
    visited: tuple[bool, ...]

    @property
    def inside(self) -> bool | None:
        return self.visited[-1] if self.visited else self.before

    def changes(self, to_inside: bool) -> int:
        """How often the target clearly changed over to that side."""
        sides = (self.before, *self.visited)
        return sum(new is to_inside and old is (not to_inside) for old, new in pairwise(sides))


class _Path(msgspec.Struct):
    position: Point
    inside: bool | None


class RegionSide:
    """Follows tracks across the boundary of one region.

    Clearly outside is outside and at least the band away from the boundary. Clearly inside is inside and at least as
    far away, but no more than area / (2 × perimeter): a region has points at least twice as deep as that, so even
    large targets can be clearly inside narrow regions. (The inner strip of a simply connected region up to its
    greatest depth r covers it all and has at most r × perimeter; so r ≥ area / perimeter.) Edges on the frame's
    border are no boundary, since there is nothing beyond.
    """

    def __init__(self, region: Polygon, frame_size: tuple[int, int]) -> None:
        self._region = region_to_pixels(region, frame_size)
        self._stretched = tuple((WHOLE * x, WHOLE * y) for x, y in self._region)
        border = (frame_size[0] * MILLION, frame_size[1] * MILLION)
        self._edges = tuple(e for e in edges(self._region) if not _on_border(*e, border))
        perimeter = sum(length(a, b) for a, b in edges(self._region))
        self._depth = max(1, doubled_area(self._region) // (4 * max(perimeter, 1)))
        self._paths: dict[int, _Path] = {}

    def contains(self, position: Point) -> bool:
        """Whether the position is in the region or on its boundary, however near to it."""
        return contains(self._region, position)

    def follow(self, moment: Moment) -> Step:
        """Take in one sighting."""
        step = self.step(moment)
        self.take(moment, step)
        return step

    def take(self, moment: Moment, step: Step) -> None:
        """Take in the step that `step` gave for this moment."""
        self._paths[moment.track] = _Path(moment.position, step.inside)

    def step(self, moment: Moment) -> Step:
        """The step to this sighting, without taking it in."""
        path = self._paths.get(moment.track)
        start, before = (moment.position, None) if path is None else (path.position, path.inside)
        return Step(before, self._visited(start, moment.position, moment.band, before))

    def distance(self, position: Point) -> int:
        """How far the position is from the region's outline, the parts along the frame's border included."""
        return min(distance_to(position, *edge) for edge in edges(self._region))

    def keep(self, tracks: Iterable[int]) -> None:
        self._paths = {track: self._paths[track] for track in tracks if track in self._paths}

    def state(self) -> object:
        return sorted(self._paths.items(), key=itemgetter(0))

    def restore(self, state: object) -> None:
        self._paths = dict(as_state(state, list[tuple[int, _Path]]))

    def _visited(self, start: Point, end: Point, band: int, before: bool | None) -> tuple[bool, ...]:
        stays = self.contains(end) is before and not any(segments_meet(start, end, *e) for e in self._edges)
        if stays:
            return ()  # the common case: all of the step is on the side where the target is known to be
        depth = min(band, self._depth)
        found = [
            (stretch, inside)
            for inside, distance in ((True, depth), (False, band))
            for stretch in clear_stretches(start, end, self._edges, distance)
            if self._middle_inside(start, end, stretch) is inside
        ]
        return tuple(inside for _, inside in sorted(found))

    def _middle_inside(self, start: Point, end: Point, stretch: Interval) -> bool:
        # Between stretches lies the boundary, so that one point of a stretch speaks for all of it.
        middle = (stretch[0] + stretch[1]) // 2
        x = start[0] * WHOLE + (end[0] - start[0]) * middle
        y = start[1] * WHOLE + (end[1] - start[1]) * middle
        return contains(self._stretched, (x, y))


def _on_border(a: Point, b: Point, border: Point) -> bool:
    vertical = a[0] == b[0] and a[0] in (0, border[0])
    return vertical or (a[1] == b[1] and a[1] in (0, border[1]))
