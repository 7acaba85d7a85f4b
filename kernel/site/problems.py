"""What can be wrong with a site file, and how that is told."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import cast

import msgspec

SHOWN_CHARACTERS = 60
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class SiteError(msgspec.Struct, frozen=True):
    """One mistake. `line` counts from 1; None where the mistake is not in a file. `value` is ready to be shown."""

    path: str
    line: int | None
    value: str | None
    message: str
    hint: str = ""


class SiteWarning(msgspec.Struct, frozen=True):
    """Something allowed that may not do what was meant."""

    path: str
    line: int | None
    message: str


class SiteErrors(Exception):
    """A site file cannot be used; `errors` holds every mistake, in the order of the lines."""

    def __init__(self, errors: Sequence[SiteError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(format_error("site file", e) for e in self.errors))


def format_error(filename: str, error: SiteError) -> str:
    """`error: site.toml:14: rule.gate.sensitivity = 150: must be a whole number from 0 to 100`."""
    what = error.path if error.value is None else f"{error.path} = {error.value}"
    parts = [_where(filename, error.line), what, error.message]
    text = ": ".join(p for p in parts if p)
    return f"error: {text}; {error.hint}" if error.hint else f"error: {text}"


def format_warning(filename: str, warning: SiteWarning) -> str:
    """The same form as `format_error`, beginning with `warning:`."""
    parts = [_where(filename, warning.line), warning.path, warning.message]
    return "warning: " + ": ".join(p for p in parts if p)


def _where(filename: str, line: int | None) -> str:
    return filename if line is None else f"{filename}:{line}"


def did_you_mean(word: str, known: Iterable[str], list_known: bool = False) -> str:
    """A hint at what was meant instead of `word`; failing that, with `list_known`, what there is."""
    options = list(known)
    by_folded = {o.casefold(): o for o in reversed(options)}
    close = get_close_matches(word[:100].casefold(), by_folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {quote(by_folded[close[0]])}?"
    if not list_known:
        return ""
    if not options:
        return "there are none"
    return "there is " + ", ".join(quote(o) for o in options[:8]) + (", …" if len(options) > 8 else "")


def quote(text: str) -> str:
    """Text in single quotes, safe to print, shortened."""
    return f"'{shorten(escape(text))}'"


def escape(text: str) -> str:
    """Control characters and whatever else does not print, as `\\uXXXX`."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def shorten(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def path_part(key: str) -> str:
    """A key as it stands in a path: quoted unless it is a bare TOML key."""
    return key if _BARE_KEY.fullmatch(key) and len(key) <= SHOWN_CHARACTERS else quote(key)


def show(value: object) -> str:
    """A value much as TOML writes it, on one line, at most 60 characters."""
    return shorten(_toml(value))


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            # Beyond this many digits Python refuses to convert (and nobody reads them).
            return str(value) if abs(value) < 10**70 else hex(value)
        case Decimal():
            return str(value)
        case str():
            return '"' + escape(value[:100]).replace('"', '\\"') + '"'
        case list():
            return "[" + ", ".join(_toml(v) for v in cast(list[object], value)[:30]) + "]"
        case dict():
            items = list(cast(dict[str, object], value).items())[:30]
            return "{ " + ", ".join(f"{path_part(k)} = {_toml(v)}" for k, v in items) + " }" if items else "{}"
        case _:
            return str(value)
