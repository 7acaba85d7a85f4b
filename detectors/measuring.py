"""What stands for the targets of a frame: the blobs that stand out, or the boxes of a model where it has some for them.

A model's box counts where something moves, or where a target is followed: it then stands for one target, however many
share the blob, and keeps a target that stands still. What the model is less sure of continues a target that nothing
else shows, and begins none, after Y. Zhang et al., "ByteTrack" (2022). A blob without a box stays a blob: a camera must
not go blind because of a model. Only integers.
"""

from collections.abc import Sequence
from typing import NamedTuple

from detectors.segmentation import Blob

SAME_PERCENT = 50
"""Two boxes that share this much of what they cover together are one object, found in two parts of a frame."""
MOVING_PERCENT = 30
"""A box is of what moves if blobs cover this much of it, or it this much of a blob…"""
FOLLOWED_PERCENT = 40
"""… and of a target that is followed if they share this much of what they cover together."""
SHOWN_PERCENT = 30
"""A target that shares this much with a sure box is shown by it…"""
CONTINUED_PERCENT = 50
"""… and one that no sure box shows is continued by an unsure one that shares this much with it."""
EXPLAINED_PERCENT = 30
"""A blob is spoken for if boxes cover this much of it."""


class FoundBox(NamedTuple):
    """What a model found, x1 and y1 exclusive, in source pixels; `confidence` in millionths. Only what is `sure` may
    begin a target."""

    x0: int
    y0: int
    x1: int
    y1: int
    confidence: int
    sure: bool


def measurements(blobs: tuple[Blob, ...], boxes: Sequence[FoundBox], expected: Sequence[Blob]) -> tuple[Blob, ...]:
    """The boxes that count, the sure ones first, then the blobs that none of them speaks for.

    `expected` is where the targets that are followed should be.
    """
    if not boxes:
        return blobs
    kept = _without_doubles(boxes)
    found = [seen for box in kept if box.sure and (seen := _as_seen(box, blobs, expected)) is not None]
    found += _continued([box for box in kept if not box.sure], found, expected)
    return (*found, *(blob for blob in blobs if not _spoken_for(blob, found)))


def _without_doubles(boxes: Sequence[FoundBox]) -> list[FoundBox]:
    kept: list[FoundBox] = []
    for box in sorted(boxes, key=lambda b: (-b.confidence, b)):
        if not any(_alike(box, other, SAME_PERCENT) for other in kept):
            kept.append(box)
    return kept


def _as_seen(box: FoundBox, blobs: tuple[Blob, ...], expected: Sequence[Blob]) -> Blob | None:
    """The box as what is seen of a target, with the score of what moves in it; None where nothing does."""
    inside = [(shared, blob) for blob in blobs if (shared := overlap(box, blob))]
    moves = 100 * sum(shared for shared, _ in inside) >= MOVING_PERCENT * _area(box)
    moves = moves or any(100 * shared >= MOVING_PERCENT * _area(blob) for shared, blob in inside)
    followed = [one for one in expected if _alike(box, one, FOLLOWED_PERCENT)]
    if not moves and not followed:
        return None
    return _whole(box, max(blob.score for blob in [*(blob for _, blob in inside), *followed]))


def _continued(unsure: Sequence[FoundBox], found: Sequence[Blob], expected: Sequence[Blob]) -> list[Blob]:
    """The unsure boxes that show a target which nothing in `found` shows."""
    missed = [one for one in expected if not any(_alike(one, other, SHOWN_PERCENT) for other in found)]
    more: list[Blob] = []
    for box in unsure:
        near = [one for one in missed if _alike(box, one, CONTINUED_PERCENT)]
        if near:
            missed = [one for one in missed if one not in near]
            more.append(_whole(box, near[0].score))
    return more


def _whole(box: FoundBox, score: int) -> Blob:
    return Blob(box.x0, box.y0, box.x1, box.y1, _area(box), score, whole=True)


def _spoken_for(blob: Blob, found: Sequence[Blob]) -> bool:
    return 100 * sum(overlap(blob, one) for one in found) >= EXPLAINED_PERCENT * _area(blob)


def overlap(one: Blob | FoundBox, other: Blob | FoundBox) -> int:
    """The area, in pixels, that two boxes share."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width * height if width > 0 and height > 0 else 0


def _alike(one: Blob | FoundBox, other: Blob | FoundBox, percent: int) -> bool:
    shared = overlap(one, other)
    return shared > 0 and 100 * shared >= percent * (_area(one) + _area(other) - shared)


def _area(one: Blob | FoundBox) -> int:
    return (one.x1 - one.x0) * (one.y1 - one.y0)
