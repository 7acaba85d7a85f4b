"""Human, vehicle or animal, per track, on clips whose class is known."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from support.clips import frames_of
from support.sites import whole_frame
from tests.accuracy.crossings import FPS, true_boxes
from tests.accuracy.following import Followed, follow, in_pixels, overlap
from tests.accuracy.gate import Gate, at_least
from tests.accuracy.identity import Boxes
from tests.accuracy.masks import MOVING, highway
from tests.accuracy.thermal_clips import TARGETS, recorded

ANIMALS = tuple(c for c in TARGETS if c.startswith("caco_"))
LEAST_OVERLAP = 0.2
Belongs = Callable[[int, tuple[float, float, float, float]], bool | None]
"""Whether a box in a frame shows a true target; None where nobody knows."""


class Sorted(msgspec.Struct, frozen=True):
    """The tracks of a clip that follow true targets, by the class they got."""

    clip: str
    truth: str
    got: dict[str, int]

    @property
    def right(self) -> int:
        return self.got.get(self.truth, 0)

    @property
    def all(self) -> int:
        return sum(self.got.values())


def every_clip(data: Path) -> Iterator[Sorted]:
    """All clips whose class is known."""
    yield _sorted("pets09_s2l1", "human", _optical(data / "pets09_s2l1" / "vtest.avi", FPS), _boxed(true_boxes(data)))
    yield _sorted("tno_dune", "human", _thermal(data, "tno_dune"), _boxed(_listed(data / "tno_dune", -1)))
    for clip in ("fever_person", "fever_coffee"):
        yield _sorted(clip, "human", _thermal(data, clip), _boxed(_listed(data / clip)))
    one_by_one = data / "intel_one_by_one" / "one-by-one-person-detection.mp4"
    yield _sorted("intel_one_by_one", "human", _optical(one_by_one), lambda frame, box: True)
    road = data / "intel_car_road"
    yield _sorted("intel_car_road", "vehicle", _optical(road / "car-detection.mp4"), _boxed(_listed(road)))
    yield _sorted("cdnet_highway", "vehicle", _optical(data / "cdnet_highway" / "input"), _masked(data))
    for clip in ANIMALS:
        yield _sorted(clip, "animal", _thermal(data, clip), _boxed(_listed(data / clip)))


def _thermal(data: Path, clip: str) -> Followed:
    return follow(whole_frame(), recorded(data, clip))


def _optical(source: Path, fps: float | None = None) -> Followed:
    return follow(whole_frame(kind="optical"), frames_of(source, fps))


def _listed(folder: Path, shift: int = 0) -> Boxes:
    boxes: Boxes = {}
    with (folder / "gt_boxes.csv").open() as file:
        for row in csv.DictReader(file):
            box = (float(row["x"]), float(row["y"]), float(row["w"]), float(row["h"]))
            boxes.setdefault(int(row["frame"]) + shift, {})[int(row["id"])] = box
    return boxes


def _boxed(truth: Boxes) -> Belongs:
    def belongs(frame: int, box: tuple[float, float, float, float]) -> bool | None:
        return any(overlap(box, true) >= LEAST_OVERLAP for true in truth.get(frame, {}).values())

    return belongs


def _masked(data: Path) -> Belongs:
    """On the motorway: the box is filled with what the masks call moving to a third."""
    clip = highway(data)

    def belongs(frame: int, box: tuple[float, float, float, float]) -> bool | None:
        if frame not in clip.truth:
            return None
        x, y, w, h = (int(v) for v in box)
        inside = np.asarray(Image.open(clip.truth[frame]))[y : y + h + 1, x : x + w + 1]
        return 3 * int(np.count_nonzero(inside == MOVING)) >= inside.size

    return belongs


def _sorted(clip: str, truth: str, seen: Followed, belongs: Belongs) -> Sorted:
    """The tracks whose boxes mostly show a true target, where that is known."""
    votes: dict[int, list[bool]] = {}
    for frame, boxes in seen.boxes.items():
        for track, box in boxes.items():
            verdict = belongs(frame, in_pixels(box, seen.size))
            if verdict is not None:
                votes.setdefault(track, []).append(verdict)
    got: dict[str, int] = {}
    for track, known in votes.items():
        if 2 * sum(known) >= len(known):
            got[seen.classes[track]] = got.get(seen.classes[track], 0) + 1
    return Sorted(clip, truth, got)


def by_class(clips: list[Sorted]) -> dict[str, tuple[int, int]]:
    """(right, all) tracks by true class."""
    names = sorted({c.truth for c in clips})
    return {n: (sum(c.right for c in clips if c.truth == n), sum(c.all for c in clips if c.truth == n)) for n in names}


def gates(data: Path) -> Iterator[Gate]:
    clips = list(every_clip(data))
    totals = by_class(clips)
    shares = [right / max(1, total) for right, total in totals.values()]
    detail = ", ".join(f"{name} {right}/{total}" for name, (right, total) in totals.items())
    detail += "; " + "; ".join(f"{c.clip} {_shown(c.got)}" for c in clips if c.right < c.all or not c.all)
    yield at_least("classes, mean", sum(shares) / len(shares), 0.85, 0.92, detail)


def _shown(got: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(got.items())) or "no track"
