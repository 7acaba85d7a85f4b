"""Human, vehicle, animal or other, from the geometry of the track; every sighting is a vote.

Without a calibrated ground plane a single box says little: an upright one is a human, a flat large or fast one a
vehicle, a flat small one an animal. What the frame's edge cuts off does not vote. The class is the majority of the
votes so far, once there are enough.
"""

from detectors.track import Track
from kernel.events import TargetClass

CLASSES: tuple[TargetClass, ...] = ("human", "vehicle", "animal", "other")
ENOUGH_VOTES = 5
FAST_ONE_IN = 5
"""Faster than this part of the frame a second is no walker."""
LARGE_ONE_IN = 4
"""Wider than this part of the frame is a vehicle, if it does not stand upright."""
BULKY_ONE_IN = 33
"""Covering this part of the frame while fast is a vehicle, however it stands in the picture."""
SMALL_PX = 10
"""In distant view a target with a side under this many source pixels counts as human."""


def vote(track: Track, frame_width: int, frame_height: int, small_is_human: bool) -> None:
    """Let the track's present box vote, and settle its class."""
    if _cut_off(track, frame_width, frame_height):
        return
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
    fast = abs(track.x.velocity) * FAST_ONE_IN > frame_width or abs(track.y.velocity) * FAST_ONE_IN > frame_height
    if fast and track.width * track.height * BULKY_ONE_IN >= frame_width * frame_height:
        return "vehicle"
    if 4 * track.height >= 5 * track.width:
        return "human"
    if fast or track.width * LARGE_ONE_IN >= frame_width:
        return "vehicle"
    return "animal"


def _cut_off(track: Track, frame_width: int, frame_height: int) -> bool:
    """Whether part of the target may lie outside the frame, so that its shape says nothing."""
    x, y = track.x.position, track.y.position
    half_width, half_height = track.width / 2 + 1, track.height / 2 + 1
    return x < half_width or x > frame_width - half_width or y < half_height or y > frame_height - half_height
