"""Intrusion: a target stays in a region for a given time."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import msgspec

from detectors.rules.gates import Gate, duration_gate, inside_gate, once_gate
from detectors.rules.moment import Moment
from detectors.rules.region_side import RegionSide, Step
from kernel.site.model import Point, Polygon
from kernel.state import as_state


class _Stay(msgspec.Struct):
    """`since_ns`: first sighting in the region of this stay; `hit_armed_ns`: the arming that had its hit already."""

    since_ns: int | None = None
    hit_armed_ns: int | None = None


class Intrusion:
    """One hit a stay and arming, once the target has been in the region for its duration or longer.

    A stay begins with the first sighting in the region, is taken seriously once the target has been clearly inside,
    and ends when it is clearly outside. Looked at is where the target is seen, not what lies between two frames.
    """

    def __init__(self, region: Polygon, frame_size: tuple[int, int]) -> None:
        self._side = RegionSide(region, frame_size)
        self._stays: dict[int, _Stay] = {}

    def follow(self, moment: Moment) -> tuple[str, ...]:
        step = self._side.step(moment)
        stay = self._stay(moment, step)
        self._stays[moment.track] = stay
        self._side.take(moment, step)
        within = self._side.contains(moment.position)
        if not (within and step.inside and moment.ready and self._is_due(stay, moment)):
            return ()
        stay.hit_armed_ns = moment.armed_ns
        return ("",)

    def gates(self, moment: Moment) -> tuple[Gate, ...]:
        """Is it in the region, clearly so since it came, for long enough, and without a hit of this stay so far?"""
        step = self._side.step(moment)
        stay = self._stay(moment, step)
        depth = self.distance(moment.position)
        had = stay.hit_armed_ns is not None and stay.hit_armed_ns == moment.armed_ns
        return (
            inside_gate(depth if self._side.contains(moment.position) else -max(1, depth)),
            Gate("clearly inside", step.inside is True, _side_name(step.inside), "inside", None, "side"),
            duration_gate(_elapsed_ns(stay, moment), moment.rule.duration_ns),
            once_gate(1 if had else 0),
        )

    def distance(self, position: Point) -> int:
        return self._side.distance(position)

    def _stay(self, moment: Moment, step: Step) -> _Stay:
        """The stay as it is with this sighting, of which `step` is the last step."""
        known = self._stays.get(moment.track)
        within = self._side.contains(moment.position)
        over = False in step.visited or not (within or step.inside)
        stay = _Stay() if known is None or over else _Stay(known.since_ns, known.hit_armed_ns)
        if within and stay.since_ns is None:
            stay.since_ns = moment.first_seen_ns if known is None else moment.captured_ns
        return stay

    def _is_due(self, stay: _Stay, moment: Moment) -> bool:
        if moment.armed_ns is None or stay.since_ns is None or stay.hit_armed_ns == moment.armed_ns:
            return False
        return duration_gate(_elapsed_ns(stay, moment), moment.rule.duration_ns).passed

    def keep(self, tracks: Iterable[int]) -> None:
        self._stays = {track: self._stays[track] for track in tracks if track in self._stays}
        self._side.keep(tracks)

    def state(self) -> object:
        return [self._side.state(), sorted(self._stays.items(), key=itemgetter(0))]

    def restore(self, state: object) -> None:
        side, stays = as_state(state, tuple[Any, list[tuple[int, _Stay]]])
        self._side.restore(side)
        self._stays = dict(stays)


def _elapsed_ns(stay: _Stay, moment: Moment) -> int:
    """How long the stay has counted: from its beginning or from arming; less than 0 where it has not begun."""
    if stay.since_ns is None or moment.armed_ns is None:
        return -1
    return moment.captured_ns - max(stay.since_ns, moment.armed_ns)


def _side_name(inside: bool | None) -> str:
    if inside is None:
        return "not clear yet"
    return "inside" if inside else "outside"
