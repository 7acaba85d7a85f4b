"""Which blob may continue which track, and how well: the gate around what is expected, and the cost within it."""

from collections.abc import Sequence

import numpy as np
from numba import njit

from detectors.assignment import FORBIDDEN
from detectors.segmentation import Blob
from detectors.track import Track

GATE_SIZES = 0.75
"""A blob may lie this many of the target's longer side from where it was expected…"""
GATE_PX = 6.0
"""… and this many pixels more, and one σ of the expectation."""
WHOLE_GATE_SIZES = 0.5
"""A model's box does not grow or shrink with what stands out: it may lie this many of the target's width to the side,
and of its height up or down."""
FRAGMENT_SIZES = 6.0
"""A blob this many times smaller than a target is not that target."""
UNCONFIRMED = 100_000
"""What a track costs more that is no target yet: targets choose first."""


@njit(cache=True, nogil=True)
def _fill(tracks: np.ndarray, blobs: np.ndarray, costs: np.ndarray) -> None:
    for row in range(tracks.shape[0]):
        x, y, deviation_x, deviation_y, width, height, confirmed = tracks[row]
        for column in range(blobs.shape[0]):
            centre_x, centre_y, blob_width, blob_height, whole = blobs[column]
            across, along = abs(centre_x - x), abs(centre_y - y)
            gate_x = gate_y = GATE_PX + GATE_SIZES * max(width, height, blob_width, blob_height)
            if whole:
                gate_x = GATE_PX + WHOLE_GATE_SIZES * max(width, blob_width)
                gate_y = GATE_PX + WHOLE_GATE_SIZES * max(height, blob_height)
            if across > gate_x + deviation_x or along > gate_y + deviation_y:
                continue
            if confirmed and blob_width * blob_height * FRAGMENT_SIZES < width * height:
                continue
            size = abs(blob_width - width) + abs(blob_height - height)
            costs[row, column] = int((across + along + 0.5 * size) * 100) + (0 if confirmed else UNCONFIRMED)


def costs_of(tracks: Sequence[Track], blobs: Sequence[Blob]) -> np.ndarray:
    """How badly each blob continues each track: the distance of centres and of sizes, in hundredths of a pixel.

    (tracks, blobs) int64, `FORBIDDEN` outside the gate.
    """
    costs = np.full((len(tracks), len(blobs)), FORBIDDEN, np.int64)
    if tracks and blobs:
        expected = [(t.x.position, t.y.position, t.x.pp, t.y.pp, t.width, t.height, t.id > 0) for t in tracks]
        seen = [((b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2, b.x1 - b.x0, b.y1 - b.y0, b.whole) for b in blobs]
        table = np.array(expected, np.float64)
        table[:, 2:4] = np.sqrt(table[:, 2:4])
        _fill(table, np.array(seen, np.float64), costs)
    return costs
