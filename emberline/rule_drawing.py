"""A rule, a shield, a mask as drawn on a picture."""

from collections.abc import Sequence

import numpy as np

from emberline.canvas import GREEN, WHITE, XY, Canvas
from kernel.site.model import Perspective, Point, Polygon, Rule

MILLION = 1_000_000
PERSON_WIDTH = 0.4
"""Of the height."""
ARM_PX = 30
"""How far the arrow and the letters of a line reach to either side."""


def scaled(points: Sequence[Point], size: tuple[int, int]) -> list[XY]:
    """Points in millionths of the frame, in pixels of a picture of this size."""
    return [(x * size[0] / MILLION, y * size[1] / MILLION) for x, y in points]


def draw_rule(canvas: Canvas, rule: Rule, colour: str, name: str) -> None:
    """The rule's line, with its sides and the direction that counts, or its region; dashed where it is disabled."""
    if rule.line is not None:
        _draw_line(canvas, rule, scaled(rule.line, canvas.size), colour, name)
    elif rule.region is not None:
        points = scaled(rule.region, canvas.size)
        if not _is_everything(rule.region):  # a tint all over tells nothing
            canvas.fill(points, colour, 26)
        canvas.stroke(_held_inside(points, canvas.size), colour, closed=True, dashed=not rule.enabled)
        canvas.tag(name, sorted(points, key=lambda p: (p[1], p[0])), colour)


def draw_shield(canvas: Canvas, polygon: Polygon) -> None:
    """Where rules see nothing."""
    points = scaled(polygon, canvas.size)
    canvas.hatch(points, WHITE + "b0")
    canvas.stroke(_held_inside(points, canvas.size), WHITE, 1.5, closed=True)


def draw_privacy_mask(canvas: Canvas, polygon: Polygon) -> None:
    """What is blacked out before anything is recorded."""
    points = scaled(polygon, canvas.size)
    canvas.fill(points, "#000000", 255)
    canvas.stroke(_held_inside(points, canvas.size), WHITE, 1.5, closed=True, dashed=True)


def draw_motion_area(canvas: Canvas, polygon: Polygon) -> None:
    """Where motion detection looks."""
    canvas.stroke(_held_inside(scaled(polygon, canvas.size), canvas.size), GREEN, 2, closed=True, dashed=True)


def draw_persons(canvas: Canvas, perspective: Perspective) -> None:
    """A person near and one far, as the perspective says."""
    persons = (
        (0.45, perspective.near_foot, perspective.near_height),
        (0.55, perspective.far_foot, perspective.far_height),
    )
    for x, foot, height in persons:
        bottom, tall = foot * canvas.size[1] / MILLION, height * canvas.size[1] / MILLION
        middle, half = x * canvas.size[0], tall * PERSON_WIDTH / 2
        corners = [(middle + side * half, bottom - up * tall) for side, up in ((-1, 0), (1, 0), (1, 1), (-1, 1))]
        canvas.stroke(corners, GREEN, 1.5, closed=True)


def _is_everything(region: Polygon) -> bool:
    corners = {(0, 0), (MILLION, 0), (MILLION, MILLION), (0, MILLION)}
    return len(region) == 4 and set(region) == corners


def _draw_line(canvas: Canvas, rule: Rule, line: list[XY], colour: str, name: str) -> None:
    canvas.stroke(line, colour, 3, dashed=not rule.enabled)
    (x0, y0), (x1, y1) = line
    length = max(1.0, float(np.hypot(x1 - x0, y1 - y0)))
    left = ((y1 - y0) / length, -(x1 - x0) / length)
    middle, side_a, side_b = _sides(line, left, canvas.size)
    if rule.direction in ("both", "a_to_b"):
        canvas.arrow(middle, _towards(middle, side_b, 17), colour)
    if rule.direction in ("both", "b_to_a"):
        canvas.arrow(middle, _towards(middle, side_a, 17), colour)
    if rule.direction != "both":
        start = side_a if rule.direction == "a_to_b" else side_b
        canvas.stroke([_towards(middle, start, 17), middle], colour)
    canvas.letter(side_a, "A", colour)
    canvas.letter(side_b, "B", colour)
    canvas.keep_clear(side_a, side_b)
    canvas.tag(name, [line[0], line[1], side_a, side_b], colour, gap=16)


def _sides(line: list[XY], left: XY, size: tuple[int, int]) -> tuple[XY, XY, XY]:
    """A point of the line and the places of A and B beside it, all within the picture where that can be."""
    (x0, y0), (x1, y1) = line
    reach = ARM_PX + 13
    for share in (0.5, 0.35, 0.65, 0.2, 0.8):
        x, y = x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
        a, b = (x + left[0] * reach, y + left[1] * reach), (x - left[0] * reach, y - left[1] * reach)
        if all(13 <= p[0] <= size[0] - 13 and 13 <= p[1] <= size[1] - 13 for p in (a, b)):
            return (x, y), a, b
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    a, b = (_within((x + s * left[0] * reach, y + s * left[1] * reach), size) for s in (1, -1))
    return (x, y), a, b


def _within(point: XY, size: tuple[int, int], margin: float = 14) -> XY:
    return min(max(margin, point[0]), size[0] - margin), min(max(margin, point[1]), size[1] - margin)


def _towards(start: XY, end: XY, short_of: float) -> XY:
    """The point `short_of` pixels before `end`."""
    length = max(1e-6, float(np.hypot(end[0] - start[0], end[1] - start[1])))
    share = max(0.0, length - short_of) / length
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _held_inside(points: list[XY], size: tuple[int, int]) -> list[XY]:
    """Outlines along the border, brought in so far that they show."""
    return [_within(p, size, 2.5) for p in points]
