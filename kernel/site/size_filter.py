"""Reading a rule's size filter."""

from typing import get_args

from kernel.site.fields import Table
from kernel.site.geometry import fraction, pair
from kernel.site.model import SizeLimits, TargetName

ANIMAL_KEYS = {
    "min": "for animals only the height counts: min_height",
    "max": "for animals only the height counts: max_height",
}
SIDES_KEYS = {"min_height": "write min = [width, height]", "max_height": "write max = [width, height]"}


def read_size_filter(table: Table) -> dict[TargetName, SizeLimits]:
    """The limits for each kind of target that has some."""
    limits: dict[TargetName, SizeLimits] = {}
    names: tuple[TargetName, ...] = get_args(TargetName)
    for target in names:
        one = table.table(target)
        if one is not None:
            limits[target] = _read_height(one) if target == "animal" else _read_sides(one)
    table.close()
    return limits


def _read_height(table: Table) -> SizeLimits:
    low = table.take("min_height", fraction, None)
    high = table.take("max_height", fraction, None)
    if low is not None and high is not None and low > high:
        table.error_at("max_height", "must not be less than min_height")
    table.close(ANIMAL_KEYS)
    return SizeLimits(min_height=low, max_height=high)


def _read_sides(table: Table) -> SizeLimits:
    low = table.take("min", pair, None)
    high = table.take("max", pair, None)
    if low is not None and high is not None and (low[0] > high[0] or low[1] > high[1]):
        table.error_at("max", "must not be less than min, neither in width nor in height")
    table.close(SIDES_KEYS)
    min_width, min_height = low or (None, None)
    max_width, max_height = high or (None, None)
    return SizeLimits(min_width, min_height, max_width, max_height)
