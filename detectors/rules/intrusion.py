"""Intrusion: a target stays in a region for a given time."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import msgspec

from detectors.rules.gates import duration_gate
from detectors.rules.moment import Moment
from detectors.rules.region_side import RegionSide
from kernel.site.model import Polygon
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
        known = moment.track in self._stays
        stay = self._stays.setdefault(moment.track, _Stay())
        step = self._side.follow(moment)
        within = self._side.contains(moment.position)
        if False in step.visited or not (within or step.inside):
            stay.since_ns, stay.hit_armed_ns = None, None
        if within and stay.since_ns is None:
            stay.since_ns = moment.captured_ns if known else moment.first_seen_ns
        if not (within and step.inside and moment.ready and self._is_due(stay, moment)):
            return ()
        stay.hit_armed_ns = moment.armed_ns
        return ("",)

    def _is_due(self, stay: _Stay, moment: Moment) -> bool:
        if moment.armed_ns is None or stay.since_ns is None or stay.hit_armed_ns == moment.armed_ns:
            return False
        elapsed_ns = moment.captured_ns - max(stay.since_ns, moment.armed_ns)
        return duration_gate(elapsed_ns, moment.rule.duration_ns).passed

    def keep(self, tracks: Iterable[int]) -> None:
        self._stays = {track: self._stays[track] for track in tracks if track in self._stays}
        self._side.keep(tracks)

    def state(self) -> object:
        return [self._side.state(), sorted(self._stays.items(), key=itemgetter(0))]

    def restore(self, state: object) -> None:
        side, stays = as_state(state, tuple[Any, list[tuple[int, _Stay]]])
        self._side.restore(side)
        self._stays = dict(stays)
