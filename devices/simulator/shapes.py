"""Anti-aliased shapes in perspective: capsules and convex polygons, painted far to near into a small patch."""

from collections.abc import Sequence

import msgspec
import numpy as np

from devices.simulator.camera import Camera

Point = tuple[float, float, float]


class Capsule(msgspec.Struct, frozen=True):
    """A limb: the space around a line from `a` to `b`, `ra` thick at one end and `rb` at the other (metres)."""

    a: Point
    b: Point
    ra: float
    rb: float
    material: str


class Facet(msgspec.Struct, frozen=True):
    """A flat convex polygon in space; `shade` is how much light it gets compared to level ground."""

    corners: tuple[Point, ...]
    material: str
    shade: float = 1.0


Shape = Capsule | Facet


class Patch(msgspec.Struct, frozen=True, eq=False):
    """A piece of picture at (`x`, `y`) px: `paint` (h, w) already multiplied by its `cover` (h, w, 0 to 1)."""

    x: int
    y: int
    paint: np.ndarray
    cover: np.ndarray


def paint(shapes: Sequence[Shape], tones: Sequence[float], camera: Camera, blur: float) -> Patch | None:
    """Paint shapes over each other in the order given; `tones` is the value of each. None where all is out of view.

    `blur` is the side weight of a 3-tap point spread function in both directions, 0 for none.
    """
    flat = [_flatten(shape, camera) for shape in shapes]
    x0 = max(0, int(min(f[0] for f in flat)) - 3)
    y0 = max(0, int(min(f[1] for f in flat)) - 3)
    x1 = min(camera.width_px, int(max(f[2] for f in flat)) + 4)
    y1 = min(camera.height_px, int(max(f[3] for f in flat)) + 4)
    if x1 <= x0 or y1 <= y0:
        return None
    colour = np.zeros((y1 - y0, x1 - x0), np.float32)
    cover = np.zeros_like(colour)
    for (left, top, right, bottom, outline), tone in zip(flat, tones, strict=True):
        first_x, first_y = max(x0, int(left) - 1), max(y0, int(top) - 1)
        last_x, last_y = min(x1, int(right) + 2), min(y1, int(bottom) + 2)
        if last_x <= first_x or last_y <= first_y:
            continue
        part = outline_cover(outline, first_x, first_y, last_x, last_y)
        window = (slice(first_y - y0, last_y - y0), slice(first_x - x0, last_x - x0))
        colour[window] += part * (np.float32(tone) - colour[window])
        cover[window] += part * (1 - cover[window])
    return Patch(x0, y0, soften(colour, blur), soften(cover, blur))


Outline = tuple[str, np.ndarray, float, float]
_Flat = tuple[float, float, float, float, Outline]


def _flatten(shape: Shape, camera: Camera) -> _Flat:
    """Bounds (left, top, right, bottom) in px and the outline in the picture."""
    if isinstance(shape, Capsule):
        ends = camera.project(np.array([shape.a, shape.b]))
        ra, rb = shape.ra * camera.scale(shape.a[2]), shape.rb * camera.scale(shape.b[2])
        reach = max(ra, rb) + 1
        low, high = ends.min(axis=0) - reach, ends.max(axis=0) + reach
        return low[0], low[1], high[0], high[1], ("capsule", ends, ra, rb)
    corners = camera.project(np.array(shape.corners))
    low, high = corners.min(axis=0) - 1, corners.max(axis=0) + 1
    return low[0], low[1], high[0], high[1], ("facet", corners, 0.0, 0.0)


def outline_cover(outline: Outline, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """How much of each pixel of a window lies inside, (bottom - top, right - left) float32, 0 to 1."""
    kind, points, ra, rb = outline
    x = np.arange(left, right, dtype=np.float32)[None, :] + np.float32(0.5)
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5)
    return _capsule_cover(points, ra, rb, x, y) if kind == "capsule" else _facet_cover(points, x, y)


def _capsule_cover(ends: np.ndarray, ra: float, rb: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    (ax, ay), (bx, by) = ends.astype(np.float32)
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    along = np.clip(((x - ax) * dx + (y - ay) * dy) / max(length2, np.float32(1e-6)), 0, 1)
    distance = np.hypot(x - ax - along * dx, y - ay - along * dy)
    radius = np.float32(ra) + along * np.float32(rb - ra)
    thin = min(1.0, 2 * max(ra, rb) / (max(ra, rb) + 0.5))  # thinner than a pixel: covers only part of it
    return np.clip(radius - distance + np.float32(0.5), 0, 1) * np.float32(thin)


def _facet_cover(corners: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    following = np.roll(corners, -1, axis=0)
    edges = following - corners
    area = float(np.sum(corners[:, 0] * following[:, 1] - following[:, 0] * corners[:, 1]))
    turn = 1.0 if area >= 0 else -1.0
    inside = np.full((y.shape[0], x.shape[1]), np.inf, np.float32)
    for (px, py), (ex, ey) in zip(corners, edges, strict=True):
        length = float(np.hypot(ex, ey))
        if length < 1e-6:
            continue
        nx, ny = np.float32(-ey * turn / length), np.float32(ex * turn / length)
        np.minimum(inside, (x - np.float32(px)) * nx + (y - np.float32(py)) * ny, out=inside)
    return np.clip(inside + np.float32(0.5), 0, 1)


def soften(values: np.ndarray, side: float) -> np.ndarray:
    """Blur by the 3-tap filter (side, 1 - 2 side, side) in both directions; edges repeat."""
    if side <= 0:
        return values
    middle, side32 = np.float32(1 - 2 * side), np.float32(side)
    padded = np.pad(values, 1, mode="edge")
    rows = padded[:, 1:-1] * middle + (padded[:, :-2] + padded[:, 2:]) * side32
    return rows[1:-1] * middle + (rows[:-2] + rows[2:]) * side32
