"""CDnet 2014: CATEGORY/SEQUENCE/input/inNNNNNN.jpg, groundtruth/gtNNNNNN.png and temporalROI.txt.

Only masks between the two frames that temporalROI.txt names, counted from 1, are truth; before them is for training.
"""

from pathlib import Path

from replay.adapters.sequence import AdapterError, Sequence, frames_by_number, name_below, numbered, text_of

THERMAL = "thermal"
"""The category whose sequences are thermal."""


def sequences(folder: Path) -> list[Sequence]:
    """Every sequence below a folder: the whole data set, a category, or one sequence."""
    return [
        _sequence(truth.parent, folder) for truth in folder.rglob("groundtruth") if (truth.parent / "input").is_dir()
    ]


def _sequence(folder: Path, root: Path) -> Sequence:
    first, last = _counted(folder / "temporalROI.txt")
    masks = {n: path for n, path in numbered(folder / "groundtruth").items() if first <= n <= last}
    frames = frames_by_number(folder / "input", masks)
    return Sequence(
        name=name_below(folder, root),
        kind="thermal" if THERMAL in folder.resolve().parts[-2:] else "optical",
        source=folder / "input",
        masks={frames[n]: path for n, path in masks.items()},
    )


def _counted(path: Path) -> tuple[int, int]:
    words = text_of(path).split()
    if len(words) != 2 or not all(word.isdigit() for word in words):
        raise AdapterError(f"{path}: must hold two frame numbers")
    return int(words[0]), int(words[1])
