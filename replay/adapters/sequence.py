"""A recording of a public data set with what is known of it."""

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from kernel.site.model import ChannelKind, TargetName

PixelBox = tuple[float, float, float, float]
"""x, y, width, height in pixels."""
Boxes = dict[int, dict[int, PixelBox]]
"""By frame, counted from 0, by identity."""
_LAST_NUMBER = re.compile(r"(\d{1,18})(?!.*\d)")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
VIDEOS = (".mkv", ".mp4", ".avi")


class AdapterError(Exception):
    """A folder that is not laid out as was said, or truth that cannot be read: what and where."""


class Sequence(msgspec.Struct, frozen=True):
    """A recording, `source`, and its truth; frames are counted from 0.

    `masks` maps frames to pictures of what moves: 0 static, 50 shadow, 85 and 170 unknown, 255 moving. `boxes` are all
    targets in the frames that are named; with `identified` an identity is the same from frame to frame. `expected` are
    the classes of targets in it, empty for none, None where nobody knows.
    """

    name: str
    kind: ChannelKind
    source: Path
    fps: float | None = None
    masks: dict[int, Path] = {}
    boxes: Boxes = {}
    identified: bool = False
    expected: frozenset[TargetName] | None = None


def numbered(folder: Path) -> dict[int, Path]:
    """The pictures of a folder by the last number in their names. Raises `AdapterError` where two have the same."""
    found: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        match = _LAST_NUMBER.search(path.stem)
        if path.name.startswith(".") or path.suffix.lower() not in PICTURES or match is None:
            continue
        if int(match[1]) in found:
            raise AdapterError(f"{path}: has the same number as {found[int(match[1])].name}")
        found[int(match[1])] = path
    return found


def frames_by_number(source: Path, numbers: Iterable[int]) -> dict[int, int]:
    """Which frame, counted from 0, each of the numbers is: by its place in a folder of pictures; in a video the number
    itself. Raises `AdapterError` where the folder has no picture of a number."""
    if not source.is_dir():
        return {number: number for number in numbers}
    places = {number: place for place, number in enumerate(sorted(numbered(source)))}
    for number in numbers:
        if number not in places:
            raise AdapterError(f"{source}: has no picture with the number {number}, of which there is truth")
    return {number: places[number] for number in numbers}


def frames_in(folder: Path, *names: str) -> Path | None:
    """Where a sequence's frames are: the first of these folders that is there, or the one video in `folder`."""
    for name in names:
        if (folder / name).is_dir():
            return folder / name
    videos = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in VIDEOS]
    return videos[0] if len(videos) == 1 else None


def name_below(folder: Path, root: Path) -> str:
    """A sequence's name: its path below the data set's folder."""
    return folder.relative_to(root).as_posix() if folder != root else folder.resolve().name


def text_of(path: Path) -> str:
    """The text of a file of truth. Raises `AdapterError`."""
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise AdapterError(f"{path}: {error.strerror}") from None
