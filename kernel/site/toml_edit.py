"""Changing single values of a TOML document and nothing else: comments, order and layout stay as they are."""

import re

from kernel.site.default_site import toml_string
from kernel.site.toml_positions import Keys, Positions, Span

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def with_value(text: str, keys: Keys, value: str) -> str | None:
    """The document with `value` (as TOML) at `keys`, replaced or added; None where that is no place for a value."""
    positions = Positions(text)
    span = positions.values.get(keys)
    if span is not None:
        return text[: span.start] + value + text[span.end :]
    if keys in positions.bodies or positions.length(keys) is not None:
        return None
    for depth in range(len(keys) - 1, -1, -1):
        holder, rest = keys[:depth], keys[depth:]
        line = f"{_dotted(rest)} = {value}"
        if holder in positions.bodies:
            return _with_line(text, positions.bodies[holder], line)
        if holder in positions.values:
            span = positions.values[holder]
            return _with_inline(text, span, line) if span.table else None
    return None


def _dotted(keys: Keys) -> str:
    parts = (str(k) for k in keys)
    return ".".join(p if _BARE_KEY.fullmatch(p) else toml_string(p) for p in parts)


def _with_line(text: str, at: int, line: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    before = "" if at == 0 or text[at - 1] == "\n" else newline
    return text[:at] + before + line + newline + text[at:]


def _with_inline(text: str, span: Span, assignment: str) -> str:
    inner = text[span.start + 1 : span.end - 1].strip()
    joined = f"{inner}, {assignment}" if inner else assignment
    return f"{text[: span.start]}{{ {joined} }}{text[span.end :]}"
