"""Where things stand in a TOML document: lines for messages, spans for edits that leave the rest alone.

The standard library's parser says nothing about positions. This scanner walks a document that parser has already
accepted, so it need not check anything; it only has to find the keys.
"""

import re
from bisect import bisect_right

import msgspec

Keys = tuple[str | int, ...]
"""The way to a value: keys of tables and, in arrays and arrays of tables, indices from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:\\.|[^"\\])*"|' r"'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]*[^,\]}#\r\n \t]")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


class Span(msgspec.Struct, frozen=True):
    """Offsets of a value in the text, `end` exclusive. `table` says that it is an inline table."""

    start: int
    end: int
    table: bool = False


class Positions:
    """The positions of every key of a valid document.

    Attributes
    ----------
    values : the spans of values that are written out (not of tables under headers).
    bodies : for each table with a header, and for the document's root, the offset behind its last own line.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._newlines = [m.start() for m in re.finditer("\n", text)]
        self._starts: dict[Keys, int] = {}
        self._array_lengths: dict[Keys, int] = {}
        self.values: dict[Keys, Span] = {}
        self.bodies: dict[Keys, int] = {(): 0}
        self._scan()

    def line(self, keys: Keys) -> int:
        """The line, from 1, of the key or array item; of what holds it where it has no place of its own."""
        while keys and keys not in self._starts:
            keys = keys[:-1]
        return self.line_at(self._starts.get(keys, 0))

    def line_at(self, offset: int) -> int:
        return bisect_right(self._newlines, offset - 1) + 1

    def length(self, keys: Keys) -> int | None:
        """How many tables an array of tables holds; None where there is no such array."""
        return self._array_lengths.get(keys)

    def has(self, keys: Keys) -> bool:
        return keys in self._starts

    def _scan(self) -> None:
        at = 0
        table: Keys = ()
        while (at := self._end(_BLANK, at)) < len(self._text):
            if self._text[at] == "[":
                at, table = self._header(at)
            else:
                at = self._assignment(at, table)
            self.bodies[table] = self._line_end(at)

    def _header(self, at: int) -> tuple[int, Keys]:
        """Read `[a.b]` or `[[a.b]]`: the offset behind it, and the table that it opens."""
        start = at
        is_array = self._text.startswith("[[", at)
        at, parts = self._key(at + 1 + is_array)
        keys: Keys = ()
        for i, part in enumerate(parts):
            keys = (*keys, part)
            self._starts.setdefault(keys, start)
            if is_array and i == len(parts) - 1:
                self._array_lengths[keys] = self._array_lengths.get(keys, 0) + 1
            if keys in self._array_lengths:
                keys = (*keys, self._array_lengths[keys] - 1)
        self._starts[keys] = start
        return at + 1 + is_array, keys

    def _assignment(self, at: int, table: Keys) -> int:
        """Read `key = value` below `table`: the offset behind it."""
        start = at
        at, parts = self._key(at)
        keys = table
        for part in parts:
            keys = (*keys, part)
            self._starts.setdefault(keys, start)
        return self._value(self._end(_SPACE, at + 1), keys)

    def _key(self, at: int) -> tuple[int, list[str]]:
        """Read a dotted key: the offset of what follows it (`=` or `]`), and its parts."""
        parts: list[str] = []
        while True:
            at = self._end(_SPACE, at)
            end = self._end(_STRING if self._text[at] in "\"'" else _BARE_KEY, at)
            parts.append(_plain(self._text[at:end]))
            at = self._end(_SPACE, end)
            if self._text[at] != ".":
                return at, parts
            at += 1

    def _value(self, at: int, keys: Keys) -> int:
        first = self._text[at]
        if first == "[":
            end = self._array(at, keys)
        elif first == "{":
            end = self._inline_table(at, keys)
        else:
            end = self._end(_STRING if first in "\"'" else _SCALAR, at)
        self.values[keys] = Span(at, end, first == "{")
        return end

    def _array(self, at: int, keys: Keys) -> int:
        at, index = self._end(_BLANK, at + 1), 0
        while self._text[at] != "]":
            self._starts[(*keys, index)] = at
            at = self._end(_BLANK, self._value(at, (*keys, index)))
            if self._text[at] == ",":
                at = self._end(_BLANK, at + 1)
            index += 1
        return at + 1

    def _inline_table(self, at: int, keys: Keys) -> int:
        at = self._end(_BLANK, at + 1)
        while self._text[at] != "}":
            at = self._end(_BLANK, self._assignment(at, keys))
            if self._text[at] == ",":
                at = self._end(_BLANK, at + 1)
        return at + 1

    def _line_end(self, at: int) -> int:
        """The offset behind the newline that ends the line of `at`; of the text where it has none."""
        newline = self._text.find("\n", at)
        return len(self._text) if newline < 0 else newline + 1

    def _end(self, pattern: re.Pattern[str], at: int) -> int:
        found = pattern.match(self._text, at)
        assert found is not None, "a document that the parser accepted"
        return found.end()


def _plain(key: str) -> str:
    """A part of a key without its quotes."""
    if key.startswith("'"):
        return key[1:-1]
    if key.startswith('"'):
        return _ESCAPE.sub(_unescape, key[1:-1])
    return key


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(found[3], found[3])
