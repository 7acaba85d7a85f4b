"""A tracked target as the rules see it."""

import msgspec

from kernel.boxes import centre, foot
from kernel.events import Box, TargetClass
from kernel.site.model import Point


class Target(msgspec.Struct, frozen=True):
    """One live track after a frame. `box` is in millionths of the frame; times are session time in ns.

    `seen` is False while the track coasts over frames in which the target was not found. `first_seen_ns` is the
    capture time of the track's first sighting, which may lie before the frame that confirmed it; `score` is the
    strongest surprise in tenths of σ.
    """

    track: int
    target: TargetClass
    box: Box
    seen: bool
    first_seen_ns: int
    last_seen_ns: int
    score: int

    @property
    def centre(self) -> Point:
        return centre(self.box)

    @property
    def foot(self) -> Point:
        return foot(self.box)
