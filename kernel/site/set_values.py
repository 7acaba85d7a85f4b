"""PATH=VALUE settings applied to a site file, as `--set` and a what-if do."""

import copy
import re
import tomllib
from collections.abc import Sequence
from typing import cast

import msgspec

from kernel.site.default_site import toml_string
from kernel.site.document import parse_document
from kernel.site.parsing import parse_site
from kernel.site.problems import SiteError, SiteErrors, did_you_mean, escape, quote, shorten
from kernel.site.toml_edit import with_value
from kernel.site.toml_positions import Keys, Positions

ARRAYS = ("channel", "rule", "alarm_input")
_PART = re.compile(r"([A-Za-z0-9_-]+)((?:\[\d{1,4}\])*)", re.ASCII)


def set_values(text: str, settings: Sequence[tuple[str, str]]) -> str:
    """The document with each (path, value) set; the rest of it, comments included, stays as it is.

    A path is as in messages, `rule.gate.sensitivity`. A value is TOML; what is no TOML counts as a string, so that
    `distant_view` needs no quotes.

    Raises `SiteErrors` where the document itself, a path or a value is not allowed.
    """
    parse_site(text)
    for path, value in settings:
        text = _set(text, path, value)
    try:
        parse_site(text)
    except SiteErrors as problems:
        # The lines are those of a document that nobody has seen.
        raise SiteErrors([msgspec.structs.replace(e, line=None) for e in problems.errors]) from None
    return text


def _set(text: str, path: str, value: str) -> str:
    document = parse_document(text)
    keys = keys_of(document, path)
    written = _written(value)
    changed = with_value(text, keys, written)
    if changed is None:
        raise _error(path, "is a table", "set one of its keys")
    expected = copy.deepcopy(document)
    _put(cast(dict[str | int, object], expected), keys, plain_value(value))
    try:
        if parse_document(changed) == expected:
            return changed
    except SiteErrors:
        pass
    raise _error(path, "cannot be set in this document", "edit the file by hand")


def keys_of(document: dict[str, object], path: str) -> Keys:
    """The way through the document that a path names; its end need not be there yet."""
    keys: Keys = ()
    node: object = document
    name = ""
    for part in path.split("."):
        found = _PART.fullmatch(part)
        if found is None:
            raise _error(path, "is no path", "write it as in rule.gate.sensitivity")
        of, name = name, found[1]
        step = _step(node, of, name, path)
        keys, node = (*keys, step), _below(node, step, [] if not keys and name in ARRAYS else None)
        for index in (int(i) for i in re.findall(r"\d+", found[2])):
            keys, node = (*keys, index), _below(node, index, None)
            if node is None:
                raise _error(path, f"there is no {quote(f'{name}[{index}]')}")
    return keys


def _step(node: object, of: str, name: str, path: str) -> str | int:
    """The key or index by which the path's part `name` is found below `node`, which is what `of` names."""
    if isinstance(node, list):
        return _index_of(cast(list[object], node), of, name, path)
    if node is not None and not isinstance(node, dict):
        raise _error(path, f"{quote(of)} is a value, with nothing below it")
    return name


def _below(node: object, step: str | int, otherwise: object) -> object:
    """What a table or array holds there; `otherwise` where it holds nothing."""
    if isinstance(node, dict):
        return cast(dict[object, object], node).get(step, otherwise)
    if isinstance(node, list) and isinstance(step, int):
        items = cast(list[object], node)
        return items[step] if step < len(items) else otherwise
    return otherwise


def _index_of(array: list[object], what: str, id: str, path: str) -> int:
    """Where in an array of tables the one with this id is."""
    ids = [str(_below(item, "id", "")) for item in array]
    if id not in ids:
        raise _error(path, f"there is no {what} {quote(id)}", did_you_mean(id, [i for i in ids if i], list_known=True))
    return ids.index(id)


def _put(document: dict[str | int, object], keys: Keys, value: object) -> None:
    node = document
    for key in keys[:-1]:
        # Arrays on the way are there already, as `keys_of` found; tables need not be.
        below = node[key] if isinstance(node, list) else node.setdefault(key, {})
        node = cast(dict[str | int, object], below)
    node[keys[-1]] = value


def plain_value(value: str) -> object:
    """What a value means once it is in a document."""
    return parse_document(f"v = {_written(value)}")["v"]


def _written(value: str) -> str:
    """The value as TOML: as it is if it is TOML on one line, or else as a string."""
    line = f"v = {value}"
    try:
        if "\n" not in value and list(tomllib.loads(line)) == ["v"]:
            span = Positions(line).values[("v",)]
            return line[span.start : span.end]
    except (ValueError, ArithmeticError, RecursionError):
        pass
    return toml_string(value)


def _error(path: str, message: str, hint: str = "") -> SiteErrors:
    return SiteErrors([SiteError(shorten(escape(path)), None, None, message, hint)])
