"""Line crossing: the anchor's path crosses the drawn segment, and the target then clearly leaves it."""

from collections.abc import Iterable
from operator import itemgetter

import msgspec

from detectors.geometry import crossing, distance_to, nearer_than
from detectors.rules.gates import Gate, count_gate, hysteresis_gate
from detectors.rules.moment import Moment, to_pixels
from kernel.site.model import Point
from kernel.state import as_state


class _Path(msgspec.Struct):
    """`position` where the target was last seen; `crossed` A to B minus B to A since it was last clear of the band."""

    position: Point
    was_clear: bool
    crossed: int


class LineCrossing:
    """Counts, for each visit to the line's band, whether the path went through the segment on balance.

    The band is everything nearer to the segment than the hysteresis. It is convex, so a straight step passes through
    it at most once, and whatever happens in one visit is settled at the first sighting outside. Hence the result does
    not depend on how densely a path is sampled, and one number a track remembers all of it.
    """

    def __init__(self, line: tuple[Point, Point], frame_size: tuple[int, int]) -> None:
        self._first, self._second = to_pixels(line[0], frame_size), to_pixels(line[1], frame_size)
        self._paths: dict[int, _Path] = {}

    def follow(self, moment: Moment) -> tuple[str, ...]:
        clear = not nearer_than(moment.band, moment.position, self._first, self._second)
        path = self._paths.get(moment.track)
        if path is None:
            self._paths[moment.track] = _Path(moment.position, clear, 0)
            return ()
        path.crossed = self._crossed(path, moment.position)
        path.position = moment.position
        if not clear:
            return ()
        crossed, path.crossed, path.was_clear = path.crossed, 0, True
        if crossed == 0:
            return ()
        detail = _direction(crossed)
        wanted = moment.rule.direction in ("both", detail)
        return (detail,) if wanted and moment.ready else ()

    def gates(self, moment: Moment) -> tuple[Gate, ...]:
        """Has it crossed, in the direction that counts, and clearly left the line?"""
        path = self._paths.get(moment.track)
        crossed = 0 if path is None else self._crossed(path, moment.position)
        way = _direction(crossed)
        wanted = crossed == 0 or moment.rule.direction in ("both", way)
        return (
            hysteresis_gate(self.distance(moment.position), moment.band),
            count_gate("crossing", abs(crossed), "crossings"),
            Gate("direction", wanted, way, moment.rule.direction, None, "direction"),
        )

    def distance(self, position: Point) -> int:
        return distance_to(position, self._first, self._second)

    def _crossed(self, path: _Path, position: Point) -> int:
        """Crossings A to B minus B to A of this visit to the band, the step to `position` included."""
        if not path.was_clear:
            return path.crossed
        return path.crossed + crossing(path.position, position, self._first, self._second)

    def keep(self, tracks: Iterable[int]) -> None:
        self._paths = {track: self._paths[track] for track in tracks if track in self._paths}

    def state(self) -> object:
        return sorted(self._paths.items(), key=itemgetter(0))

    def restore(self, state: object) -> None:
        self._paths = dict(as_state(state, list[tuple[int, _Path]]))


def _direction(crossed: int) -> str:
    if crossed == 0:
        return "none"
    return "a_to_b" if crossed > 0 else "b_to_a"
