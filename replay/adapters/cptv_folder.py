"""Folders of .cptv files of field cameras, such as the Cacophony Project publishes.

What is in a recording is said by a JSON file of the same name (.txt or .json) with `Tracks`, each with tags that say
`what`; or else by the name of a folder above it: `noise`, `empty` or `false-positive` for nothing, or a class, such as
`animals`. Where neither says anything, nobody knows.
"""

import json
from pathlib import Path
from typing import Any

from kernel.site.model import TargetName
from replay.adapters.sequence import AdapterError, Sequence, name_below, text_of

NOTHING = frozenset({"noise", "empty", "none", "nothing", "false-positive", "insect", "unidentified"})
"""What a tag or a folder calls a recording, or a part of one, without a target."""
FOLDERS: dict[str, TargetName] = {
    "animal": "animal", "animals": "animal", "human": "human", "people": "human", "vehicle": "vehicle",
}  # fmt: skip
TAGS: dict[str, TargetName] = {"human": "human", "person": "human", "vehicle": "vehicle"}
"""Any other tag is the name of a species."""


def sequences(folder: Path) -> list[Sequence]:
    """Every recording below a folder."""
    found = sorted(path for path in folder.rglob("*.cptv") if not path.name.startswith("."))
    return [Sequence(name_below(path, folder), "thermal", path, expected=_expected(path, folder)) for path in found]


def _expected(path: Path, root: Path) -> frozenset[TargetName] | None:
    for suffix in (".json", ".txt"):
        beside = path.with_suffix(suffix)
        if beside.is_file():
            return _tagged(beside)
    for name in (part.lower() for part in path.resolve().relative_to(root.resolve().parent).parts[-2::-1]):
        if name in NOTHING:
            return frozenset()
        if name in FOLDERS:
            return frozenset({FOLDERS[name]})
    return None


def _tagged(path: Path) -> frozenset[TargetName]:
    try:
        content = json.loads(text_of(path))
        tracks: list[Any] = content["Tracks"] if "Tracks" in content else content["tracks"]
        tags = [str(tag["what"]).lower() for track in tracks for tag in track.get("tags", track.get("TrackTags", []))]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise AdapterError(f"{path}: must be JSON with 'Tracks', each with 'tags' that say 'what'") from None
    return frozenset(TAGS.get(tag, "animal") for tag in tags if tag not in NOTHING)
