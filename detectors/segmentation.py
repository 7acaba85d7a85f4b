"""From a score map to blobs: threshold, components, and the parts of one target put together.

Monotone: both thresholds fall as sensitivity rises, so what is foreground at one sensitivity is at every higher one.
"""

import msgspec
import numpy as np

from detectors.components import components, highest
from detectors.scene_modes import SceneParameters, thresholds


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
    mask = np.zeros(score.shape, np.uint8)
    if low > 255:
        return mask
    for x0, y0, x1, y1, area, best, _ in _strong(score, low, seed, parameters).tolist():
        if area >= parameters.min_area_px and best >= seed:
            part = score[y0:y1, x0:x1] >= low
            mask[y0:y1, x0:x1][part] = 255
    return mask


def segment(score: np.ndarray, sensitivity: int, parameters: SceneParameters) -> tuple[Blob, ...]:
    """The blobs of a score map (height, width) uint8, in the order of their first row."""
    low, seed = thresholds(sensitivity, parameters)
    if low > 255 or highest(score) < seed:
        return ()
    found = [Blob(*row[:6]) for row in _strong(score, low, seed, parameters).tolist()]
    return tuple(_merged(found, parameters.merge_gap_px))


def _strong(score: np.ndarray, low: int, seed: int, parameters: SceneParameters) -> np.ndarray:
    found = components(score, low)
    return found[(found[:, 5] >= seed) & (found[:, 4] >= parameters.min_area_px)]


def _merged(blobs: list[Blob], gap_px: int) -> list[Blob]:
    """Join blobs whose boxes lie closer than `gap_px` and than a quarter of the larger one's longer side."""
    merged: list[Blob] = []
    for blob in blobs:
        current = blob
        joined = True
        while joined:
            joined = False
            for other in merged:
                if _close(current, other, gap_px):
                    merged.remove(other)
                    current = _union(current, other)
                    joined = True
                    break
        merged.append(current)
    return merged


def _close(a: Blob, b: Blob, gap_px: int) -> bool:
    side = max(a.width, a.height, b.width, b.height)
    gap = max(gap_px, side // 4)
    across = max(a.x0, b.x0) - min(a.x1, b.x1)
    along = max(a.y0, b.y0) - min(a.y1, b.y1)
    return across < gap and along < gap


def _union(a: Blob, b: Blob) -> Blob:
    return Blob(
        min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1), a.area + b.area, max(a.score, b.score)
    )
