"""The scene at a moment, before any sensor sees it: a picture in tones and who is where."""

import math
import zlib
from typing import Literal

import msgspec
import numpy as np

from devices.simulator import bodies, light, vegetation, weather
from devices.simulator.backdrop import Backdrop, blend, build_backdrop, window
from devices.simulator.camera import Camera
from devices.simulator.materials import Look, tone
from devices.simulator.movement import Motion, Path
from devices.simulator.scene import Animal, Plant, Scene, Vehicle, Walker
from devices.simulator.shapes import Facet, Patch, Shape, paint
from devices.simulator.vehicles import vehicle

Channel = Literal["thermal", "optical"]
BLUR = {"thermal": 0.2, "day": 0.13, "night": 0.16}
"""Side weight of the optics' point spread; thermal optics are softer."""
DAY_CONTRAST = 0.62
"""In the sun the ground is nearly as warm as a person."""


class Sighting(msgspec.Struct, frozen=True):
    """A mover in a frame: box (x, y, width, height) in px of what is visible of it, and how much that is, 0 to 1."""

    id: str
    target: Literal["human", "vehicle", "animal"]
    box: tuple[int, int, int, int]
    visible: float


Actor = Walker | Vehicle | Animal


class Figure(msgspec.Struct, frozen=True, eq=False):
    """A mover at a moment."""

    actor: Actor
    motion: Motion
    shapes: list[Shape]


class World:
    """A scene as one channel sees it. Every method is a function of the time it is given and of the seed."""

    def __init__(self, scene: Scene, channel: Channel, seed: int) -> None:
        self.scene = scene
        self.look: Look = "thermal" if channel == "thermal" else scene.light
        self._seed = seed
        sensor = scene.thermal if channel == "thermal" else scene.optical
        view = scene.view
        self.camera = Camera(
            sensor.width, sensor.height, view.focal * sensor.width, view.horizon * sensor.height, view.height_m
        )
        self._backdrop = self._lit_backdrop()
        rng = np.random.Generator(np.random.PCG64(len(scene.title)))
        self._plants = [(plant.z, self._grown(plant, rng)) for plant in scene.plant]
        draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 1])))
        self._actors: list[tuple[Actor, Path, float]] = []
        for actor in (*scene.walker, *scene.vehicle, *scene.animal):
            phase = float(draw.uniform(0, 2 * math.pi))
            wander = 0.0 if isinstance(actor, Vehicle) else 0.09
            self._actors.append((actor, Path(actor.path, wander, phase), phase))

    def picture(self, t: float, wind_t: float, rng: np.random.Generator) -> np.ndarray:
        """The tones at `t` seconds of the script, (height, width) float32; `wind_t` is time that never repeats."""
        picture = self._backdrop.picture.copy()
        scene = self.scene
        if self.look == "day":
            picture *= np.float32(light.sunlight(scene.cloud, t, self._seed))
        figures = self._figures(t)
        if self.look == "day":
            for figure in figures:
                self._throw_shadow(picture, figure.shapes)
        wind = max(scene.breeze, weather.strength_of(scene.gust, t))
        self._draw_far_to_near(picture, figures, wind_t, wind)
        if self.look == "night":
            for figure in figures:
                if isinstance(figure.actor, Vehicle) and figure.actor.headlights:
                    light.headlights(picture, self._backdrop, self.camera, figure.motion)
        rain = weather.strength_of(scene.rain, t)
        if rain > 0:
            weather.fall(picture, rain, self.look, rng)
        weather.fly(picture, scene.insect, t, self.look, self._seed)
        return picture

    def sightings(self, t: float) -> list[Sighting]:
        """Who is to be seen at `t` seconds of the script, in the order of the scene file."""
        found: list[Sighting] = []
        figures = self._figures(t)
        for figure in figures:
            patch = self._painted(figure)
            if patch is None:
                continue
            seen = patch.cover * self._visible(patch, figure.motion.z)
            for other in figures:
                if other.motion.z < figure.motion.z:
                    seen *= 1 - self._hidden_by(patch, self._painted(other))
            box = _bounds(patch, seen)
            if box is not None:
                share = round(float(seen.sum() / patch.cover.sum()), 3)
                found.append(Sighting(figure.actor.id, _target(figure.actor), box, share))
        return found

    def foot(self, id: str, t: float) -> tuple[float, float] | None:
        """Where a mover stands on the ground, in px; None while it is not there."""
        for actor, path, _ in self._actors:
            motion = path.at(t)
            if actor.id == id and motion is not None:
                u, v = self.camera.project(np.array([[motion.x, 0.0, motion.z]]))[0]
                return float(u), float(v)
        return None

    def _draw_far_to_near(self, picture: np.ndarray, figures: list["Figure"], wind_t: float, wind: float) -> None:
        things: list[tuple[float, Figure | None, int]] = [(z, None, k) for k, (z, _) in enumerate(self._plants)]
        things += [(figure.motion.z, figure, 0) for figure in figures]
        for _, figure, k in sorted(things, key=lambda thing: -thing[0]):
            if figure is None:
                vegetation.sway(picture, self._plants[k][1], wind_t, wind, self._seed + 101 * k)
                continue
            patch = self._painted(figure)
            if patch is not None:
                blend(picture, patch, self._visible(patch, figure.motion.z))

    def _lit_backdrop(self) -> Backdrop:
        shade = light.still_shadow(self.scene, self.camera) if self.look == "day" else None
        backdrop = build_backdrop(self.scene, self.camera, self.look, BLUR[self.look], shade)
        if self.look == "night":
            lit = light.lamp(backdrop.ground_z)
            for occluder in backdrop.occluders:
                lit = lit + occluder.cover * (light.lamp(occluder.z) - lit)
            backdrop.picture[...] *= lit.astype(np.float32)
        return backdrop

    def _grown(self, plant: Plant, rng: np.random.Generator) -> list[vegetation.Tuft]:
        tufts = vegetation.grow(plant, rng, self.camera, self.look)
        if self.look == "night":
            for tuft in tufts:
                tuft.patch.paint[...] *= np.float32(light.lamp(plant.z))
        return tufts

    def _figures(self, t: float) -> list["Figure"]:
        found: list[Figure] = []
        for actor, path, phase in self._actors:
            motion = path.at(t)
            if motion is not None:
                found.append(Figure(actor, motion, _shapes(actor, motion, phase)))
        return found

    def _painted(self, figure: "Figure") -> Patch | None:
        actor, shapes = figure.actor, figure.shapes
        factor = float(light.lamp(figure.motion.z)) if self.look == "night" else 1.0
        if self.look == "thermal":
            factor = (actor.warmth if isinstance(actor, Walker) else 1.0) * (
                DAY_CONTRAST if self.scene.light == "day" else 1.0
            )
        tones: list[float] = []
        for shape in shapes:
            shade = shape.shade if isinstance(shape, Facet) and self.look != "thermal" else 1.0
            if self.look != "thermal":
                shade *= _dye(actor.id, shape.material)
            tones.append(tone(shape.material, self.look) * factor * shade)
        return paint(shapes, tones, self.camera, BLUR[self.look])

    def _throw_shadow(self, picture: np.ndarray, shapes: list[Shape]) -> None:
        patch = light.shadow(shapes, self.camera, self.scene.sun)
        if patch is not None:
            light.darken(picture, patch)

    def _visible(self, patch: Patch, z: float) -> np.ndarray:
        """What nearer structures leave to be seen of a patch at distance `z`."""
        visible = np.ones_like(patch.cover)
        for occluder in self._backdrop.occluders:
            if occluder.z < z:
                visible *= 1 - window(occluder.cover, patch)
        return visible

    def _hidden_by(self, patch: Patch, other: Patch | None) -> np.ndarray:
        full = np.zeros((self.camera.height_px, self.camera.width_px), np.float32)
        if other is not None:
            window(full, other)[...] = other.cover
        return window(full, patch)


