"""MOTChallenge: SEQUENCE/img1/NNNNNN.jpg, gt/gt.txt and seqinfo.ini.

gt.txt: frame (from 1), identity, left, top, width, height, and whether it counts (0: not). Releases from 2016 on have
nine columns, of which the eighth is the class, 1 for a person on foot: others are left out.
"""

import configparser
from pathlib import Path

from replay.adapters.sequence import AdapterError, Boxes, Sequence, frames_in, name_below, text_of

PEDESTRIAN = 1
WITH_CLASSES = 9
"""So many columns has a release with classes. That of 2015 has ten, the last three are coordinates on the ground."""


def sequences(folder: Path) -> list[Sequence]:
    """Every sequence with truth below a folder; those for testing have none."""
    return [_sequence(truth.parent.parent, folder) for truth in folder.rglob("gt/gt.txt")]


def read_boxes(path: Path, everything: bool = False) -> Boxes:
    """The boxes of a gt.txt by frame, from 0, and identity; with `everything` also those that do not count.

    Raises `AdapterError` with the line that is wrong.
    """
    boxes: Boxes = {}
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = [float(word) for word in line.split(",")]
            frame, id, x, y, width, height, counts = row[:7]
        except ValueError:
            raise AdapterError(f"{path}:{number}: must be at least 7 numbers with commas between them") from None
        if everything or (counts != 0 and (len(row) != WITH_CLASSES or row[7] == PEDESTRIAN)):
            boxes.setdefault(int(frame) - 1, {})[int(id)] = (x, y, width, height)
    return boxes


def _sequence(folder: Path, root: Path) -> Sequence:
    info = configparser.ConfigParser(interpolation=None)
    try:
        info.read_string(text_of(folder / "seqinfo.ini"))
        images, fps = info["Sequence"].get("imDir", "img1"), info["Sequence"].getfloat("frameRate")
    except (configparser.Error, KeyError, ValueError):
        raise AdapterError(f"{folder / 'seqinfo.ini'}: must have a [Sequence] with a frameRate") from None
    source = frames_in(folder, images) if Path(images).name == images else None
    if source is None:
        raise AdapterError(f"{folder}: has truth, but no folder {images!r} of frames and no video")
    boxes = read_boxes(folder / "gt" / "gt.txt")
    return Sequence(name_below(folder, root), "optical", source, fps, boxes=boxes, identified=True)
