"""Which blob continues which track: an optimal assignment on integer costs.

Small problems come out of a gate, so each connected group of tracks and blobs is solved by itself by
`scipy.optimize.linear_sum_assignment` (Crouse 2016), whose sums and differences are exact on integers. Equal costs are
decided by (cost, track, blob): the cost is scaled, and the pair's rank added to it.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

FORBIDDEN = 1 << 40


def assign(costs: np.ndarray) -> list[tuple[int, int]]:
    """The pairs (row, column) of least total cost; int64 costs, at or above `FORBIDDEN` never paired.

    Costs must be below 2**30 and there must be fewer than 1000 rows and columns, so that every sum is exact.
    """
    rows, columns = costs.shape
    if not rows or not columns:
        return []
    rank = np.arange(rows, dtype=np.int64)[:, None] * columns + np.arange(columns, dtype=np.int64)[None, :]
    scaled = np.where(costs >= FORBIDDEN, np.int64(FORBIDDEN) * 512, costs * 1024 + rank % 1024)
    chosen = linear_sum_assignment(scaled)
    pairs = zip(chosen[0].tolist(), chosen[1].tolist(), strict=True)
    return [(row, column) for row, column in pairs if costs[row, column] < FORBIDDEN]
