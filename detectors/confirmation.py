"""The gates between what is followed and what counts as a target, with their margins.

They say in numbers what the tracker decides (`docs/explain.md`): a track counts from the first sighting at which all
of them pass.
"""

from detectors.rules.gates import Gate
from detectors.scene_modes import SceneParameters
from detectors.track import Track
from detectors.tracker import GAPS_ONE_IN


def confirmation_gates(track: Track, parameters: SceneParameters, frame_width: int) -> tuple[Gate, ...]:
    """What the track must have shown of itself; lengths in hundredths of a source pixel."""
    seen_ns = track.last_seen_ns - track.first_seen_ns
    reach = track.reach * 100
    travel = min(track.width, track.height) * parameters.min_travel_percent
    return (
        _at_least("sightings", track.sightings, parameters.confirm_sightings, "sightings"),
        _at_least("seen for", seen_ns, parameters.confirm_ns, "ns"),
        _at_most("gaps", track.gaps, track.sightings // GAPS_ONE_IN, "frames"),
        _reaches("travel", track.advance * 100, travel),
        _reaches("reach", reach, frame_width * parameters.min_reach_percent),
        _reaches("straightness", reach, track.path * parameters.min_straight_percent),
    )


def _at_least(name: str, value: int, limit: int, unit: str) -> Gate:
    return Gate(name, value >= limit, value, limit, value - limit, unit)


def _at_most(name: str, value: int, limit: int, unit: str) -> Gate:
    return Gate(name, value <= limit, value, limit, limit - value, unit)


def _reaches(name: str, value: float, limit: float) -> Gate:
    """Of lengths: decided as they are, shown so that the margin agrees with the decision."""
    whole, asked = int(value), int(limit)
    if value >= limit:
        return Gate(name, True, max(whole, asked), asked, max(whole, asked) - asked, "hundredths of a pixel")
    short = min(whole, asked - 1)
    return Gate(name, False, short, asked, short - asked, "hundredths of a pixel")
