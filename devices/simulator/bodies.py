"""People and animals as jointed figures of capsules, posed by how far along their stride they are."""

import math

from devices.simulator.movement import Motion
from devices.simulator.shapes import Capsule, Point

STRIDE_M = {"walk": 1.45, "run": 2.5, "crawl": 0.9}
"""Two steps, for a person of 1.75 m."""


class _Frame:
    """Turns (forward, up, right) of a body into world coordinates, scaled by its size."""

    def __init__(self, motion: Motion, size: float) -> None:
        self._motion, self._size = motion, size
        self._sin, self._cos = math.sin(motion.heading), math.cos(motion.heading)

    def point(self, forward: float, up: float, right: float) -> Point:
        f, r = forward * self._size, right * self._size
        return (
            self._motion.x + f * self._sin + r * self._cos,
            up * self._size,
            self._motion.z + f * self._cos - r * self._sin,
        )

    def limb(self, a: tuple[float, ...], b: tuple[float, ...], ra: float, rb: float, material: str) -> Capsule:
        return Capsule(self.point(*a), self.point(*b), ra * self._size, rb * self._size, material)


def person(motion: Motion, gait: str, height_m: float, phase: float) -> list[Capsule]:
    """A person of `height_m` who walks, runs or crawls; lengths inside are fractions of the height."""
    angle = phase + 2 * math.pi * motion.way / (STRIDE_M[gait] * height_m / 1.75)
    frame = _Frame(motion, height_m)
    parts = _crawler(frame, angle) if gait == "crawl" else _upright(frame, angle, motion.speed, gait == "run")
    return _far_to_near(parts)


def _upright(frame: _Frame, angle: float, speed: float, runs: bool) -> list[Capsule]:
    effort = min(1.0, speed / (2.2 if runs else 1.0))
    swing = effort * (0.75 if runs else 0.44)
    lean = effort * (0.16 if runs else 0.03)
    bend = effort * (1.5 if runs else 0.75)
    legs = []
    for side in (-1, 1):
        turn = angle + (math.pi if side > 0 else 0.0)
        thigh = swing * math.sin(turn) + 0.08 * effort
        legs.append((side, thigh, thigh - bend * max(0.0, math.cos(turn)) - 0.05))
    # The standing leg carries the hips, which makes them bob.
    hip = max(0.245 * math.cos(thigh) + 0.246 * math.cos(shin) for _, thigh, shin in legs) + 0.035
    parts: list[Capsule] = []
    for side, thigh, shin in legs:
        parts += _leg(frame, side, hip, thigh, shin)
        parts += _arm(frame, side, hip, lean, -0.8 * swing * math.sin(angle + (math.pi if side > 0 else 0.0)), runs)
    top = hip + 0.29
    for side in (-0.045, 0.045):
        parts.append(frame.limb((0, hip, side), (lean * 0.29, top, side * 1.5), 0.062, 0.066, "jacket"))
    neck = (lean * 0.33, top + 0.05, 0.0)
    head = (lean * 0.42, top + 0.125, 0.0)
    parts.append(frame.limb(neck, head, 0.034, 0.05, "face"))
    parts.append(frame.limb(head, (head[0] - 0.012, head[1] + 0.022, 0), 0.054, 0.056, "hair"))
    parts.append(
        frame.limb((head[0] + 0.028, head[1] + 0.006, 0), (head[0] + 0.028, head[1] - 0.022, 0), 0.038, 0.034, "face")
    )
    return parts


def _leg(frame: _Frame, side: int, hip: float, thigh: float, shin: float) -> list[Capsule]:
    apart = 0.052 * side
    knee = (0.245 * math.sin(thigh), hip - 0.245 * math.cos(thigh), apart)
    ankle = (knee[0] + 0.246 * math.sin(shin), knee[1] - 0.246 * math.cos(shin), apart)
    toe = (ankle[0] + 0.075, max(0.015, ankle[1] - 0.02), apart)
    return [
        frame.limb((0, hip, apart), knee, 0.056, 0.042, "trousers"),
        frame.limb(knee, ankle, 0.04, 0.027, "trousers"),
        frame.limb(ankle, toe, 0.026, 0.02, "shoe"),
    ]


def _arm(frame: _Frame, side: int, hip: float, lean: float, swing: float, runs: bool) -> list[Capsule]:
    shoulder = (lean * 0.28, hip + 0.275, 0.108 * side)
    elbow = (shoulder[0] + 0.17 * math.sin(swing), shoulder[1] - 0.17 * math.cos(swing), 0.122 * side)
    reach = swing + (1.45 if runs else 0.28)
    wrist = (elbow[0] + 0.14 * math.sin(reach), elbow[1] - 0.14 * math.cos(reach), 0.118 * side)
    hand = (wrist[0] + 0.04 * math.sin(reach), wrist[1] - 0.04 * math.cos(reach), 0.116 * side)
    return [
        frame.limb(shoulder, elbow, 0.036, 0.03, "sleeve"),
        frame.limb(elbow, wrist, 0.029, 0.023, "sleeve"),
        frame.limb(wrist, hand, 0.023, 0.022, "hand"),
    ]


