"""What besides the grid would keep false alarms out, read off the alarms: classes, durations, size limits, shields.

Each is a guess from where the true and the false alarms lie apart; the caller tries it before believing it.
"""

import json
from collections.abc import Iterable, Sequence
from math import ceil, floor, sqrt
from typing import get_args

import msgspec

from detectors.scale import person_height
from kernel.events import Box
from kernel.site.model import Rule, Site, TargetName
from replay.scoring import Verdict

MILLION = 1_000_000
SECOND_NS = 1_000_000_000
MARGIN = 0.02
"""Of the frame; how far a shield reaches beyond the false alarms it is for."""
FEWEST_AT_A_PLACE = 2
LARGEST_SHIELD = 0.25
"""Of the frame: what would cover more is no place but a part of the scene."""
MOST_SHIELDS = 4


class Suggestion(msgspec.Struct, frozen=True):
    """A setting, its value as in a site file, and why."""

    path: str
    value: str
    why: str


def suggestions(site: Site, verdicts: Sequence[Verdict]) -> list[Suggestion]:
    """What might help, by rule; nothing where no alarm of the rule is false."""
    found: list[Suggestion] = []
    for rule in site.rules:
        true = [v for v in verdicts if v.alarm.rule == rule.id and v.kind in ("true", "duplicate")]
        false = [v for v in verdicts if v.alarm.rule == rule.id and v.kind == "false"]
        if false:
            found += _classes(rule, true, false)
            found += _duration(rule, true, false)
            found += _heights(rule, true, false)
            found += _shields(rule, true, false)
    return found


def _classes(rule: Rule, true: Sequence[Verdict], false: Sequence[Verdict]) -> list[Suggestion]:
    """Without the classes that only false alarms had, where true alarms had others."""
    wrong = {v.alarm.target for v in false} - {v.alarm.target for v in true}
    left = [name for name in get_args(TargetName) if name in rule.targets and name not in wrong]
    if not true or not left or len(left) == len(rule.targets):
        return []
    words = " or ".join(sorted(wrong & rule.targets))
    why = f"false alarms alone were of class {words}; what this class stands for raises no alarm any more"
    return [Suggestion(f"rule.{rule.id}.targets", json.dumps(left), why)]


def _duration(rule: Rule, true: Sequence[Verdict], false: Sequence[Verdict]) -> list[Suggestion]:
    """Longer than every false target stayed, well within what every true one did."""
    if rule.type != "intrusion" or not true:
        return []
    stays = [[_stay_ns(v, rule) for v in group] for group in (true, false)]
    longest, shortest = max(stays[1]), min(stays[0])
    value = ceil(2 * (longest / SECOND_NS + 0.25)) / 2
    if not rule.duration_ns / SECOND_NS < value <= 0.8 * shortest / SECOND_NS:
        return []
    why = f"false targets stay up to {longest / SECOND_NS:.1f} s, true ones {shortest / SECOND_NS:.1f} s and longer"
    return [Suggestion(f"rule.{rule.id}.duration", f"{value:g}", why)]


def _stay_ns(verdict: Verdict, rule: Rule) -> int:
    alarm = verdict.alarm
    return (alarm.ended_ns or alarm.time_ns) - alarm.time_ns + rule.duration_ns


def _heights(rule: Rule, true: Sequence[Verdict], false: Sequence[Verdict]) -> list[Suggestion]:
    """A limit to the height of a class between its true and its false targets, where one lies between them."""
    found: list[Suggestion] = []
    for name in sorted(rule.targets):
        real = [_height(v, rule) for v in true if v.alarm.target == name]
        other = [_height(v, rule) for v in false if v.alarm.target == name]
        if not real or not other:
            continue
        path = f"rule.{rule.id}.size_filter.{name}"
        if 1.2 * max(other) < min(real):
            limit = _fraction(sqrt(max(other) * min(real)))
            key, value = ("min_height", limit) if name == "animal" else ("min", f"[0.0, {limit}]")
            found.append(Suggestion(f"{path}.{key}", value, f"every false {name} is lower than every true one"))
        elif 1.2 * max(real) < min(other):
            limit = _fraction(sqrt(min(other) * max(real)))
            key, value = ("max_height", limit) if name == "animal" else ("max", f"[1.0, {limit}]")
            found.append(Suggestion(f"{path}.{key}", value, f"every false {name} is taller than every true one"))
    return found


def _height(verdict: Verdict, rule: Rule) -> int:
    """A target's height, with a perspective as if it stood where the near person does: so limits are said."""
    _, y, _, height = verdict.alarm.box
    if rule.perspective is None:
        return height
    return height * rule.perspective.near_height // person_height(rule.perspective, y + height)


def _shields(rule: Rule, true: Sequence[Verdict], false: Sequence[Verdict]) -> list[Suggestion]:
    """The places with several false alarms and no true one, as further polygons of the rule's shield."""
    kept = [_grown(v.alarm.box) for v in true]
    places = [p for p in clusters([v.alarm.box for v in false]) if len(p) >= FEWEST_AT_A_PLACE]
    areas = [_grown(around(place)) for place in places]
    chosen = [
        (area, len(place))
        for area, place in zip(areas, places, strict=True)
        if area[2] * area[3] <= LARGEST_SHIELD * MILLION * MILLION and not any(_touch(area, box) for box in kept)
    ][: MOST_SHIELDS - len(rule.shield)]
    if not chosen:
        return []
    polygons = [[_point(x, y) for x, y in polygon] for polygon in rule.shield]
    polygons += [_corners(area) for area, _ in chosen]
    value = "[" + ", ".join("[" + ", ".join(points) + "]" for points in polygons) + "]"
    count = sum(number for _, number in chosen)
    return [Suggestion(f"rule.{rule.id}.shield", value, f"{count} false alarms lie there, and no true one")]


def clusters(boxes: Iterable[Box]) -> list[list[Box]]:
    """Boxes that touch each other, directly or through others; the largest group first."""
    groups: list[list[Box]] = []
    for box in boxes:
        touching = [g for g in groups if any(_touch(box, other) for other in g)]
        groups = [g for g in groups if g not in touching]
        groups.append([box, *(other for g in touching for other in g)])
    return sorted(groups, key=lambda g: (-len(g), g[0]))


def around(boxes: Sequence[Box]) -> Box:
    """The box around several."""
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    return left, top, max(b[0] + b[2] for b in boxes) - left, max(b[1] + b[3] for b in boxes) - top


def _grown(box: Box) -> Box:
    margin = round(MARGIN * MILLION)
    left, top = max(0, box[0] - margin), max(0, box[1] - margin)
    right, bottom = min(MILLION, box[0] + box[2] + margin), min(MILLION, box[1] + box[3] + margin)
    return left, top, right - left, bottom - top


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def _corners(box: Box) -> list[str]:
    left, top, right, bottom = box[0], box[1], box[0] + box[2], box[1] + box[3]
    return [_point(*corner) for corner in ((left, top), (right, top), (right, bottom), (left, bottom))]


def _point(x: int, y: int) -> str:
    return f"[{_fraction(x)}, {_fraction(y)}]"


def _fraction(millionths: float) -> str:
    return f"{floor(millionths / 1000 + 0.5) / 1000:.3f}"
