"""The connected components of a score map at many thresholds in one pass, for sweeps over sensitivities.

Pixels join in the order of falling score, so that each lower threshold only adds to what was joined before: the
component tree (max-tree) of Salembier, Oliveras and Garrido, "Antiextensive connected operators" (1998), walked by
union–find as in Najman and Couprie (2006), without keeping the tree. 8-connected, as `components` is.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

from detectors.components import FIELDS, MAX_RUNS, components, highest
from detectors.segmentation import Blob, Cut, blobs_of

_STATS = FIELDS + 1
"""Those of a component, and its first pixel in reading order."""


@njit(cache=True, nogil=True)
def _falling(score: np.ndarray, floor: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pixels at or above `floor` by falling score, where each score ends among them, and the runs at each score."""
    height, width = score.shape
    pixels, joins = np.zeros(257, np.int64), np.zeros(257, np.int64)
    for y in range(height):
        left = 0
        for x in range(width):
            value = int(score[y, x])
            if value >= floor:
                pixels[value] += 1
                joins[min(value, left)] += 1
            left = value
    runs, ends = np.zeros(257, np.int64), np.zeros(257, np.int64)
    above, joined = 0, 0
    for value in range(255, floor - 1, -1):
        above += pixels[value]
        joined += joins[value]
        ends[value], runs[value] = above, above - joined
    order = np.empty(above, np.int32)
    at = ends - pixels
    for y in range(height):
        for x in range(width):
            value = int(score[y, x])
            if value >= floor:
                order[at[value]] = y * width + x
                at[value] += 1
    return order, ends, runs


@njit(cache=True, nogil=True)
def _root(parents: np.ndarray, i: int) -> int:
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i


@njit(cache=True, nogil=True)
def _join(parents: np.ndarray, stats: np.ndarray, a: int, b: int) -> int:
    """Put two components together; the larger one's root stays."""
    if stats[a, 4] < stats[b, 4]:
        a, b = b, a
    parents[b] = a
    one, other = stats[a], stats[b]
    one[0], one[1] = min(one[0], other[0]), min(one[1], other[1])
    one[2], one[3] = max(one[2], other[2]), max(one[3], other[3])
    one[4] += other[4]
    one[5] = max(one[5], other[5])
    one[6] += other[6]
    one[7] = min(one[7], other[7])
    return a


@njit(cache=True, nogil=True)
def _gather(
    stats: np.ndarray, parents: np.ndarray, large: np.ndarray, count: int, seed: int, least: int, out: np.ndarray
) -> int:
    """The components among `large` that count, in the order of their first pixels, into `out`."""
    found = 0
    for i in range(count):
        root = int(large[i])
        if parents[root] != root or stats[root, 5] < seed or stats[root, 4] < least:
            continue
        place = found
        while place > 0 and out[place - 1, 7] > stats[root, 7]:
            out[place] = out[place - 1]
            place -= 1
        out[place] = stats[root]
        found += 1
    return found


@njit(cache=True, nogil=True)
def _cut_all(
    score: np.ndarray, order: np.ndarray, ends: np.ndarray, cuts: np.ndarray, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """The components that count at each of `cuts`, (n, 3): low (falling), seed, least area. Rows, and their ends."""
    height, width = score.shape
    total = order.size
    label = np.full(height * width, -1, np.int32)
    parents, stats = np.empty(total, np.int32), np.empty((total, _STATS), np.int32)
    large, grown, kept = np.empty(total, np.int32), np.zeros(total, np.bool_), 0
    rows, row_ends, filled = np.empty((256, _STATS), np.int32), np.empty(cuts.shape[0], np.int64), 0
    done = 0
    for k in range(cuts.shape[0]):
        low, seed, least_area = cuts[k, 0], cuts[k, 1], cuts[k, 2]
        while done < ends[low]:
            place = order[done]
            y, x = place // width, place % width
            value = int(score[y, x])
            own = stats[done]
            own[0], own[1], own[2], own[3], own[4], own[5], own[6], own[7] = x, y, x + 1, y + 1, 1, value, value, place
            parents[done], label[place] = done, done
            root = done
            for v in range(max(0, y - 1), min(height, y + 2)):
                for u in range(max(0, x - 1), min(width, x + 2)):
                    neighbour = label[v * width + u]
                    if neighbour >= 0:
                        other = _root(parents, int(neighbour))
                        if other != root:
                            root = _join(parents, stats, root, other)
            if stats[root, 4] >= least and not grown[root]:
                grown[root] = True
                large[kept] = root
                kept += 1
            done += 1
        alive = 0
        for i in range(kept):
            if parents[large[i]] == large[i]:
                large[alive] = large[i]
                alive += 1
        kept = alive
        if filled + kept > rows.shape[0]:
            more = np.empty((2 * (filled + kept), _STATS), np.int32)
            more[:filled] = rows[:filled]
            rows = more
        filled += _gather(stats, parents, large, kept, seed, least_area, rows[filled:])
        row_ends[k] = filled
    return rows[:filled], row_ends


class Cutter:
    """Cuts score maps in all of several ways at once; each gives what `segment` would."""

    def __init__(self, cuts: Sequence[Cut]) -> None:
        self._cuts = sorted({cut for cut in cuts if not cut.off}, key=lambda c: (-c.low, c.seed, c.least_area, c.gap))
        self._table = np.array([(c.low, c.seed, c.least_area) for c in self._cuts], np.int64).reshape(-1, 3)

    def blobs(self, score: np.ndarray) -> dict[Cut, tuple[Blob, ...]]:
        """The blobs of a score map (height, width) uint8, by cut; a cut that finds none is left out."""
        within = np.flatnonzero(self._table[:, 1] <= highest(score))
        if within.size == 0:
            return {}
        table = self._table[within]
        order, ends, runs = _falling(score, int(table[-1, 0]))
        rows, row_ends = _cut_all(score, order, ends, table, int(table[:, 2].min()))
        found: dict[Cut, tuple[Blob, ...]] = {}
        first = 0
        for place, end, count in zip(within.tolist(), row_ends.tolist(), runs[table[:, 0]].tolist(), strict=True):
            cut, strong, first = self._cuts[place], rows[first:end, :FIELDS], end
            if count > MAX_RUNS:  # where `components` leaves out the rest
                whole = components(score, cut.low)
                strong = whole[(whole[:, 5] >= cut.seed) & (whole[:, 4] >= cut.least_area)]
            if len(strong):
                found[cut] = blobs_of(strong, cut.gap)
        return found
