"""Region exiting: a target that was clearly inside before and is now clearly outside."""

from collections.abc import Iterable

from detectors.rules.gates import Gate, count_gate
from detectors.rules.moment import Moment
from detectors.rules.region_side import RegionSide
from kernel.site.model import Point, Polygon


class RegionExiting:
    """A hit for each exit. Vanishing inside is no exit, as it crosses nothing."""

    def __init__(self, region: Polygon, frame_size: tuple[int, int]) -> None:
        self._side = RegionSide(region, frame_size)

    def follow(self, moment: Moment) -> tuple[str, ...]:
        changes = self._side.follow(moment).changes(to_inside=False)
        return ("",) * changes if moment.ready else ()

    def gates(self, moment: Moment) -> tuple[Gate, ...]:
        return (count_gate("exit", self._side.step(moment).changes(to_inside=False), "exits"),)

    def distance(self, position: Point) -> int:
        return self._side.distance(position)

    def keep(self, tracks: Iterable[int]) -> None:
        self._side.keep(tracks)

    def state(self) -> object:
        return self._side.state()

    def restore(self, state: object) -> None:
        self._side.restore(state)
