"""What a scene file says; datasets/README.md describes it for those who write one."""

import difflib
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from kernel.media import MediaError

SCENES = Path(__file__).resolve().parents[2] / "datasets" / "scenes"
"""The scenes are data of the checkout, not of the package: an installation without a checkout has none."""

Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Side = Annotated[int, msgspec.Meta(ge=32, le=1280)]
Way = Annotated[list[tuple[float, float, float]], msgspec.Meta(min_length=2)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: unknown keys are errors."""


class View(_Table, frozen=True):
    """The camera: height over the ground (m), focal length (of the picture's width), horizon (of its height)."""

    height_m: Positive = 4.0
    focal: Positive = 1.1
    horizon: float = 0.24


class ThermalSensor(_Table, frozen=True):
    """Counts: the ambient ground, noise σ, fixed pattern σ, slow drift, ground warming a minute."""

    width: Side = 160
    height: Side = 120
    fps: Positive = 9.0
    ambient: Annotated[int, msgspec.Meta(ge=500, le=15000)] = 3300
    noise: NotNegative = 5.0
    fixed_pattern: NotNegative = 2.5
    drift: NotNegative = 5.0
    heating: float = 0.0


class OpticalSensor(_Table, frozen=True):
    """Grey values; `noise` is σ by day, three times as much under the lamp by night."""

    width: Side = 320
    height: Side = 240
    fps: Positive = 12.5
    noise: NotNegative = 1.4


class Road(_Table, frozen=True):
    """A road across the picture between two distances."""

    near_m: Positive
    far_m: Positive


class Fence(_Table, frozen=True):
    """A wire fence at a distance, from left to right."""

    z: Positive
    left: float
    right: float
    height_m: Positive = 2.0


class Building(_Table, frozen=True):
    """A house: its near wall at `z`, from `left` to `right`, `depth_m` deep."""

    z: Positive
    left: float
    right: float
    height_m: Positive = 3.0
    depth_m: Positive = 6.0


class Pole(_Table, frozen=True):
    """A lamp post."""

    x: float
    z: Positive
    height_m: Positive = 5.0


class Plant(_Table, frozen=True):
    """A bush or (with a trunk) a tree; `sway_m` is how far its twigs move in a gust."""

    x: float
    z: Positive
    width_m: Positive = 2.0
    height_m: Positive = 1.8
    trunk_m: NotNegative = 0.0
    sway_m: NotNegative = 0.05


class Walker(_Table, frozen=True):
    """A person on a way of (seconds, x, z)."""

    id: str
    path: Way
    gait: Literal["walk", "run", "crawl"] = "walk"
    height_m: Annotated[float, msgspec.Meta(ge=0.8, le=2.2)] = 1.76
    warmth: Positive = 1.0


class Vehicle(_Table, frozen=True):
    """A vehicle on a way of (seconds, x, z)."""

    id: str
    path: Way
    model: Literal["car", "van"] = "car"
    headlights: bool = False


class Animal(_Table, frozen=True):
    """An animal on a way of (seconds, x, z)."""

    id: str
    path: Way
    species: Literal["fox", "dog", "cat", "deer"] = "fox"


class Shutter(_Table, frozen=True):
    """A shutter correction: the thermal picture stands still for `seconds`, then goes on `step` counts off."""

    at: NotNegative
    seconds: Positive = 1.2
    step: float = -18.0


class Insect(_Table, frozen=True):
    """An insect close to the lens for `seconds`."""

    at: NotNegative
    seconds: Positive = 0.8
    size: Positive = 0.03


class Cloud(_Table, frozen=True):
    """A cloud before the sun (optical, by day): the light falls by `depth` and comes back."""

    at: NotNegative
    seconds: Positive = 12.0
    depth: Annotated[float, msgspec.Meta(ge=0, le=0.8)] = 0.3


class Spell(_Table, frozen=True):
    """Rain or wind from `start` to `end`, `strength` 0 to 1."""

    start: NotNegative
    end: Positive
    strength: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5


class Expectation(_Table, frozen=True):
    """What a rule should make of the scene between two moments (seconds); becomes a line of truth."""

    rule: str
    start: NotNegative
    end: Positive
    label: Literal["true", "false", "ignore"]
    channel: str = "thermal"
    count: int = 1
    cause: str = ""
    note: str = ""


class Scene(_Table, frozen=True):
    """A scene file."""

    title: str
    seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)]
    light: Literal["day", "night"] = "night"
    began: str = ""
    sun: tuple[float, float] = (0.9, 0.5)
    """Where the tip of a shadow falls for each metre of height, by day: to the right, away from the camera."""
    breeze: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.15
    view: View = View()
    thermal: ThermalSensor = ThermalSensor()
    optical: OpticalSensor = OpticalSensor()
    road: Road | None = None
    fence: Fence | None = None
    building: Building | None = None
    pole: list[Pole] = []
    plant: list[Plant] = []
    walker: list[Walker] = []
    vehicle: list[Vehicle] = []
    animal: list[Animal] = []
    shutter: list[Shutter] = []
    insect: list[Insect] = []
    cloud: list[Cloud] = []
    rain: list[Spell] = []
    gust: list[Spell] = []
    expect: list[Expectation] = []


def scene_names() -> list[str]:
    """The scenes there are. Raises `MediaError` where the checkout's folder of scenes is not found."""
    if not SCENES.is_dir():
        raise MediaError(
            f"{SCENES}: the simulated scenes are not there; they come with the source checkout (datasets/scenes), "
            "so run Emberline from a checkout or installed from one with `pip install --editable`"
        )
    return sorted(path.stem for path in SCENES.glob("*.toml"))


def load_scene(name: str) -> Scene:
    """The scene of that name. Raises `MediaError` for an unknown name, naming the known ones."""
    names = scene_names()
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        meant = f" — did you mean {close[0]}?" if close else ""
        raise MediaError(f"sim:{name}: no such scene; there are {', '.join(names)}{meant}")
    return read_scene(SCENES / f"{name}.toml")


def read_scene(path: Path) -> Scene:
    """The scene in a file. Raises `MediaError` with the path, the key and what is allowed."""
    try:
        scene = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Scene)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise MediaError(f"{path}: {error}") from None
    for thing in (*scene.walker, *scene.vehicle, *scene.animal):
        times = [point[0] for point in thing.path]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise MediaError(f"{path}: {thing.id}: the times along its path must increase")
        if min(point[2] for point in thing.path) < 2:
            raise MediaError(f"{path}: {thing.id}: its path comes nearer to the camera than 2 m")
    ids = [thing.id for thing in (*scene.walker, *scene.vehicle, *scene.animal)]
    if len(set(ids)) < len(ids):
        raise MediaError(f"{path}: ids of walkers, vehicles and animals must differ")
    return scene
