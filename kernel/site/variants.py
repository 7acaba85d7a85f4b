"""Many variants of one site document, each with other settings, read without writing the document anew each time."""

from collections.abc import Sequence
from typing import cast

from kernel.site.document import parse_document
from kernel.site.model import Site
from kernel.site.parsing import read_document, read_site
from kernel.site.problems import SiteErrors
from kernel.site.set_values import keys_of, plain_value, set_values
from kernel.site.toml_positions import Keys


class Variants:
    """Reads variants of a document. Raises `SiteErrors` where the document itself is not allowed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._site = read_site(text)
        self._document = parse_document(text)
        self._plain: dict[str, bool] = {}

    def site(self, settings: Sequence[tuple[str, str]]) -> Site:
        """What `set_values` with these settings gives, read. Raises `SiteErrors` as it does."""
        if not settings:
            return self._site
        if all(self._can_be_put(path, value) for path, value in settings):
            document = self._document
            for path, value in settings:
                document = _with(document, keys_of(document, path), plain_value(value))
            try:
                return read_document(document, self._text)
            except SiteErrors:
                pass  # told below in the terms of the settings
        return read_site(set_values(self._text, settings))

    def _can_be_put(self, path: str, value: str) -> bool:
        """Whether the document has a place for this path; looked at once."""
        if path not in self._plain:
            try:
                set_values(self._text, [(path, value)])
                self._plain[path] = True
            except SiteErrors:
                self._plain[path] = False
        return self._plain[path]


def _with(document: dict[str, object], keys: Keys, value: object) -> dict[str, object]:
    """The document with the value at `keys`; only what lies on the way there is copied."""
    return cast(dict[str, object], _replaced(document, keys, value))


def _replaced(node: object, keys: Keys, value: object) -> object:
    if not keys:
        return value
    key = keys[0]
    if isinstance(node, list):
        items = list(cast(list[object], node))
        items[cast(int, key)] = _replaced(items[cast(int, key)], keys[1:], value)
        return items
    table = dict(cast(dict[str | int, object], node or {}))
    table[key] = _replaced(table.get(key), keys[1:], value)
    return table
