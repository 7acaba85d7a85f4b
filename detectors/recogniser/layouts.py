"""How the outputs of detection networks are laid out, and what they say."""

from typing import Literal

import numpy as np

Layout = Literal["raw", "final", "grid"]
"""`raw`: (1, 4 + classes, n), centre x, centre y, width, height and a score for each class, as YOLO 8 and later give
it. `final`: (1, n, 6) or (n, 6), left, top, right, bottom, confidence, class, as they give it with the suppression of
overlapping boxes built in. Lengths are in pixels of the network's input. `grid`: (1, 5 + classes, rows, columns), for
each cell whether something is there, how its box lies in the cell and how large it is, and a share for each class, as
FastestDet gives it."""

MOST_OBJECTS = 20
MOST_CANDIDATES = 200
SAME_OVERLAP = 0.5
"""Of raw boxes of one class that share this much, only the surest is kept."""


class UnknownLayout(ValueError):
    """An output that is laid out in no way known here."""


def layout_of(shape: tuple[int, ...]) -> Layout:
    """How an output of this shape is laid out. Raises `UnknownLayout`."""
    if (len(shape) == 2 or (len(shape) == 3 and shape[0] == 1)) and shape[-1] == 6:
        return "final"
    if len(shape) == 3 and shape[0] == 1 and 5 <= shape[1] < shape[2]:
        return "raw"
    if len(shape) == 4 and shape[0] == 1 and shape[1] >= 6:
        return "grid"
    told = " x ".join(str(n) for n in shape)
    known = "1 x (4 + classes) x n, 1 x n x 6, n x 6 and 1 x (5 + classes) x rows x columns"
    raise UnknownLayout(f"its output is {told}; known are {known}")


def class_count(shape: tuple[int, ...]) -> int | None:
    """How many classes an output of this shape tells apart; None where it does not show."""
    return {"raw": shape[1] - 4, "grid": shape[1] - 5}.get(layout_of(shape))


def objects_in(output: np.ndarray, least_confidence: float, size: tuple[int, int]) -> np.ndarray:
    """What an output says, the surest first, at most `MOST_OBJECTS`.

    Parameters
    ----------
    output : of a known layout.
    least_confidence : what is less sure is left out.
    size : width and height of the network's input.

    Returns
    -------
    (objects, 6) float64: left, top, right, bottom in pixels of the input, confidence (at most 1), class number.
    """
    layout = layout_of(output.shape)
    if layout == "final":
        rows = output.reshape(-1, 6).astype(np.float64)
    else:
        rows = _boxes(output[0]) if layout == "raw" else _cells(output[0].astype(np.float64), size)
    rows = rows[np.isfinite(rows).all(axis=1)]
    rows = rows[(rows[:, 4] >= least_confidence) & (rows[:, 5] >= 0)]
    rows = rows[(rows[:, 2] > rows[:, 0]) & (rows[:, 3] > rows[:, 1])]
    rows = rows[np.argsort(-rows[:, 4], kind="stable")][:MOST_CANDIDATES]
    rows[:, 4] = np.minimum(rows[:, 4], 1.0)
    kept = rows if layout == "final" else _without_doubles(rows)
    return kept[:MOST_OBJECTS]


def _boxes(columns: np.ndarray) -> np.ndarray:
    """(n, 6) float64 of a raw output (4 + classes, n): each box as its best class."""
    centre_x, centre_y, width, height = columns[:4].astype(np.float64)
    scores = columns[4:].astype(np.float64)
    best = scores.argmax(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is left out later
        sides = (centre_x - width / 2, centre_y - height / 2, centre_x + width / 2, centre_y + height / 2)
    return np.stack([*sides, scores.max(axis=0), best.astype(np.float64)], axis=1)


def _cells(grid: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(cells, 6) of a grid (5 + classes, rows, columns): each cell's box as its best class.

    The confidence is that there is something, to the power of 0.6, by the share of the class, to the power of 0.4, as
    by X. Ma, FastestDet (2022).
    """
    count, rows, columns = grid.shape
    with np.errstate(over="ignore", invalid="ignore"):
        across = (np.tanh(grid[1]) + np.arange(columns)) * size[0] / columns
        along = (np.tanh(grid[2]) + np.arange(rows)[:, np.newaxis]) * size[1] / rows
        width, height = (length / (1 + np.exp(-part)) for length, part in zip(size, grid[3:5], strict=True))
        scores = np.maximum(grid[0], 0) ** 0.6 * np.maximum(grid[5:], 0) ** 0.4
    return _boxes(np.stack([across, along, width, height, *scores]).reshape(count - 1, -1))


def _without_doubles(rows: np.ndarray) -> np.ndarray:
    """The boxes, the surest first, without those that a surer one of the same class mostly covers."""
    kept: list[int] = []
    for number in range(len(rows)):
        alike = [k for k in kept if rows[k, 5] == rows[number, 5] and _shared(rows[k], rows[number]) >= SAME_OVERLAP]
        if not alike:
            kept.append(number)
    return rows[kept]


def _shared(one: np.ndarray, other: np.ndarray) -> float:
    """The part of what two boxes cover together that both cover."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return float(width * height / (sum(areas) - width * height))
