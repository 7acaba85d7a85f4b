"""Line crossings of people on pets09_s2l1, against those of the true boxes, on five lines fixed beforehand."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from replay.adapters.mot import read_boxes
from support.clips import frames_of
from tests.accuracy.following import Followed, follow, in_pixels
from tests.accuracy.gate import Gate, at_least
from tests.accuracy.identity import Boxes, idf1

FPS = 7.0
SIZE = (768, 576)
LINES = {
    "left": ((0.3, 0.0), (0.3, 1.0)),
    "middle": ((0.5, 0.0), (0.5, 1.0)),
    "right": ((0.7, 0.0), (0.7, 1.0)),
    "across": ((0.0, 0.5), (1.0, 0.5)),
    "diagonal": ((0.2, 0.9), (0.8, 0.2)),
}
MODEL = Path("_detectors") / "fastestdet_coco80_352.onnx"
CONFIDENCE = 0.65
"""As the recordings' index recommends for that model, fixed beforehand."""
CLEAR_PX = 10.0
"""A crossing counts in the truth once the foot point is this far beyond the line: swaying on it is none."""
TOLERANCE_FRAMES = 10
TOLERANCE_PX = 60.0


class Crossing(msgspec.Struct, frozen=True):
    """Somebody went over a line; x and y are where, in pixels."""

    line: str
    direction: str
    frame: int
    x: float
    y: float


def recogniser(model: str) -> str:
    """The table of a model of the COCO classes, everything but its confidence by default."""
    classes = '{ 0 = "human", 2 = "vehicle" }'
    return f'[channel.recogniser]\nmodel = "{model}"\nclasses = {classes}\nconfidence = {CONFIDENCE}\n'


def site(more: str = "") -> str:
    """An optical channel with the five lines, everything else by default, and `more` of its tables."""
    rules = "".join(
        f'[[rule]]\nid = "{name}"\nchannel = "optical"\ntype = "line_crossing"\nline = {[list(p) for p in line]}\n'
        for name, line in LINES.items()
    )
    return '[[channel]]\nid = "optical"\nkind = "optical"\nsource = "file:unused.avi"\n' + more + rules


def true_boxes(data: Path) -> Boxes:
    """The published boxes by frame (0-based) and identity."""
    return read_boxes(data / "pets09_s2l1" / "gt" / "gt.txt", everything=True)


def true_crossings(truth: Boxes) -> list[Crossing]:
    """Where the foot points of the true boxes go from clearly one side to clearly the other, between a line's ends."""
    found: list[Crossing] = []
    for name, line in LINES.items():
        sides: dict[int, float] = {}
        for frame in sorted(truth):
            for id, (x, y, w, h) in truth[frame].items():
                foot = (x + w / 2, y + h)
                distance, inside = _distance(line, foot)
                if abs(distance) < CLEAR_PX:
                    continue
                before = sides.get(id)
                sides[id] = distance
                if before is not None and (before < 0) != (distance < 0) and inside:
                    found.append(Crossing(name, "a_to_b" if before < 0 else "b_to_a", frame, *foot))
    return found


def _distance(line: tuple[tuple[float, float], tuple[float, float]], point: tuple[float, float]) -> tuple[float, bool]:
    """How far right of the line the point is (left, side A, is negative), and whether it is abreast of the segment."""
    (ax, ay), (bx, by) = ((x * SIZE[0], y * SIZE[1]) for x, y in line)
    dx, dy = bx - ax, by - ay
    length = (dx * dx + dy * dy) ** 0.5
    along = ((point[0] - ax) * dx + (point[1] - ay) * dy) / length
    return (dx * (point[1] - ay) - dy * (point[0] - ax)) / length, 0 <= along <= length


def found_crossings(seen: Followed) -> list[Crossing]:
    """Every hit: whoever comes back over a line crosses it twice, though a single alarm tells of it once."""
    found: list[Crossing] = []
    for frame, hit in seen.hits:
        x, y, w, h = in_pixels(hit.box, seen.size)
        found.append(Crossing(hit.rule, hit.detail, frame, x + w / 2, y + h))
    return found


def matches(truth: list[Crossing], found: list[Crossing]) -> int:
    """How many found crossings are true ones: same line and direction, near in time and place, each used once."""
    left = list(found)
    count = 0
    for crossing in sorted(truth, key=lambda c: c.frame):
        near = [c for c in left if _same(crossing, c)]
        if near:
            left.remove(min(near, key=lambda c: (abs(c.frame - crossing.frame), abs(c.x - crossing.x))))
            count += 1
    return count


def _same(a: Crossing, b: Crossing) -> bool:
    return (
        (a.line, a.direction) == (b.line, b.direction)
        and abs(a.frame - b.frame) <= TOLERANCE_FRAMES
        and abs(a.x - b.x) <= TOLERANCE_PX
        and abs(a.y - b.y) <= TOLERANCE_PX
    )


def seen_on_pets(data: Path) -> Followed:
    return follow(site(), frames_of(data / "pets09_s2l1" / "vtest.avi", FPS))


def found_boxes(seen: Followed) -> Boxes:
    return {f: {t: in_pixels(b, seen.size) for t, b in boxes.items()} for f, boxes in seen.boxes.items()}


def gates(data: Path) -> Iterator[Gate]:
    truth = true_boxes(data)
    seen = seen_on_pets(data)
    expected, found = true_crossings(truth), found_crossings(seen)
    hits = matches(expected, found)
    f1 = 2 * hits / (len(expected) + len(found)) if expected else 0.0
    yield at_least(
        "pets crossings F1", f1, 0.80, 0.90, f"{len(expected)} true, {len(found)} found, {hits} of them true; "
        + _by_line(expected, found),
    )  # fmt: skip
    yield from detector_gates(data, truth)
    value = idf1(truth, found_boxes(seen))
    yield Gate("pets IDF1 built in", f"{value:.3f}", "goal 0.65", None, f"{len(seen.classes)} tracks, 19 people")


def detector_gates(data: Path, truth: Boxes) -> Iterator[Gate]:
    """IDF1 where a site names an ONNX detector, with the one that lies beside the recordings."""
    model = data / MODEL
    if not model.exists():
        yield Gate("pets IDF1 with a detector", "not measured", "gate 0.75", None, f"{MODEL} is not there")
        return
    seen = follow(site(recogniser(model.name)), frames_of(data / "pets09_s2l1" / "vtest.avi", FPS), model.parent)
    told = f"{len(seen.classes)} tracks, 19 people"
    yield at_least("pets IDF1 with a detector", idf1(truth, found_boxes(seen)), 0.75, None, told)
    expected, found = true_crossings(truth), found_crossings(seen)
    f1 = 2 * matches(expected, found) / (len(expected) + len(found))
    yield at_least("pets crossings F1 with a detector", f1, 0.80, 0.90, _by_line(expected, found))


def _by_line(expected: list[Crossing], found: list[Crossing]) -> str:
    parts: list[str] = []
    for name in LINES:
        a, b = [c for c in expected if c.line == name], [c for c in found if c.line == name]
        parts.append(f"{name} {matches(a, b)}/{len(a)}+{len(b) - matches(a, b)}")
    return ", ".join(parts)
