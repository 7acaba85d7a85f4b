"""Connected components of a thresholded score map, in one pass over its runs.

Two-pass labelling by runs with union–find (Rosenfeld and Pfaltz 1966; by runs as in Grana et al. 2010), 8-connected.
"""

import numpy as np
from numba import njit

from detectors.scanning import next_reaching

FIELDS = 7
"""x0, y0, x1, y1 (exclusive), area in pixels, highest score, sum of the scores."""
MAX_RUNS = 60_000
"""More runs than this is no picture but noise; what follows is left out."""


@njit(cache=True, nogil=True)
def _root(parents: np.ndarray, i: int) -> int:
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i


@njit(cache=True, nogil=True)
def _components(score: np.ndarray, low: int, runs: np.ndarray, parents: np.ndarray) -> int:
    """Fill `runs` with (y, x0, x1, highest, sum) of each run at or above `low`; joins touching ones in `parents`."""
    height, width = score.shape
    count, above, above_end = 0, 0, 0
    for y in range(height):
        start = count
        x = next_reaching(score[y], 0, low)
        while x < width:
            x0, highest, total = x, 0, 0
            while x < width and score[y, x] >= low:
                highest = max(highest, int(score[y, x]))
                total += int(score[y, x])
                x += 1
            if count == runs.shape[0]:
                return count
            runs[count, 0], runs[count, 1], runs[count, 2] = y, x0, x
            runs[count, 3], runs[count, 4] = highest, total
            parents[count] = count
            while above < above_end and runs[above, 2] < x0:
                above += 1
            k = above
            while k < above_end and runs[k, 1] <= x:
                a, b = _root(parents, k), _root(parents, count)
                if a != b:
                    parents[max(a, b)] = min(a, b)
                k += 1
            count += 1
            x = next_reaching(score[y], x, low)
        above, above_end = start, count
    return count


@njit(cache=True, nogil=True)
def _gather(runs: np.ndarray, parents: np.ndarray, count: int, out: np.ndarray) -> int:
    found = 0
    place = np.empty(count, np.int32)
    for i in range(count):
        root = _root(parents, i)
        y, x0, x1 = runs[i, 0], runs[i, 1], runs[i, 2]
        if root == i:
            place[i] = found
            out[found, 0], out[found, 1], out[found, 2], out[found, 3] = x0, y, x1, y + 1
            out[found, 4], out[found, 5], out[found, 6] = x1 - x0, runs[i, 3], runs[i, 4]
            found += 1
            continue
        row = out[place[root]]
        row[0], row[2], row[3] = min(row[0], x0), max(row[2], x1), max(row[3], y + 1)
        row[4] += x1 - x0
        row[5] = max(row[5], runs[i, 3])
        row[6] += runs[i, 4]
    return found


@njit(cache=True, nogil=True)
def _paint(runs: np.ndarray, parents: np.ndarray, count: int, seed: int, least_area: int, mask: np.ndarray) -> None:
    best = np.zeros(count, np.int32)
    area = np.zeros(count, np.int32)
    for i in range(count):
        root = _root(parents, i)
        best[root] = max(best[root], runs[i, 3])
        area[root] += runs[i, 2] - runs[i, 1]
    for i in range(count):
        root = _root(parents, i)
        if best[root] >= seed and area[root] >= least_area:
            mask[runs[i, 0], runs[i, 1] : runs[i, 2]] = 255


def highest(score: np.ndarray) -> int:
    """The highest score of the map: where it is below every threshold, nothing more needs to be looked at."""
    return int(score.max())


def components(score: np.ndarray, low: int) -> np.ndarray:
    """The connected components at or above `low` of a score map (height, width) uint8.

    Returns (n, 7) int32 in the order of their first run: see `FIELDS`.
    """
    runs = np.empty((MAX_RUNS, 5), np.int32)
    parents = np.empty(MAX_RUNS, np.int32)
    count = _components(score, low, runs, parents)
    out = np.empty((count, FIELDS), np.int32)
    return out[: _gather(runs, parents, count, out)]


def painted(score: np.ndarray, low: int, seed: int, least_area: int) -> np.ndarray:
    """The pixels of the components at or above `low` that reach `seed` somewhere and cover `least_area` pixels.

    (height, width) uint8, 255 there and 0 elsewhere.
    """
    runs = np.empty((MAX_RUNS, 5), np.int32)
    parents = np.empty(MAX_RUNS, np.int32)
    count = _components(score, low, runs, parents)
    mask = np.zeros(score.shape, np.uint8)
    _paint(runs, parents, count, seed, least_area, mask)
    return mask
