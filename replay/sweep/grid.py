"""Grids of settings: `PATH=20..80:5` or `PATH=general,distant_view`, and all their combinations."""

import re
from itertools import product

import msgspec

Settings = tuple[tuple[str, str], ...]
"""(path, value) pairs as `kernel.site.reader.set_values` takes them."""
MOST_RUNS = 10_000
_RANGE = re.compile(r"(-?\d{1,9}(?:\.\d{1,6})?)\.\.(-?\d{1,9}(?:\.\d{1,6})?)(?::(\d{1,9}(?:\.\d{1,6})?))?", re.ASCII)
_SCALE = 1_000_000


class GridError(ValueError):
    """A grid that says nothing usable; the message says what is allowed."""


class Axis(msgspec.Struct, frozen=True):
    """One setting and the values it takes, as they are written in a site file."""

    path: str
    values: tuple[str, ...]


def parse_axis(text: str) -> Axis:
    """`rule.gate.sensitivity=20..80:5` (both ends included, step 1 if not said) or values with commas between them.

    Raises `GridError`.
    """
    path, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not path or not values:
        raise GridError(f"grid {text[:60]!r}: write PATH=20..80:5 or PATH=general,distant_view")
    found = _RANGE.fullmatch(values)
    named = _steps(text, found) if found else tuple(v.strip() for v in _split(values))
    if "" in named or len(set(named)) < len(named):
        raise GridError(f"grid {text[:60]!r}: a value is empty or said twice")
    return Axis(path, named)


def settings_of_grid(axes: list[Axis]) -> list[Settings]:
    """All combinations; the last axis varies fastest. Raises `GridError` where there are too many, or a path twice."""
    paths = [axis.path for axis in axes]
    for path in paths:
        if paths.count(path) > 1:
            raise GridError(f"grid {path}: is said twice; put its values into one")
    count = 1
    for axis in axes:
        count *= len(axis.values)
    if count > MOST_RUNS:
        raise GridError(f"the grid has {count} settings; at most {MOST_RUNS} can be swept at once")
    return [tuple(zip(paths, values, strict=True)) for values in product(*(axis.values for axis in axes))]


def _steps(text: str, found: re.Match[str]) -> tuple[str, ...]:
    low, high, step = (round(float(n) * _SCALE) for n in (found[1], found[2], found[3] or "1"))
    if step == 0 or high < low:
        raise GridError(f"grid {text[:60]!r}: write LOW..HIGH:STEP, LOW up to HIGH, with a STEP above 0")
    if (high - low) // step >= MOST_RUNS:
        raise GridError(f"grid {text[:60]!r}: has more than {MOST_RUNS} values")
    return tuple(_number(n) for n in range(low, high + 1, step))


def _number(scaled: int) -> str:
    if scaled % _SCALE == 0:
        return str(scaled // _SCALE)
    return f"{scaled / _SCALE:.6f}".rstrip("0")


def _split(values: str) -> list[str]:
    """At the commas that are not within brackets or braces, so that lists can be values too."""
    parts, depth = [""], 0
    for character in values:
        depth += (character in "[{") - (character in "]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
