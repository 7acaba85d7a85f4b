"""What must never be recorded, blacked out of frames before anything else is done with them."""

from collections.abc import Callable, Sequence

import numpy as np

from detectors.geometry import rasterise
from kernel.site.model import Polygon

Blackener = Callable[[np.ndarray], np.ndarray]


def blackener(polygons: Sequence[Polygon]) -> Blackener | None:
    """A function that gives a copy of a frame, (height, width), with the polygons' pixels 0; None without polygons."""
    if not polygons:
        return None
    kept: dict[tuple[int, int], np.ndarray] = {}

    def blacken(pixels: np.ndarray) -> np.ndarray:
        height, width = pixels.shape
        if (height, width) not in kept:
            kept.clear()  # a camera has one size at a time
            covered = [rasterise(polygon, width, height) for polygon in polygons]
            kept[height, width] = np.logical_or.reduce(covered)
        blackened = pixels.copy()
        blackened[kept[height, width]] = 0
        return blackened

    return blacken
