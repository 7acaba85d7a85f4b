"""What a value may be: each function gives a check that turns a TOML value into what the model holds."""

import math
from collections.abc import Container, Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Generic, TypeVar, cast

from kernel.site.fields import Check, Refused, Value, is_id
from kernel.site.problems import did_you_mean

T = TypeVar("T")
S = TypeVar("S", bound=str)
NAME_CHARACTERS = 64
TEXT_CHARACTERS = 1024
MAX_ITEMS = 256
_NANO = Decimal("1e-9")


def flag(value: Value) -> bool:
    """`true` or `false`."""
    if not isinstance(value.raw, bool):
        raise value.refuse("must be true or false")
    return value.raw


def whole(low: int, high: int) -> Check[int]:
    """A whole number within inclusive limits."""

    def check(value: Value) -> int:
        if type(value.raw) is not int or not low <= value.raw <= high:
            raise value.refuse(f"must be a whole number from {low} to {high}")
        return value.raw

    return check


def decimal(value: Value) -> Decimal | None:
    """The exact number that is written; None where it is no finite number."""
    if isinstance(value.raw, Decimal) and value.raw.is_finite():
        return value.raw
    return Decimal(value.raw) if type(value.raw) is int else None


def seconds(low: int | str, high: int) -> Check[int]:
    """A duration in seconds, as nanoseconds rounded half-even. `low` may be a fraction such as "0.1"."""
    lowest = Decimal(low)

    def check(value: Value) -> int:
        number = decimal(value)
        if number is None or not lowest <= number <= high:
            raise value.refuse(f"must be a number of seconds from {low} to {high}")
        return int(number.quantize(_NANO, ROUND_HALF_EVEN).scaleb(9))

    return check


def rate(value: Value) -> float:
    """Frames a second."""
    number = decimal(value)
    if number is None or not 0 < number <= 1000 or math.isclose(float(number), 0.0, abs_tol=1e-6):
        raise value.refuse("must be a number above 0, up to 1000")
    return float(number)


class Choice(Generic[S]):
    """One of some words: `Choice[Mode](*get_args(Mode))`."""

    def __init__(self, *options: S) -> None:
        self._options = options
        self._allowed = " or ".join(options) if len(options) < 3 else "one of " + ", ".join(options)

    def __call__(self, value: Value) -> S:
        for option in self._options:
            if value.raw == option:
                return option
        hint = did_you_mean(value.raw, self._options) if isinstance(value.raw, str) else ""
        raise value.refuse(f"must be {self._allowed}", hint)


def one_number_of(*options: int) -> Check[int]:
    """One of these whole numbers."""

    def check(value: Value) -> int:
        if type(value.raw) is not int or value.raw not in options:
            raise value.refuse(f"must be one of {', '.join(str(o) for o in options)}")
        return value.raw

    return check


def text(high: int = TEXT_CHARACTERS, low: int = 1) -> Check[str]:
    """Text of `low` to `high` characters without control characters."""

    def check(value: Value) -> str:
        if not isinstance(value.raw, str) or not low <= len(value.raw) <= high:
            raise value.refuse(f"must be text of {low} to {high} characters")
        if not value.raw.isprintable():
            raise value.refuse("must not contain control characters")
        return value.raw

    return check


name: Check[str] = text(NAME_CHARACTERS)
"""Free text of up to 64 characters."""


def identifier(value: Value) -> str:
    """What names a channel, rule, schedule or linkage."""
    if not isinstance(value.raw, str) or not is_id(value.raw):
        raise value.refuse("must be 1 to 32 letters, digits, '_' or '-'")
    return value.raw


def reference(what: str, known: Container[str]) -> Check[str]:
    """The id of something that the site file has; `what` is its kind in a word."""

    def check(value: Value) -> str:
        if not isinstance(value.raw, str):
            raise value.refuse(f"must be the id of a {what}")
        if value.raw not in known:
            ids = cast(Iterable[str], known)
            raise value.refuse(f"there is no such {what}", did_you_mean(value.raw, ids, list_known=True))
        return value.raw

    return check


def list_of(check: Check[T], low: int = 0, high: int = MAX_ITEMS, distinct: bool = True) -> Check[tuple[T, ...]]:
    """An array, each item held against `check`; every item's mistake is noted."""

    def check_list(value: Value) -> tuple[T, ...]:
        items = value.items()
        if items is None:
            raise value.refuse("must be an array, in [ ]")
        if len(items) > high:
            raise value.refuse(f"must hold at most {high}, not {len(items)}")
        if len(items) < low:
            raise value.refuse("must not be empty" if low == 1 else f"must hold at least {low}")
        read = [_or_refused(check, item) for item in items]
        good = [r for r in read if not isinstance(r, Refused)]
        if len(good) < len(items):
            raise Refused("noted item by item")
        if distinct:
            for i, item in enumerate(items):
                if good[i] in good[:i]:
                    raise item.refuse("is there twice")
        return tuple(good)

    return check_list


def _or_refused(check: Check[T], value: Value) -> T | Refused:
    try:
        return check(value)
    except Refused as refused:
        return refused
