"""From a score map to blobs: threshold, components, and the parts of one target put together.

Monotone: both thresholds fall as sensitivity rises, so what is foreground at one sensitivity is at every higher one.
"""

import msgspec
import numpy as np

from detectors.components import components, highest, painted
from detectors.outline import outlined
from detectors.scene_modes import SceneParameters, thresholds
from detectors.wholeness import closed, filled

FRAME_PER_AREA = 640
"""On a small sensor a blob need only cover one part in so many of the frame."""
WIDTH_PER_GAP = 80
"""Parts of one target may lie this share of the frame's width apart, if that is more than the scene mode says."""


class Blob(msgspec.Struct, frozen=True):
    """A connected piece of foreground: bounding box in source pixels (x1, y1 exclusive), area, highest score.

    `whole`: a model says that this is one target and all of it.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    area: int
    score: int
    whole: bool = False

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0


class Cut(msgspec.Struct, frozen=True):
    """What a score map is cut with: all that segmentation depends on beside the map itself.

    A component at or above `low` counts if it reaches `seed` somewhere and covers `least_area` pixels; `gap` is how
    far apart the parts of one target may lie.
    """

    low: int
    seed: int
    least_area: int
    gap: int

    @property
    def off(self) -> bool:
        """Whether nothing can reach it."""
        return self.low > 255


def cut_for(shape: tuple[int, int], sensitivity: int, parameters: SceneParameters) -> Cut:
    """The cut for score maps of this (height, width). Above 50 smaller blobs count, at 100 half as large."""
    low, seed = thresholds(sensitivity, parameters)
    height, width = shape
    frame = height * width
    least_area = min(parameters.area_px, frame // FRAME_PER_AREA)
    least_area = max(parameters.min_area_px, least_area, frame // parameters.frame_per_least)
    least_area -= least_area * max(0, sensitivity - 50) // 100
    return Cut(low, seed, least_area, max(parameters.merge_gap_px, width // WIDTH_PER_GAP))


def foreground(score: np.ndarray, sensitivity: int, parameters: SceneParameters) -> np.ndarray:
    """The foreground mask, (height, width) uint8 of 0 and 255: the components that count, made whole.

    Their outline is put where the blur has smeared it from, cracks narrower than the gap that parts of one target may
    leave are closed, and holes filled. All of it only ever adds where the sensitivity rises.
    """
    cut = cut_for(score.shape, sensitivity, parameters)
    if cut.off:
        return np.zeros(score.shape, np.uint8)
    mask = outlined(painted(score, cut.low, cut.seed, cut.least_area), score, cut.low)
    return filled(closed(mask, cut.gap // 2))


def segment(score: np.ndarray, sensitivity: int, parameters: SceneParameters) -> tuple[Blob, ...]:
    """The blobs of a score map (height, width) uint8, in the order of their first row."""
    cut = cut_for(score.shape, sensitivity, parameters)
    if cut.off or highest(score) < cut.seed:
        return ()
    found = components(score, cut.low)
    return blobs_of(found[(found[:, 5] >= cut.seed) & (found[:, 4] >= cut.least_area)], cut.gap)


def blobs_of(strong: np.ndarray, gap_px: int) -> tuple[Blob, ...]:
    """The components that count, (n, 7) as `components` gives them, with the parts of one target put together."""
    return tuple(_merged([Blob(*row[:6]) for row in strong.tolist()], gap_px))


def _merged(blobs: list[Blob], gap_px: int) -> list[Blob]:
    """Join the pieces of one target: blobs closer than `gap_px` whose common box they fill well."""
    merged: list[Blob] = []
    for blob in blobs:
        current = blob
        joined = True
        while joined:
            joined = False
            for other in merged:
                if _belong_together(current, other, gap_px):
                    merged.remove(other)
                    current = _union(current, other)
                    joined = True
                    break
        merged.append(current)
    return merged


def _belong_together(a: Blob, b: Blob, gap_px: int) -> bool:
    """Head and body fill their common box; two that pass each other leave its corners empty."""
    if b.x0 - a.x1 >= gap_px or a.x0 - b.x1 >= gap_px or b.y0 - a.y1 >= gap_px or a.y0 - b.y1 >= gap_px:
        return False
    union = _union(a, b)
    boxes = a.width * a.height + b.width * b.height
    return union.width * union.height * 2 <= boxes * 3 or union.width * union.height <= 16 * gap_px * gap_px


def _union(a: Blob, b: Blob) -> Blob:
    return Blob(
        min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1), a.area + b.area, max(a.score, b.score)
    )