def _crawler(frame: _Frame, angle: float) -> list[Capsule]:
    """On hands and knees; opposite limbs move together."""
    parts: list[Capsule] = []
    for side in (-0.045, 0.045):
        parts.append(frame.limb((-0.1, 0.27, side), (0.2, 0.29, side * 1.4), 0.064, 0.066, "jacket"))
    for side in (-1, 1):
        turn = angle + (math.pi if side > 0 else 0.0)
        reach = 0.09 * math.sin(turn)
        shoulder, hand = (0.2, 0.28, 0.1 * side), (0.24 + reach, 0.02, 0.11 * side)
        elbow = ((shoulder[0] + hand[0]) / 2 - 0.03, 0.15, 0.115 * side)
        parts += [
            frame.limb(shoulder, elbow, 0.036, 0.03, "sleeve"),
            frame.limb(elbow, hand, 0.028, 0.024, "sleeve"),
            frame.limb(hand, (hand[0] + 0.03, 0.02, hand[2]), 0.023, 0.02, "hand"),
        ]
        hip, knee = (-0.12, 0.26, 0.055 * side), (-0.1 - reach, 0.04, 0.06 * side)
        parts += [
            frame.limb(hip, knee, 0.056, 0.044, "trousers"),
            frame.limb(knee, (knee[0] - 0.22, 0.03, knee[2]), 0.04, 0.028, "trousers"),
        ]
    parts.append(frame.limb((0.25, 0.33, 0), (0.31, 0.36, 0), 0.04, 0.055, "hair"))
    parts.append(frame.limb((0.335, 0.345, 0), (0.34, 0.33, 0), 0.038, 0.032, "face"))
    return parts


SPECIES: dict[str, dict[str, float]] = {
    # metres: height at the shoulder, length of the trunk, its thickness, head, tail, stride
    "fox": {
        "shoulder": 0.40,
        "trunk": 0.52,
        "girth": 0.095,
        "head": 0.075,
        "tail": 0.36,
        "brush": 0.055,
        "stride": 0.75,
    },
    "dog": {
        "shoulder": 0.58,
        "trunk": 0.66,
        "girth": 0.135,
        "head": 0.105,
        "tail": 0.28,
        "brush": 0.022,
        "stride": 0.95,
    },
    "cat": {
        "shoulder": 0.27,
        "trunk": 0.36,
        "girth": 0.075,
        "head": 0.055,
        "tail": 0.27,
        "brush": 0.018,
        "stride": 0.5,
    },
    "deer": {"shoulder": 0.80, "trunk": 0.85, "girth": 0.18, "head": 0.1, "tail": 0.1, "brush": 0.03, "stride": 1.3},
}


def animal(motion: Motion, species: str, phase: float) -> list[Capsule]:
    """A four-legged animal at a trot: diagonal legs move together."""
    size = SPECIES[species]
    frame = _Frame(motion, 1.0)
    angle = phase + 2 * math.pi * motion.way / size["stride"]
    effort = min(1.0, motion.speed / 0.6)
    back = size["shoulder"] - 0.4 * size["girth"] + 0.02 * effort * math.sin(2 * angle)
    half, girth, head = size["trunk"] / 2, size["girth"], size["head"]
    neck = (half + 1.2 * head, back + 1.5 * head, 0.0)
    under, rump = back - girth * 0.4, (-half, back + 0.2 * girth, 0)
    tip = (-half - size["tail"], back - 0.06, 0.04 * math.sin(angle))
    parts = [
        frame.limb((-half, back, 0), (half, back + 0.01, 0), girth * 0.92, girth, "fur"),
        frame.limb((-half * 0.8, back - girth * 0.45, 0), (half, under, 0), girth * 0.6, girth * 0.7, "belly"),
        frame.limb((half, back + 0.3 * girth, 0), neck, girth * 0.7, head * 0.75, "fur"),
        *_muzzle(frame, neck, head),
        frame.limb(rump, tip, size["brush"] * 0.7, size["brush"], "tail"),
    ]
    for side in (-1, 1):
        parts.append(_ear(frame, neck, head, side))
        for end in (-1, 1):
            turn = angle + (math.pi if side * end > 0 else 0.0)
            parts += _paw(frame, half * 0.88 * end, side * girth * 0.55, back, effort * 0.5 * math.sin(turn), girth)
    return _far_to_near(parts)


def _muzzle(frame: _Frame, neck: tuple[float, float, float], head: float) -> list[Capsule]:
    x, y, _ = neck
    return [
        frame.limb(neck, (x + head, y, 0), head * 0.85, head * 0.7, "fur"),
        frame.limb(
            (x + head, y - 0.2 * head, 0), (x + 2.1 * head, y - 0.5 * head, 0), head * 0.5, head * 0.28, "snout"
        ),
    ]


def _ear(frame: _Frame, neck: tuple[float, float, float], head: float, side: int) -> Capsule:
    root = (neck[0] + 0.2 * head, neck[1] + 0.6 * head, 0.45 * head * side)
    return frame.limb(root, (neck[0], neck[1] + 1.6 * head, 0.5 * head * side), head * 0.3, head * 0.12, "belly")


def _paw(frame: _Frame, at: float, side: float, back: float, swing: float, girth: float) -> list[Capsule]:
    length = back * 0.52
    knee = (at + length * math.sin(swing), back - length * math.cos(swing), side)
    foot = (knee[0] + 0.46 * back * math.sin(swing * 0.5 - 0.1), 0.015, side)
    return [
        frame.limb((at, back, side), knee, girth * 0.42, girth * 0.24, "leg"),
        frame.limb(knee, foot, girth * 0.22, girth * 0.16, "leg"),
    ]


def _far_to_near(parts: list[Capsule]) -> list[Capsule]:
    return sorted(parts, key=lambda part: -(part.a[2] + part.b[2]))
