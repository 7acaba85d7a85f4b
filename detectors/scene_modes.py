"""The scene modes: named sets of parameters, frozen so that they can be read, compared and recorded."""

import msgspec

from kernel.site.model import SceneMode

SECOND_NS = 1_000_000_000


class SceneParameters(msgspec.Struct, frozen=True):
    """What segmentation and tracking are told.

    Scores are in tenths of σ, lengths in source pixels, durations in ns, shares in percent.

    seed_score, low_score : the thresholds at sensitivity 50, see `thresholds`.
    area_px, min_area_px, frame_per_least : the smallest blob. 100 px are the 10×10 px below which distant view is meant
        for; a small sensor may come down to `min_area_px`, a large frame asks for one part in `frame_per_least`.
    merge_gap_px : how far apart the parts of one target may lie.
    confirm_sightings, confirm_ns : how often and for how long a target is seen before it counts.
    coast_ns : how long a target may stay unseen.
    min_travel_percent : how far it must have come before it counts, in percent of its shorter side (`Track.advance`).
    min_reach_percent : how far its centre must have, in percent of the frame's width (`Track.reach`).
    min_straight_percent : how much of its path must be net progress; waving leaves go to and fro.
    small_is_human : distant view: a target with a side under 10 px is taken for a human.
    """

    seed_score: int
    low_score: int
    area_px: int
    min_area_px: int
    frame_per_least: int
    merge_gap_px: int
    confirm_sightings: int
    confirm_ns: int
    coast_ns: int
    min_travel_percent: int
    min_reach_percent: int
    min_straight_percent: int
    small_is_human: bool


SCENE_MODES: dict[SceneMode, SceneParameters] = {
    "general": SceneParameters(
        seed_score=80,
        low_score=50,
        area_px=100,
        min_area_px=30,
        frame_per_least=8000,
        merge_gap_px=4,
        confirm_sightings=4,
        confirm_ns=400_000_000,
        coast_ns=1_500_000_000,
        min_travel_percent=50,
        min_reach_percent=4,
        min_straight_percent=40,
        small_is_human=False,
    ),
    "distant_view": SceneParameters(
        seed_score=80,
        low_score=50,
        area_px=4,
        min_area_px=4,
        frame_per_least=80_000,
        merge_gap_px=2,
        confirm_sightings=4,
        confirm_ns=400_000_000,
        coast_ns=1_500_000_000,
        min_travel_percent=50,
        min_reach_percent=1,
        min_straight_percent=40,
        small_is_human=True,
    ),
    "leaves_interfered": SceneParameters(
        seed_score=100,
        low_score=50,
        area_px=100,
        min_area_px=30,
        frame_per_least=6000,
        merge_gap_px=4,
        confirm_sightings=5,
        confirm_ns=900_000_000,
        coast_ns=1_500_000_000,
        min_travel_percent=60,
        min_reach_percent=6,
        min_straight_percent=50,
        small_is_human=False,
    ),
}


def thresholds(sensitivity: int, parameters: SceneParameters) -> tuple[int, int]:
    """The (low, seed) score thresholds in tenths of σ; both fall as sensitivity rises, so more is foreground.

    A blob is what exceeds `low` and holds a pixel that exceeds `seed`. At sensitivity 100 the seed threshold is half
    that of 50, at 1 about three times as high. 0 is off: nothing reaches the thresholds.
    """
    if sensitivity == 0:
        return 256, 256
    seed = parameters.seed_score
    if sensitivity >= 50:
        seed -= seed * (sensitivity - 50) // 100
    else:
        seed += seed * 2 * (50 - sensitivity) // 50
    seed = min(250, seed)
    return seed * parameters.low_score // parameters.seed_score, seed
