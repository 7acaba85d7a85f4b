"""OTCBVS, data set 01 (OSU thermal pedestrians): NNNNN/img_NNNNN.bmp and groundTruth.txt.

A line of groundTruth.txt is a picture's name, the number of people, and a box in parentheses for each: left, top,
width, height. Lines that begin with % are remarks. The pictures are not evenly spaced in time, and people have no
identity. The other data sets of the collection have no truth of this kind and are not read.
"""

import re
from pathlib import Path

from replay.adapters.sequence import AdapterError, PixelBox, Sequence, frames_by_number, name_below, numbered, text_of

TRUTH = "groundTruth.txt"
_BOX = re.compile(r"\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)[\s,]+(\d+)\s*\)")
_HEAD = re.compile(r"\s*(\S*?(\d+)\.\w+)\s+(\d+)\b")


def sequences(folder: Path) -> list[Sequence]:
    """Every collection with truth below a folder."""
    return [_sequence(truth.parent, folder) for truth in folder.rglob(TRUTH)]


def _sequence(folder: Path, root: Path) -> Sequence:
    people = _people(folder / TRUTH)
    frames = frames_by_number(folder, people)
    boxes = {frames[n]: dict(enumerate(found, 1)) for n, found in people.items()}
    if not numbered(folder):
        raise AdapterError(f"{folder}: has truth, but no pictures")
    return Sequence(name_below(folder, root), "thermal", folder, boxes=boxes)


def _people(path: Path) -> dict[int, list[PixelBox]]:
    """The boxes by the number of the picture."""
    people: dict[int, list[PixelBox]] = {}
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("%"):
            continue
        head = _HEAD.match(line)
        found = [(float(x), float(y), float(w), float(h)) for x, y, w, h in _BOX.findall(line)]
        if head is None or int(head[3]) != len(found):
            raise AdapterError(
                f"{path}:{number}: must be a picture, how many people, and so many (left top width height)"
            )
        people[int(head[2])] = found
    return people
