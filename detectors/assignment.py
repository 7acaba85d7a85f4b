"""Which blob continues which track: an optimal assignment on integer costs.

By `scipy.optimize.linear_sum_assignment` (Crouse 2016), whose sums and differences are exact on integers below 2**53.
Between assignments of equal cost the pairs' ranks decide, in the order of (track, blob): costs are scaled so that all
ranks together weigh less than one unit of cost.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

FORBIDDEN = 1 << 40
"""A cost at or above this is never paired."""


def assign(costs: np.ndarray) -> list[tuple[int, int]]:
    """The pairs (row, column) of least total cost, as many as there can be; int64 costs, (rows, columns).

    With costs below 2**20 and up to 200 rows and columns every sum stays exact.
    """
    rows, columns = costs.shape
    allowed = costs < FORBIDDEN
    if not rows or not columns or not allowed.any():
        return []
    pairs = min(rows, columns)
    rank = np.arange(rows * columns, dtype=np.int64).reshape(rows, columns)
    unit = pairs * rows * columns + 1
    never = (int(costs[allowed].max()) + 1) * unit * pairs + 1
    scaled = np.where(allowed, np.where(allowed, costs, 0) * unit + rank, never)
    row_indices, column_indices = linear_sum_assignment(scaled)
    chosen = zip(row_indices.tolist(), column_indices.tolist(), strict=True)
    return [(row, column) for row, column in chosen if allowed[row, column]]
