"""A recommendation as a file that `emberline apply` puts into a site file."""

import json
import tomllib
from collections.abc import Sequence

from replay.sweep.grid import Settings

HEAD = "# Settings recommended by `emberline tune`; put them into a site file with `emberline apply PATCH SITE`.\n"
MAX_SETTINGS = 1000


class PatchError(ValueError):
    """No patch; the message says what is wrong with it."""


def write_patch(settings: Settings, reasons: Sequence[str]) -> str:
    """The patch, with the reasons as comments."""
    lines = [HEAD, *(f"# {' '.join(reason.split())}\n" for reason in reasons)]
    for path, value in settings:
        lines.append(f"\n[[set]]\npath = {json.dumps(path)}\nvalue = {json.dumps(value)}\n")
    return "".join(lines)


def read_patch(text: str) -> Settings:
    """The settings of a patch. Raises `PatchError`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PatchError(f"is not valid TOML: {error}") from None
    entries = document.get("set", [])
    if set(document) - {"set"} or not isinstance(entries, list) or len(entries) > MAX_SETTINGS:
        raise PatchError(
            f"holds something else than up to {MAX_SETTINGS} [[set]] tables; `emberline tune` writes patches"
        )
    settings: list[tuple[str, str]] = []
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or set(entry) != {"path", "value"}:
            raise PatchError(f"[[set]] number {number}: needs path and value, and nothing else")
        if not all(isinstance(v, str) for v in entry.values()):
            raise PatchError(f"[[set]] number {number}: path and value are both written in quotes")
        settings.append((entry["path"], entry["value"]))
    return tuple(settings)
