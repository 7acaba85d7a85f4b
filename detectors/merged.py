"""Several targets in one blob: its sides are those of the targets that are outermost, and measure them.

A target's place is its side of the blob and half its own size inwards; that a part of the outline stands for the whole
of a target makes it worth half of what a blob of its own is. Who is in between, and how large each is, nothing shows.
"""

from collections.abc import Sequence

from detectors.segmentation import Blob
from detectors.track import Track


def see_merged(tracks: Sequence[Track], blob: Blob, captured_ns: int) -> None:
    """Take in the blob that holds all of `tracks`, two or more."""
    across = _places([(t.x.position, t.width) for t in tracks], blob.x0, blob.x1)
    along = _places([(t.y.position, t.height) for t in tracks], blob.y0, blob.y1)
    for track, x, y in zip(tracks, across, along, strict=True):
        track.see_sides(x, y, captured_ns)


def _places(expected: list[tuple[float, float]], low: int, high: int) -> list[float | None]:
    """Along one axis: where those of these centres and sizes are that reach furthest; None for the others."""
    first = min(range(len(expected)), key=lambda i: expected[i][0] - expected[i][1] / 2)
    last = max(range(len(expected)), key=lambda i: expected[i][0] + expected[i][1] / 2)
    places: list[float | None] = [None] * len(expected)
    places[first] = low + expected[first][1] / 2
    places[last] = high - expected[last][1] / 2 if last != first else (low + high) / 2
    return places
