"""Video tampering: the area is covered, blinded or out of focus."""

from typing import Literal

import numpy as np

from detectors.geometry import rasterise
from detectors.structure import COLUMNS, ROWS
from detectors.view import LAYOUT_KEPT, Look
from kernel.site.model import Polygon

Harm = Literal["covered", "blinded", "defocused"]
LEAST_INFORMATIVE = 8
"""Percent of the blocks: a view with less structure than that cannot be seen to lose it."""


def area_mask(area: Polygon | None) -> np.ndarray:
    """The blocks whose middle lies in the area, (ROWS, COLUMNS) bool; all of them without one."""
    return np.ones((ROWS, COLUMNS), np.bool_) if area is None else rasterise(area, COLUMNS, ROWS)


def share_needed(sensitivity: int) -> int:
    """How many percent of the area's structure must be gone: 70 at sensitivity 50, 45 at 100."""
    return 95 - sensitivity // 2


def least_sharpness(sensitivity: int) -> int:
    """Below this sharpness, in percent, a block is out of focus: 65 at sensitivity 50, 80 at 100."""
    return 50 + 3 * sensitivity // 10


def tampering(look: Look, area: np.ndarray, sensitivity: int) -> Harm | None:
    """What is wrong with the area, the blocks of `area`, (ROWS, COLUMNS) bool. Higher sensitivity never sees less."""
    if sensitivity == 0:
        return None
    informative = look.informative & area
    there = int(np.count_nonzero(informative))
    if there * 100 < LEAST_INFORMATIVE * int(np.count_nonzero(area)):
        return None
    needed = share_needed(sensitivity) * there
    lost = informative & look.lost
    wrong = lost | (informative & (look.sharpness < least_sharpness(sensitivity)))
    if 100 * int(np.count_nonzero(wrong)) < needed:
        return None
    if 2 * int(np.count_nonzero(look.white & area)) >= int(np.count_nonzero(area)):
        return "blinded"
    mostly_lost = 2 * int(np.count_nonzero(lost)) > int(np.count_nonzero(wrong))
    return "covered" if mostly_lost and look.layout_kept < LAYOUT_KEPT else "defocused"


def over(look: Look, area: np.ndarray, sensitivity: int) -> bool:
    """Whether the area is back to usual: wrong in less than half of the share that tampering needs."""
    informative = look.informative & area
    wrong = informative & (look.lost | (look.sharpness < least_sharpness(sensitivity)))
    there = int(np.count_nonzero(informative))
    return 200 * int(np.count_nonzero(wrong)) < share_needed(sensitivity) * there or there == 0
