"""Human, vehicle, animal or other, from the geometry of the track; every sighting is a vote.

Without a calibrated ground plane a single box says little: an upright one is a human, a flat large or fast one a
vehicle, a flat small one an animal. What the frame's edge cuts off does not vote. The class is the majority of the
votes so far, once there are enough.
"""

from detectors.track import Track
from kernel.events import TargetClass

CLASSES: tuple[TargetClass, ...] = ("human", "vehicle", "animal", "other")
ENOUGH_VOTES = 5
SMALL_PX = 10
"""In distant view a target with a side under this many source pixels counts as human."""


def vote(track: Track, frame_width: int, frame_height: int, small_is_human: bool) -> None:
    """Let the track's present box vote, and settle its class."""
    if small_is_human and min(track.width, track.height) < SMALL_PX:
        choice: TargetClass = "human"
    else:
        choice = _choice(track, frame_width, frame_height)
    track.votes[CLASSES.index(choice)] += 1
    total = sum(track.votes)
    best = max(range(len(CLASSES)), key=lambda i: (track.votes[i], -i))
    if total >= ENOUGH_VOTES or small_is_human:
        track.target = CLASSES[best]


def confidence(track: Track) -> int:
    """The share of the votes for the track's class, in millionths."""
    total = sum(track.votes)
    return track.votes[CLASSES.index(track.target)] * 1_000_000 // total if track.target in CLASSES and total else 0


def _choice(track: Track, frame_width: int, frame_height: int) -> TargetClass:
    if 4 * track.height >= 5 * track.width:
        return "human"
    large = 8 * track.width >= frame_width or 8 * track.height >= frame_height
    speed = max(abs(track.x.velocity), abs(track.y.velocity))
    if large or speed * 4 > frame_width:
        return "vehicle"
    return "animal"
