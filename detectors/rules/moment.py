"""What a rule gets to see of a target in one frame, and what every rule offers."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from detectors.geometry import MILLION
from detectors.rules.gates import Gate
from detectors.target import Target
from kernel.site.model import Point, Polygon, Rule

BAND_MIN_PX = 2
"""A box's edge is found to the pixel, one way or the other: two pixels are the least that means something."""

BAND_SHARE = 4
"""One part in this many of the target's smaller side: with each step of a walking target, the middle of its box and
its lower edge swing by up to a quarter of its width."""


class Moment(msgspec.Struct, frozen=True):
    """One sighting of a target, in the rule's terms; `rule` is the rule as it is set now.

    `position` is the anchor point in millionths of a source pixel, within the frame; `band` is the hysteresis in the
    same unit. `armed_ns` is the session time since when the rule is armed, or None. `ready` says that the rule is
    armed, on, and that the target passes its gates.
    """

    rule: Rule
    track: int
    position: Point
    band: int
    captured_ns: int
    first_seen_ns: int
    armed_ns: int | None
    ready: bool


class Watch(Protocol):
    """One rule and what it remembers of each track."""

    def follow(self, moment: Moment) -> tuple[str, ...]:
        """Take in one sighting; the `detail` of each hit it brings about."""
        ...

    def gates(self, moment: Moment) -> tuple[Gate, ...]:
        """What this rule type asks of the sighting beyond arming and the gates of every rule; changes nothing.

        `follow`, called next with the same moment, gives a hit iff all of these pass and the moment is ready.
        """
        ...

    def distance(self, position: Point) -> int:
        """How far the position is from the rule's line or boundary, in millionths of a pixel."""
        ...

    def keep(self, tracks: Iterable[int]) -> None:
        """Forget all other tracks."""
        ...

    def state(self) -> object:
        """What is remembered, in the order of tracks."""
        ...

    def restore(self, state: object) -> None:
        """Go on with what `state` gave, decoded. Raises `kernel.state.StateDamaged` where it is none."""
        ...


def to_pixels(point: Point, frame_size: tuple[int, int]) -> Point:
    """From millionths of the frame to millionths of a source pixel, where distances are true."""
    return point[0] * frame_size[0], point[1] * frame_size[1]


def region_to_pixels(region: Polygon, frame_size: tuple[int, int]) -> Polygon:
    """The same for each point of a region."""
    return tuple(to_pixels(point, frame_size) for point in region)


def position_of(target: Target, anchor: str, frame_size: tuple[int, int]) -> Point:
    """The target's anchor point in millionths of a source pixel.

    It is held within the frame, so that nothing passes behind a line or edge that was drawn up to the frame's border.
    """
    x, y = target.foot if anchor == "foot" else target.centre
    return to_pixels((min(max(x, 0), MILLION), min(max(y, 0), MILLION)), frame_size)


def band_of(target: Target, frame_size: tuple[int, int]) -> int:
    """The hysteresis: how far from a line the target must be to be clearly on one side, in millionths of a pixel."""
    width, height = to_pixels(target.box[2:], frame_size)
    return max(BAND_MIN_PX * MILLION, min(width, height) // BAND_SHARE)
