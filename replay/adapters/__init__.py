"""Public data sets, as they are unpacked, as recordings with truth: for those who have them.

`datasets/catalogue.toml` says where they come from and on what terms. Each layout has a module; a sequence names the
recording, which any reader of recordings opens, and what is known of it.
"""

from collections.abc import Callable
from pathlib import Path

from replay.adapters import cdnet, cptv_folder, mot, otcbvs, remote_scene
from replay.adapters.sequence import AdapterError, Sequence

LAYOUTS: dict[str, Callable[[Path], list[Sequence]]] = {
    "cdnet2014": cdnet.sequences,
    "mot": mot.sequences,
    "remote_scene_ir": remote_scene.sequences,
    "otcbvs": otcbvs.sequences,
    "cptv": cptv_folder.sequences,
}


def open_dataset(layout: str, folder: Path) -> list[Sequence]:
    """The sequences with truth below a folder, by name.

    Raises `AdapterError` where the layout is unknown, nothing is there in that layout, or its truth cannot be read.
    """
    if layout not in LAYOUTS:
        raise AdapterError(f"{layout}: no such layout; known are {', '.join(LAYOUTS)}")
    if not folder.is_dir():
        raise AdapterError(f"{folder}: no such folder")
    found = LAYOUTS[layout](folder)
    if not found:
        raise AdapterError(f"{folder}: nothing there is laid out as {layout}, see datasets/README.md")
    return sorted(found, key=lambda sequence: sequence.name)
