"""Cars and vans as boxes with bonnet, cabin, windows and wheels, warm where the engine is."""

import math

import msgspec

from devices.simulator.movement import Motion
from devices.simulator.shapes import Capsule, Facet, Point, Shape


class Model(msgspec.Struct, frozen=True):
    """Sizes in metres. `cabin` is where the cabin's foot begins and ends, `roof` its roof, along the car's axis."""

    length: float
    width: float
    waist: float
    height: float
    cabin: tuple[float, float]
    roof: tuple[float, float]
    bonnet: float
    wheel: float
    window: float
    """Where the side windows begin, along the axis."""


MODELS = {
    "car": Model(4.4, 1.78, 0.88, 1.46, (-2.0, 0.95), (-1.35, 0.3), 0.9, 0.32, -1.65),
    "van": Model(5.3, 2.0, 1.05, 2.25, (-2.63, 2.0), (-2.6, 1.35), 1.7, 0.35, 0.35),
}
CLEARANCE_M = 0.24


def vehicle(motion: Motion, model_name: str, lights: bool) -> list[Shape]:
    """The visible faces of a vehicle whose middle is at `motion`, in painting order."""
    model = MODELS[model_name]
    at = _placer(motion)
    half, side = model.length / 2, model.width / 2
    inset, nose = side * 0.86, model.waist * 0.9
    shapes: list[Shape] = [_level(at, (-half, 0.02), (half, 0.02), side, "underbody")]
    shapes += _visible(_body(at, model), motion)
    shapes.append(_level(at, (model.bonnet, model.waist), (half, nose), side, "bonnet"))
    shapes += _visible(_cabin(at, model, side, inset), motion)
    shapes.append(_level(at, (model.roof[0], model.height), (model.roof[1], model.height), inset, "roof"))
    return shapes + _wheels(at, model, motion) + _lamps(at, model, motion, lights)


def _level(at: "_Placer", back: tuple[float, float], front: tuple[float, float], side: float, material: str) -> Facet:
    """A face across the whole width, from `back` to `front` (along the axis, up)."""
    return _facet(at, [(*back, -side), (*front, -side), (*front, side), (*back, side)], material)


def _upright(at: "_Placer", along: float, low: float, high: float, side: float, material: str, shade: float) -> Facet:
    """A face across the axis at `along`, from `low` to `high`."""
    return _facet(
        at, [(along, low, -side), (along, low, side), (along, high, side), (along, high, -side)], material, shade
    )


def _body(at: "_Placer", model: Model) -> list[Facet]:
    """The lower half: sides with the warm part over the engine, front with the grille, back."""
    half, side, floor, waist, bonnet = model.length / 2, model.width / 2, CLEARANCE_M, model.waist, model.bonnet
    faces: list[Facet] = []
    for s in (-side, side):
        outline = [(-half, floor, s), (half, floor, s), (half, waist * 0.9, s), (bonnet, waist, s), (-half, waist, s)]
        warm = [(bonnet, floor + 0.3), (half - 0.1, floor + 0.3), (half - 0.1, waist * 0.87), (bonnet, waist * 0.95)]
        faces.append(_facet(at, outline, "paint", 0.8))
        faces.append(_facet(at, [(along, up, s) for along, up in warm], "bonnet", 0.75))
    faces.append(_upright(at, half, floor, waist * 0.9, side, "paint", 0.85))
    faces.append(_upright(at, half, floor + 0.12, waist * 0.82, side * 0.6, "grille", 1.0))
    faces.append(_upright(at, -half, floor, waist, side, "paint", 0.7))
    return faces


def _wheels(at: "_Placer", model: Model, motion: Motion) -> list[Shape]:
    side = _near_side(motion) * model.width / 2
    wheels: list[Shape] = []
    for along in (-model.length * 0.31, model.length * 0.32):
        wheels.append(_disc(at, along, model.wheel, side * 1.01, model.wheel, "tyre"))
        wheels.append(_disc(at, along, model.wheel, side * 1.02, model.wheel * 0.55, "hub"))
    return wheels


def _cabin(at: "_Placer", model: Model, side: float, inset: float) -> list[Facet]:
    back, front = model.cabin
    roof_back, roof_front = model.roof
    waist, top = model.waist, model.height
    faces: list[Facet] = []
    for s, i in ((-side, -inset), (side, inset)):
        faces.append(
            _facet(at, [(back, waist, s), (front, waist, s), (roof_front, top, i), (roof_back, top, i)], "paint", 0.75)
        )
        low, high, start = waist + 0.06, top - 0.1, max(model.window, roof_back + 0.2)
        pane = [(model.window, low, s), (front - 0.3, low, s), (roof_front - 0.02, high, i), (start, high, i)]
        faces.append(_facet(at, pane, "glass"))
    for foot, roof in ((front, roof_front), (back, roof_back)):
        faces.append(
            _facet(at, [(foot, waist, -side), (foot, waist, side), (roof, top, inset), (roof, top, -inset)], "glass")
        )
    return faces


def _lamps(at: "_Placer", model: Model, motion: Motion, lights: bool) -> list[Shape]:
    towards = math.cos(motion.heading) < 0.15
    end, material = (model.length / 2, "lamp" if lights else "hub") if towards else (-model.length / 2, "tail_lamp")
    return [
        Capsule(at((end, model.waist * 0.72, s)), at((end, model.waist * 0.72, s * 0.85)), 0.09, 0.09, material)
        for s in (-model.width * 0.42, model.width * 0.42)
    ]


class _Placer:
    def __init__(self, motion: Motion) -> None:
        self._motion = motion
        self._sin, self._cos = math.sin(motion.heading), math.cos(motion.heading)

    def __call__(self, point: Point) -> Point:
        forward, up, right = point
        return (
            self._motion.x + forward * self._sin + right * self._cos,
            up,
            self._motion.z + forward * self._cos - right * self._sin,
        )


def _placer(motion: Motion) -> _Placer:
    return _Placer(motion)


def _facet(at: _Placer, corners: list[Point], material: str, shade: float = 1.0) -> Facet:
    return Facet(tuple(at(corner) for corner in corners), material, shade)


def _disc(at: _Placer, along: float, up: float, right: float, radius: float, material: str) -> Facet:
    turns = [2 * math.pi * k / 12 for k in range(12)]
    return _facet(at, [(along + radius * math.cos(a), up + radius * math.sin(a), right) for a in turns], material)


def _near_side(motion: Motion) -> int:
    """1 where the right side faces the camera, -1 where the left does."""
    right_z = -math.sin(motion.heading)
    right_x = math.cos(motion.heading)
    return 1 if -(right_x * motion.x + right_z * motion.z) > 0 else -1


def _visible(faces: list[Facet], motion: Motion) -> list[Facet]:
    """The upright faces that look at the camera, in the order given: a detail follows the face that it lies on."""
    kept: list[Facet] = []
    for face in faces:
        n = len(face.corners)
        middle_x = sum(c[0] for c in face.corners) / n
        middle_z = sum(c[2] for c in face.corners) / n
        (ax, _, az), (bx, _, bz) = face.corners[0], face.corners[1]
        normal_x, normal_z = bz - az, ax - bx
        if normal_x * (middle_x - motion.x) + normal_z * (middle_z - motion.z) < 0:
            normal_x, normal_z = -normal_x, -normal_z
        if normal_x * middle_x + normal_z * middle_z < 0:
            kept.append(face)
    return kept
