"""Region entrance and region exiting: a target that was clearly on one side before and is now clearly on the other."""

from collections.abc import Iterable

from detectors.rules.gates import Gate, count_gate
from detectors.rules.moment import Moment
from detectors.rules.region_side import RegionSide
from kernel.site.model import Point, Polygon


class RegionPassing:
    """A hit for each passing `inwards`, or each one outwards.

    Appearing inside is no entrance and vanishing inside no exit, as neither crosses anything.
    """

    def __init__(self, region: Polygon, frame_size: tuple[int, int], *, inwards: bool) -> None:
        self._side = RegionSide(region, frame_size)
        self._inwards = inwards

    def follow(self, moment: Moment) -> tuple[str, ...]:
        changes = self._side.follow(moment).changes(to_inside=self._inwards)
        return ("",) * changes if moment.ready else ()

    def gates(self, moment: Moment) -> tuple[Gate, ...]:
        name, several = ("entrance", "entrances") if self._inwards else ("exit", "exits")
        return (count_gate(name, self._side.step(moment).changes(to_inside=self._inwards), several),)

    def distance(self, position: Point) -> int:
        return self._side.distance(position)

    def keep(self, tracks: Iterable[int]) -> None:
        self._side.keep(tracks)

    def state(self) -> object:
        return self._side.state()

    def restore(self, state: object) -> None:
        self._side.restore(state)