def _shapes(actor: Actor, motion: Motion, phase: float) -> list[Shape]:
    if isinstance(actor, Walker):
        return list(bodies.person(motion, actor.gait, actor.height_m, phase))
    if isinstance(actor, Animal):
        return list(bodies.animal(motion, actor.species, phase))
    return vehicle(motion, actor.model, actor.headlights)


def _target(actor: Actor) -> Literal["human", "vehicle", "animal"]:
    if isinstance(actor, Walker):
        return "human"
    return "vehicle" if isinstance(actor, Vehicle) else "animal"


def _dye(id: str, material: str) -> float:
    """How much brighter than usual somebody's clothes, or a vehicle's paint, are: theirs alone, always the same."""
    kind = {"jacket": 1, "sleeve": 1, "trousers": 2, "paint": 3, "bonnet": 3, "roof": 3}.get(material)
    if kind is None:
        return 1.0
    darkest, span = ((0.8, 1.5), (0.8, 0.8), (0.45, 0.75))[kind - 1]
    return darkest + span * (zlib.crc32(f"{id}{kind}".encode()) % 1000) / 1000


def _bounds(patch: Patch, seen: np.ndarray) -> tuple[int, int, int, int] | None:
    rows, columns = np.flatnonzero((seen > 0.3).any(axis=1)), np.flatnonzero((seen > 0.3).any(axis=0))
    if rows.size == 0:
        return None
    left, top = patch.x + int(columns[0]), patch.y + int(rows[0])
    return left, top, int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1
