"""Reading `[channel.perspective]`: how high a person is in the picture, near and far."""

from kernel.site.checks import decimal
from kernel.site.fields import Table, Value, as_table
from kernel.site.geometry import fraction
from kernel.site.model import Perspective

LEAST_HEIGHT = 1000
"""Millionths of the frame: a person is at least this high."""
Person = tuple[int, int]
"""Where the feet are and how high it is, in millionths of the frame."""


def read_perspective(table: Table | None) -> Perspective | None:
    """The perspective of a channel; None where there is none, or none that makes sense (which has been noted)."""
    if table is None:
        return None
    near, far = (table.need(name, _person) for name in ("near", "far"))
    table.close()
    if near is None or far is None:
        return None
    if near[0] <= far[0]:
        table.error_at("near", "must have its foot further down in the picture than far")
    elif near[1] < far[1]:
        table.error_at("near", "must not be less high than far")
    else:
        return Perspective(*near, *far)
    return None


def _person(value: Value) -> Person:
    """`{ foot = 0.9, height = 0.4 }`."""
    table = as_table(value)
    foot, height = table.need("foot", fraction), table.need("height", _height)
    table.close()
    if foot is None or height is None:
        raise value.refuse("must say where the feet are and how high the person is: { foot = 0.9, height = 0.4 }")
    return foot, height


def _height(value: Value) -> int:
    number = decimal(value)
    if number is None or not LEAST_HEIGHT <= number * 1_000_000 <= 1_000_000:
        raise value.refuse("must be a fraction of the frame, from 0.001 to 1")
    return fraction(value)
