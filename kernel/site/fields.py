"""Reading a parsed TOML document key by key, so that every mistake is noted with its path, line and value."""

from collections.abc import Iterable
from typing import Protocol, TypeVar, cast

import msgspec

from kernel.site.problems import SiteError, SiteErrors, SiteWarning, did_you_mean, path_part, quote, show
from kernel.site.toml_positions import Keys, Positions

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")


class Refused(Exception):
    """A value is not allowed; the mistake has been noted."""


class Place(msgspec.Struct, frozen=True):
    """Where a value stands: by keys and indices in the document, and as the path that users see."""

    keys: Keys = ()
    path: str = ""

    def key(self, name: str) -> "Place":
        return Place((*self.keys, name), f"{self.path}.{path_part(name)}" if self.path else path_part(name))

    def item(self, index: int, id: str | None = None) -> "Place":
        """The item of an array: by its id where it has one."""
        return Place((*self.keys, index), f"{self.path}[{index}]" if id is None else f"{self.path}.{id}")


class Notes:
    """Every mistake and warning found so far."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._positions: Positions | None = None
        self._errors: list[SiteError] = []
        self._warnings: list[SiteWarning] = []

    def line(self, place: Place) -> int:
        # Scanned only once something has to be told: most documents are read without a word.
        if self._positions is None:
            self._positions = Positions(self._text)
        return self._positions.line(place.keys)

    def error(self, place: Place, message: str, value: str | None = None, hint: str = "") -> Refused:
        self._errors.append(SiteError(place.path, self.line(place), value, message, hint))
        return Refused(message)

    def warn(self, place: Place, message: str) -> None:
        self._warnings.append(SiteWarning(place.path, self.line(place), message))

    def raise_errors(self) -> None:
        """Raise `SiteErrors` with all mistakes in the order of their lines, if there are any."""
        if self._errors:
            raise SiteErrors(sorted(self._errors, key=lambda e: e.line or 0))

    def warnings(self) -> tuple[SiteWarning, ...]:
        return tuple(sorted(self._warnings, key=lambda w: w.line or 0))


class Value:
    """A value of the document with its place."""

    def __init__(self, raw: object, place: Place, notes: Notes) -> None:
        self.raw = raw
        self.place = place
        self.notes = notes

    def refuse(self, message: str, hint: str = "") -> Refused:
        """Note that the value is not allowed; to be raised."""
        return self.notes.error(self.place, message, show(self.raw), hint)

    def items(self) -> "list[Value] | None":
        """The items, where it is an array."""
        raw = self.raw
        if not isinstance(raw, list):
            return None
        items = cast(list[object], raw)
        return [Value(item, self.place.item(i), self.notes) for i, item in enumerate(items)]


class Check(Protocol[T_co]):
    """Gives what a value means; raises `Refused` once it has noted what is wrong with it."""

    def __call__(self, value: Value, /) -> T_co: ...


class Table:
    """A table of the document. What nobody asked for by the time of `close` is an unknown key."""

    def __init__(self, raw: dict[str, object], place: Place, notes: Notes) -> None:
        self._raw = raw
        self.place = place
        self.notes = notes
        self._known: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._raw

    def names(self) -> list[str]:
        """The keys that are there, in the order of the document."""
        return list(self._raw)

    def under(self, place: Place) -> "Table":
        """The same table by another place."""
        return Table(self._raw, place, self.notes)

    def value(self, name: str) -> Value:
        return Value(self._raw[name], self.place.key(name), self.notes)

    def take(self, name: str, check: Check[T], default: D) -> T | D:
        """What the key means; `default` where it is missing, or not allowed (which has then been noted)."""
        self._known.append(name)
        if name not in self._raw:
            return default
        try:
            return check(self.value(name))
        except Refused:
            return default

    def need(self, name: str, check: Check[T]) -> T | None:
        """As `take`, but it is a mistake if the key is missing."""
        if name not in self._raw:
            self.error(f"{quote(name)} is missing")
        return self.take(name, check, None)

    def table(self, name: str) -> "Table | None":
        """The table under the key; None where there is none."""
        return self.take(name, as_table, None)

    def tables(self, name: str) -> "list[Table]":
        """The array of tables under the key, each with its `id` in its path."""
        none: list[Table] = []
        return self.take(name, _as_tables, none)

    def error(self, message: str, hint: str = "") -> None:
        """Note a mistake of the table as a whole."""
        self.notes.error(self.place, message, None, hint)

    def error_at(self, name: str, message: str, hint: str = "") -> None:
        """Note a mistake of a key that is there."""
        self.value(name).refuse(message, hint)

    def warn(self, message: str, name: str | None = None) -> None:
        """Warn at a key that is there, or else at the table."""
        self.notes.warn(self.place.key(name) if name is not None and name in self else self.place, message)

    def close(self, advice: dict[str, str] | None = None) -> None:
        """Note every key that nobody asked for; `advice` maps some of them to what to say instead."""
        for name in self._raw:
            if name not in self._known:
                self._unknown(name, (advice or {}).get(name))

    def _unknown(self, name: str, advice: str | None) -> None:
        message = f"unknown key {quote(name)}"
        hint = advice if advice is not None else did_you_mean(name, self._known)
        self.notes.error(self.place.key(name), message, None, hint)


def as_table(value: Value) -> Table:
    raw = value.raw
    if not isinstance(raw, dict):
        raise value.refuse("must be a table")
    return Table(cast(dict[str, object], raw), value.place, value.notes)


def _as_tables(value: Value) -> list[Table]:
    items = value.items()
    name = value.place.keys[-1]
    if items is None:
        raise value.refuse(f"must be an array of tables: write [[{name}]], not [{name}]")
    return [_with_id(as_table(item)) for item in items]


def _with_id(table: Table) -> Table:
    """The table with its id in its path, where that makes a readable path."""
    if "id" in table:
        raw = table.value("id").raw
        if isinstance(raw, str) and is_id(raw):
            *front, index = table.place.keys
            path = table.place.path.removesuffix(f"[{index}]")
            return table.under(Place((*front, index), f"{path}.{raw}"))
    return table


def is_id(text: str) -> bool:
    """1–32 letters, digits, `_` and `-`, of ASCII."""
    return 0 < len(text) <= 32 and text.isascii() and all(c.isalnum() or c in "_-" for c in text)


def ids_of(tables: Iterable[Table]) -> list[str]:
    """The ids that the tables state, readable or not."""
    ids = [t.value("id").raw for t in tables if "id" in t]
    return [i for i in ids if isinstance(i, str)]
