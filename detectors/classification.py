"""Human, vehicle or animal, from the geometry and the motion of the track; every sighting is a vote.

Without a calibrated ground plane a single box says little. An upright one is a human, unless it fills so much of the
picture that it is a vehicle seen from above. Of what lies more level, what moves on by a third of its length a second
is a vehicle where the camera is optical, and an animal otherwise; on thermal, a vehicle must also be large, as animals
run and are seen by their warmth alone. What the frame's edge cuts off votes only where more of it could not change the
vote. The class is the majority of the votes so far, once there are enough.

Where the channel has a perspective, size decides instead: what stands on the ground is measured in the height of a
person who would stand there. Less than half as high, or up to three quarters and longer than high, is an animal; what
is longer than a person lying down is a vehicle, and so is what is wider than high and about as high as a person.

Where a recogniser has looked and found the target, its word counts instead: the class is the one with the largest sum
of confidences so far.
"""

from detectors.scale import person_height
from detectors.track import Track
from kernel.events import TargetClass
from kernel.site.model import ChannelKind, Perspective, TargetName

CLASSES: tuple[TargetClass, ...] = ("human", "vehicle", "animal", "other")
ENOUGH_VOTES = 5
UPRIGHT_PERCENT = 140
"""A human is at least this high in percent of the width…"""
STOUT_PERCENT = 190
BULKY_ONE_IN = 16
"""… and this high if it is brisk and covers such a part of the frame: a vehicle seen from above is stouter."""
BRISK_ONE_IN = 3
"""A vehicle moves on by this part of its longer side a second."""
LARGE_ONE_IN = 3
"""On thermal, a vehicle is as wide as this part of the frame…"""
FLAT_PERCENT = 35
"""… and at least this high in percent of its width."""
TINY, LOW, PERSON, BONNET, TOWERING = 8, 45, 55, 75, 220
"""Heights in percent of a person's: less than anything with a class, the least of a vehicle, of a human, of a vehicle
that is seen from its end, and more than anything but a vehicle."""
LONG = 140
"""A vehicle's length from the side, at least, in percent of a person's height."""
SMALL_PX = 10
"""In distant view a target with a side under this many source pixels counts as human."""


def vote(
    track: Track,
    frame_size: tuple[int, int],
    kind: ChannelKind,
    small_is_human: bool,
    perspective: Perspective | None = None,
) -> None:
    """Let the track's present box vote, and settle its class; `frame_size` is (width, height)."""
    choice = _choice(track, frame_size, kind, small_is_human, perspective)
    if choice is None:
        return
    track.votes[CLASSES.index(choice)] += 1
    if not track.evidence and (sum(track.votes) >= ENOUGH_VOTES or small_is_human):
        track.target = _foremost(track.votes)


def testify(track: Track, target: TargetName, confidence: int) -> None:
    """Let a recogniser's finding, its `confidence` in millionths, settle the track's class."""
    track.evidence = track.evidence or [0] * len(CLASSES)
    track.evidence[CLASSES.index(target)] += confidence
    track.target = _foremost(track.evidence)


def confidence(track: Track) -> int:
    """The share of the votes, or of the evidence where there is any, for the track's class, in millionths."""
    said = track.evidence or track.votes
    total = sum(said)
    return said[CLASSES.index(track.target)] * 1_000_000 // total if track.target in CLASSES and total else 0


def _foremost(said: list[int]) -> TargetClass:
    """The class for which most is said; of equal ones the first."""
    return CLASSES[max(range(len(CLASSES)), key=lambda i: (said[i], -i))]


def _choice(
    track: Track,
    frame_size: tuple[int, int],
    kind: ChannelKind,
    small_is_human: bool,
    perspective: Perspective | None,
) -> TargetClass | None:
    sides_cut, ends_cut = _cut_off(track, frame_size)
    if sides_cut:
        return None
    if small_is_human and not ends_cut and min(track.width, track.height) < SMALL_PX:
        return "human"
    if perspective is not None and not ends_cut:
        return _by_size(track, frame_size, perspective)
    if track.height * 100 >= track.width * UPRIGHT_PERCENT:
        return _upright(track, frame_size, ends_cut)
    return None if ends_cut else _level(track, frame_size, kind)


def _upright(track: Track, frame_size: tuple[int, int], ends_cut: bool) -> TargetClass | None:
    bulky = track.width * track.height * BULKY_ONE_IN >= frame_size[0] * frame_size[1]
    if bulky and _brisk(track) and track.height * 100 < track.width * STOUT_PERCENT:
        return None if ends_cut else "vehicle"
    return "human"


def _level(track: Track, frame_size: tuple[int, int], kind: ChannelKind) -> TargetClass:
    large = track.width * LARGE_ONE_IN >= frame_size[0] and track.height * 100 >= track.width * FLAT_PERCENT
    return "vehicle" if _brisk(track) and (kind == "optical" or large) else "animal"


def _by_size(track: Track, frame_size: tuple[int, int], perspective: Perspective) -> TargetClass:
    """By width and height in percent of the height of a person who stands there."""
    _, y, width, height = track.box(*frame_size)
    person = person_height(perspective, y + height)
    high = height * 100 // person
    wide = width * 100 * frame_size[0] // (person * frame_size[1])
    if high < TINY or (high > TOWERING and wide < LONG):
        return "other"
    if wide >= LONG and high >= LOW:
        return "vehicle"
    if high >= PERSON and high >= wide:
        return "human"
    return "vehicle" if high >= BONNET else "animal"


def _brisk(track: Track) -> bool:
    speed = max(abs(track.x.velocity), abs(track.y.velocity))
    return speed * BRISK_ONE_IN >= max(track.width, track.height)


def _cut_off(track: Track, frame_size: tuple[int, int]) -> tuple[bool, bool]:
    """Whether part of the target may lie outside the frame, at its sides and at its upper or lower end."""
    width, height = frame_size
    x, y = track.x.position, track.y.position
    half_width, half_height = track.width / 2 + 1, track.height / 2 + 1
    return x < half_width or x > width - half_width, y < half_height or y > height - half_height
