"""Where a target ends: the blur that lifts dim targets out of the noise also smears the outline of every target.

Across a straight edge the blur 1 4 6 4 1 leaves 11, 15 and 16 sixteenths of a target's height on its outermost pixels
and 5 on the one beyond: a third of what is highest around it. In a right-angled corner of the target it is half. So
what is clearly lower than its surroundings is skirt, and what is about half as high still belongs to the target. Both
steps only ever add where the mask grows.
"""

import numpy as np
from scipy import ndimage

SMEARED_PX = 5
"""Side of the square over which a pixel's surroundings are looked at: as far as the blur reaches."""


def outlined(mask: np.ndarray, score: np.ndarray, low: int) -> np.ndarray:
    """The mask, (height, width) uint8 of 0 and 255, with skirts cut off and edges that lie under `low` added.

    `score` is the score map that the mask was painted from, (height, width) uint8 in tenths of σ.
    """
    if not mask.any():
        return mask
    height = score.astype(np.int32)
    around = ndimage.maximum_filter(score, size=SMEARED_PX).astype(np.int32)
    near = ndimage.maximum_filter(mask, size=3) > 0
    kept = (mask > 0) & (8 * height >= 3 * around)
    edge = near & (16 * height >= 7 * around) & (2 * height >= low)
    return (kept | edge).astype(np.uint8) * np.uint8(255)
