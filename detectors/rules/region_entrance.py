"""Region entrance: a target that was clearly outside before and is now clearly inside."""

from collections.abc import Iterable

from detectors.rules.gates import Gate, count_gate
from detectors.rules.moment import Moment
from detectors.rules.region_side import RegionSide
from kernel.site.model import Point, Polygon


class RegionEntrance:
    """A hit for each entrance. Appearing inside is no entrance, as it crosses nothing."""

    def __init__(self, region: Polygon, frame_size: tuple[int, int]) -> None:
        self._side = RegionSide(region, frame_size)

    def follow(self, moment: Moment) -> tuple[str, ...]:
        changes = self._side.follow(moment).changes(to_inside=True)
        return ("",) * changes if moment.ready else ()

    def gates(self, moment: Moment) -> tuple[Gate, ...]:
        return (count_gate("entrance", self._side.step(moment).changes(to_inside=True), "entrances"),)

    def distance(self, position: Point) -> int:
        return self._side.distance(position)

    def keep(self, tracks: Iterable[int]) -> None:
        self._side.keep(tracks)

    def state(self) -> object:
        return self._side.state()

    def restore(self, state: object) -> None:
        self._side.restore(state)
