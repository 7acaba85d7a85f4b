"""From a score map to blobs: threshold, components, and the parts of one target put together.

Monotone: both thresholds fall as sensitivity rises, so what is foreground at one sensitivity is at every higher one.
"""

import msgspec
import numpy as np

from detectors.components import components, highest, painted
from detectors.scene_modes import SceneParameters, thresholds

WIDTH_PER_GAP = 80
"""Parts of one target may lie this share of the frame's width apart, if that is more than the scene mode says."""


class Blob(msgspec.Struct, frozen=True):
    """A connected piece of foreground: bounding box in source pixels (x1, y1 exclusive), area, highest score."""

    x0: int
    y0: int
    x1: int
    y1: int
    area: int
    score: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0


def foreground(score: np.ndarray, sensitivity: int, parameters: SceneParameters) -> np.ndarray:
    """The foreground mask, (height, width) uint8 of 0 and 255: all pixels of the components that count."""
    low, seed = thresholds(sensitivity, parameters)
    if low > 255:
        return np.zeros(score.shape, np.uint8)
    return painted(score, low, seed, _least_area(score, parameters))


def segment(score: np.ndarray, sensitivity: int, parameters: SceneParameters) -> tuple[Blob, ...]:
    """The blobs of a score map (height, width) uint8, in the order of their first row."""
    low, seed = thresholds(sensitivity, parameters)
    if low > 255 or highest(score) < seed:
        return ()
    found = [Blob(*row[:6]) for row in _strong(score, low, seed, parameters).tolist()]
    return tuple(_merged(found, _gap(score, parameters)))


def _strong(score: np.ndarray, low: int, seed: int, parameters: SceneParameters) -> np.ndarray:
    """The components that count: strong enough somewhere, and large enough for the resolution."""
    found = components(score, low)
    return found[(found[:, 5] >= seed) & (found[:, 4] >= _least_area(score, parameters))]


def _least_area(score: np.ndarray, parameters: SceneParameters) -> int:
    return max(parameters.min_area_px, score.size // parameters.frame_per_least)


def _gap(score: np.ndarray, parameters: SceneParameters) -> int:
    return max(parameters.merge_gap_px, score.shape[1] // WIDTH_PER_GAP)


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
    across = max(a.x0, b.x0) - min(a.x1, b.x1)
    along = max(a.y0, b.y0) - min(a.y1, b.y1)
    if across >= gap_px or along >= gap_px:
        return False
    union = _union(a, b)
    boxes = a.width * a.height + b.width * b.height
    return union.width * union.height * 2 <= boxes * 3 or union.width * union.height <= 16 * gap_px * gap_px


def _union(a: Blob, b: Blob) -> Blob:
    return Blob(
        min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1), a.area + b.area, max(a.score, b.score)
    )
