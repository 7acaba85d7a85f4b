"""Making a mask whole: closing cracks and filling holes, so that a target is one piece although parts of it look like
what is behind it.

Closing is a dilation followed by an erosion with a square (Serra, "Image Analysis and Mathematical Morphology", 1982);
a hole is background that no path of 4-neighbours joins to the frame's edge. Both are increasing: a larger mask gives a
larger result.
"""

import numpy as np
from scipy import ndimage


def closed(mask: np.ndarray, radius_px: int) -> np.ndarray:
    """The mask, (height, width) uint8 of 0 and 255, with cracks up to 2 `radius_px` wide closed."""
    if radius_px == 0 or not mask.any():
        return mask
    size = 2 * radius_px + 1
    padded = np.pad(mask, size)
    grown = ndimage.maximum_filter(padded, size=size)
    return ndimage.minimum_filter(grown, size=size)[size:-size, size:-size]


def filled(mask: np.ndarray) -> np.ndarray:
    """The mask, (height, width) uint8 of 0 and 255, with its holes filled."""
    return np.asarray(ndimage.binary_fill_holes(mask)).astype(np.uint8) * np.uint8(255)
