"""Scene change: the camera shows another view, moved by some distance or one that fits nowhere."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from detectors.view import Look

Change = Literal["moved", "turned"]
Shift = Callable[[], tuple[int, int, int, int]]
"""Finds the best shift: x, y, agreement there, agreement without a shift."""
SUSPECT_PERCENT = 5
"""With less of its structure lost the view is the same: no shift is looked for."""
SHIFT_FITS = 50
"""Percent of agreement at which a shift explains the picture…"""
SHIFT_BETTER = 20
"""… if it is that much better than none."""
STRUCTURED = 50
"""Percent of the lost blocks that must show edges: another view has some, a cover has none."""


def lost_percent(look: Look) -> int:
    """How much of the view's structure is gone."""
    there = int(np.count_nonzero(look.informative))
    return 100 * int(np.count_nonzero(look.lost)) // there if there else 0


def other_view(look: Look, shift: Shift) -> Change | None:
    """Whether the picture shows another view at all, whatever the sensitivity."""
    if lost_percent(look) < SUSPECT_PERCENT:
        return None
    x, y, there, unmoved = shift()
    if (x, y) != (0, 0) and there >= SHIFT_FITS and there >= unmoved + SHIFT_BETTER:
        return "moved"
    shown = int(np.count_nonzero(look.lost & look.structured))
    return "turned" if 100 * shown >= STRUCTURED * int(np.count_nonzero(look.lost)) else None


def changed(look: Look, other: Change | None, sensitivity: int) -> bool:
    """Whether that is a scene change: 30 % of the structure lost at sensitivity 50 if moved, 67 % if turned."""
    if sensitivity == 0 or other is None:
        return False
    return lost_percent(look) >= (55 if other == "moved" else 92) - sensitivity // 2
