"""IDF1 after Ristani et al., "Performance measures and a data set for multi-target, multi-camera tracking" (2016)."""

from collections import Counter

import numpy as np
from scipy.optimize import linear_sum_assignment

from tests.accuracy.following import overlap

Boxes = dict[int, dict[int, tuple[float, float, float, float]]]
"""By frame, by identity: x, y, width, height in pixels."""


def idf1(truth: Boxes, found: Boxes, least: float = 0.5) -> float:
    """Each true identity is given at most one found one, so that most boxes agree (IoU ≥ `least`)."""
    agree: Counter[tuple[int, int]] = Counter()
    for frame, true_boxes in truth.items():
        for a, box in true_boxes.items():
            for b, other in found.get(frame, {}).items():
                if overlap(box, other) >= least:
                    agree[a, b] += 1
    rows = {id: n for n, id in enumerate(sorted({a for a, _ in agree}))}
    columns = {id: n for n, id in enumerate(sorted({b for _, b in agree}))}
    table = np.zeros((len(rows), len(columns)))
    for (a, b), count in agree.items():
        table[rows[a], columns[b]] = count
    matched = table[linear_sum_assignment(-table)].sum() if agree else 0.0
    total = sum(len(f) for f in truth.values()) + sum(len(f) for f in found.values())
    return float(2 * matched / total) if total else 0.0
