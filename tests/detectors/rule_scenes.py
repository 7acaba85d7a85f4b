"""Rules and targets in pixels, for the tests of the rules: a frame of 1000 x 500 source pixels."""

from collections.abc import Iterable
from typing import Any

from detectors.rules import RuleBook
from detectors.target import Target
from kernel.detector import RuleHit
from kernel.events import RuleType, TargetClass
from kernel.site.model import Rule
from kernel.state import encode_state

FRAME = (1000, 500)
SECOND = 1_000_000_000
FRAME_TIME = SECOND // 10
PIXEL = (1000, 2000)
"""A pixel's width and height in millionths of the frame."""

Pixels = tuple[float, float]


def millionths(point: Pixels) -> tuple[int, int]:
    return round(point[0] * PIXEL[0]), round(point[1] * PIXEL[1])


def rule(type: RuleType, shape: Iterable[Pixels], **settings: Any) -> Rule:
    """A rule that watches everything; `shape` is its line or region in pixels."""
    points = tuple(millionths(p) for p in shape)
    is_line = type == "line_crossing"
    values: dict[str, Any] = {
        "id": "rule",
        "channel": "thermal",
        "enabled": True,
        "type": type,
        "line": points if is_line else None,
        "region": None if is_line else points,
        "direction": "both",
        "sensitivity": 50,
        "targets": frozenset({"human", "vehicle"}),
        "anchor": "foot",
        "schedule": "always",
        "linkage": (),
        "duration_ns": 0,
        "size_filter": {},
        "scene_mode": "general",
        "background_interference_suppression": False,
        "single_alarm": True,
        "repeat_interval_ns": 5 * SECOND,
        "shield": (),
    }
    return Rule(**{**values, **settings})


def target(
    foot: Pixels,
    size: tuple[int, int] = (8, 20),
    track: int = 1,
    kind: TargetClass = "human",
    seen: bool = True,
    first_seen_ns: int = 0,
) -> Target:
    """A target of `size` pixels whose foot is exactly at `foot`."""
    x, y = millionths(foot)
    width, height = size[0] * PIXEL[0], size[1] * PIXEL[1]
    return Target(track, kind, (x - width // 2, y - height, width, height), seen, first_seen_ns, 0, 100)


class Scene:
    """One rule that sees one target after the other, a frame each tenth of a second."""

    def __init__(self, *rules: Rule, armed_ns: int | None = 0) -> None:
        self.book = RuleBook(rules, FRAME)
        self.rules = rules
        self.armed_ns = armed_ns
        self.frame = 0

    def remembered(self) -> bytes:
        """The state of its rules, encoded."""
        return encode_state(self.book.state())

    def show(self, *targets: Target) -> list[RuleHit]:
        """The hits of the next frame, in which each rule sees these targets."""
        armed = {} if self.armed_ns is None else {r.id: self.armed_ns for r in self.rules}
        hits = self.book.judge({r.id: targets for r in self.rules}, self.frame * FRAME_TIME, armed)
        self.frame += 1
        return list(hits)

    def walk(self, *feet: Pixels, **target_settings: Any) -> list[str]:
        """Track 1 goes from foot point to foot point, a frame each: each hit's detail, or its type without one."""
        hits = [hit for foot in feet for hit in self.show(target(foot, **target_settings))]
        return [hit.detail or hit.type for hit in hits]


def walk(watched: Rule, *feet: Pixels, **target_settings: Any) -> list[str]:
    """The hits of a single walk from foot point to foot point."""
    return Scene(watched).walk(*feet, **target_settings)
