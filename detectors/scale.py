"""How large a person is where a target stands: the perspective of a channel at work.

On level ground, seen by a camera that looks along it, the height of a person in the picture grows linearly with how
far down the feet are, and is nothing at the horizon. Two persons, one near and one far, say it all.
"""

from kernel.events import Box
from kernel.site.model import Perspective, SizeLimits

SMALLEST_PART = 4
"""Towards the horizon a person is taken for no smaller than this part of the far one."""


def person_height(perspective: Perspective, foot: int) -> int:
    """The height of a person whose feet are at `foot`, all in millionths of the frame; at least 1."""
    rise, run = perspective.near_height - perspective.far_height, perspective.near_foot - perspective.far_foot
    height = perspective.far_height + rise * (foot - perspective.far_foot) // run
    return max(height, perspective.far_height // SMALLEST_PART, 1)


def limits_at(perspective: Perspective | None, limits: SizeLimits, box: Box) -> SizeLimits:
    """The limits, said of targets that stand where the near person does, for a target that stands elsewhere."""
    if perspective is None:
        return limits
    height = person_height(perspective, box[1] + box[3])

    def there(limit: int | None) -> int | None:
        return None if limit is None else limit * height // perspective.near_height

    return SizeLimits(
        there(limits.min_width), there(limits.min_height), there(limits.max_width), there(limits.max_height)
    )
