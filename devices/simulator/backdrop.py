"""What stands still: sky, ground, road, house, fence, lamp posts; and what of it hides things behind."""

import zlib

import msgspec
import numpy as np

from devices.simulator.camera import Camera
from devices.simulator.materials import Look, tone
from devices.simulator.scene import Building, Fence, Scene
from devices.simulator.shapes import Capsule, Facet, Patch, Shape, paint
from devices.simulator.texture import noise_at

FAR_M = 140.0


class Occluder(msgspec.Struct, frozen=True, eq=False):
    """Something that stands `z` metres away and covers what is behind it by `cover` (h, w, 0 to 1)."""

    z: float
    cover: np.ndarray


class Backdrop(msgspec.Struct, frozen=True, eq=False):
    """The empty yard: `picture` (h, w) in tones, `ground_x` and `ground_z` in metres, near occluders last."""

    picture: np.ndarray
    ground_x: np.ndarray
    ground_z: np.ndarray
    occluders: list[Occluder]


def build_backdrop(scene: Scene, camera: Camera, look: Look, blur: float, shade: np.ndarray | None = None) -> Backdrop:
    """Paint the empty scene. Its structure depends on the scene alone, not on the seed: it is the same yard.

    `shade` (h, w) is how much of its light the ground keeps in the shadow of what stands still.
    """
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(scene.title.encode())))
    x, z = camera.ground()
    picture = _ground(rng, scene, x, z, look)
    if shade is not None:
        picture *= shade
    _sky(rng, picture, camera, look)
    picture = picture.astype(np.float32)
    occluders: list[Occluder] = []
    for distance, shapes in sorted(structures(scene), key=lambda item: -item[0]):
        patch = paint(shapes, [_lit(shape, look) for shape in shapes], camera, blur)
        if patch is None:
            continue
        _wear(rng, patch, look)
        blend(picture, patch)
        cover = np.zeros_like(picture)
        window(cover, patch)[...] = patch.cover
        occluders.append(Occluder(distance, cover))
    return Backdrop(picture, x, z, occluders)


def blend(picture: np.ndarray, patch: Patch, visible: np.ndarray | None = None) -> None:
    """Put a patch into the picture, where `visible` (the patch's size, 0 to 1) lets it be seen."""
    target = window(picture, patch)
    if visible is None:
        target += patch.paint - patch.cover * target
    else:
        target += visible * (patch.paint - patch.cover * target)


def window(picture: np.ndarray, patch: Patch) -> np.ndarray:
    """The part of a picture that a patch lies on, as a view."""
    height, width = patch.cover.shape
    return picture[patch.y : patch.y + height, patch.x : patch.x + width]


def _ground(rng: np.random.Generator, scene: Scene, x: np.ndarray, z: np.ndarray, look: Look) -> np.ndarray:
    far = np.where(np.isfinite(z), np.minimum(z, FAR_M), FAR_M)
    coarse = noise_at(rng, x / 9.0, far / 9.0, 3)
    fine = noise_at(rng, x / 0.9, far / 0.9, 4)
    # Detail smaller than a pixel averages out with distance.
    sharp = 1 / (1 + (far / 14.0) ** 2)
    contrast = {"thermal": (11.0, 13.0), "day": (9.0, 16.0), "night": (6.0, 11.0)}[look]
    tufts = noise_at(rng, x / 0.22, far / 0.22, 3) / (1 + (far / 8.0) ** 2)
    ground = tone("grass", look) + contrast[0] * coarse + contrast[1] * (fine * sharp + 0.9 * tufts)
    if look == "thermal":
        ground += 14.0 - far * 0.45  # the air in between is colder than the ground
    worn = np.clip(1.6 - np.abs(x - 0.5 * np.sin(far / 5.0) - 1.0) / 1.1 + 0.5 * coarse, 0, 1) * np.clip(21 - far, 0, 1)
    ground = ground + worn * (tone("gravel", look) - tone("grass", look)) * 0.8
    if scene.road is not None:
        ground = _road(rng, scene, ground, x, far, look)
    if look == "day":
        ground = ground * (1 - 0.0012 * far) + 0.16 * far
    return ground


def _road(
    rng: np.random.Generator, scene: Scene, ground: np.ndarray, x: np.ndarray, z: np.ndarray, look: Look
) -> np.ndarray:
    assert scene.road is not None
    near, far = scene.road.near_m, scene.road.far_m
    surface = tone("asphalt", look) + 3.0 * noise_at(rng, x / 2.5, z / 0.8, 3)
    # Tyres keep their tracks warm and polished.
    for lane in (0.25, 0.75):
        for wheel in (-0.75, 0.75):
            track = near + (far - near) * lane + wheel
            surface = surface + (7.0 if look == "thermal" else 5.0) * np.exp(-(((z - track) / 0.3) ** 2))
    middle = np.exp(-(((z - (near + far) / 2) / 0.12) ** 2)) * (np.mod(x, 6.0) < 3.2)
    surface = surface + middle * (6.0 if look == "thermal" else 95.0)
    on_road = np.clip((z - near) / 0.15, 0, 1) * np.clip((far - z) / 0.2, 0, 1)
    kerb = np.exp(-(((z - near) / 0.22) ** 2)) + np.exp(-(((z - far) / 0.3) ** 2))
    ground = ground + on_road * (surface - ground)
    return ground + np.minimum(kerb, 1) * (tone("kerb", look) - ground) * 0.8


def _sky(rng: np.random.Generator, picture: np.ndarray, camera: Camera, look: Look) -> None:
    height, width = picture.shape
    u = np.arange(width) / width
    horizon = camera.horizon_px
    rows = np.arange(height)[:, None] + 0.5
    up = np.clip((horizon - rows) / max(horizon, 1.0), 0, 1)
    clouds = noise_at(
        rng, np.broadcast_to(u[None, :] * 3, (height, width)), np.broadcast_to(up * 5, (height, width)), 4
    )
    base, slope, rough = {"thermal": (-60.0, -105.0, 11.0), "day": (214.0, 18.0, 9.0), "night": (15.0, -5.0, 1.2)}[look]
    sky = base + slope * np.sqrt(up) + rough * clouds
    above = np.clip(horizon - rows + 0.5, 0, 1)
    picture += above * (sky - picture)
    # A line of trees before the sky, with crowns that let it shine through.
    crowns = noise_at(rng, u[None, :] * 7, np.zeros((1, width)), 5)[0]
    reach = height * (0.05 + 0.022 * crowns)
    leafy = noise_at(rng, np.broadcast_to(u[None, :] * 45, (height, width)), rows / height * 40 + 0 * u[None, :], 3)
    cover = np.clip((rows - (horizon - reach[None, :])) / 1.5 + 0.5 * leafy, 0, 1) * np.clip(
        horizon + height * 0.012 - rows, 0, 1
    )
    trees = tone("far_trees", look) + {"thermal": 7.0, "day": 11.0, "night": 3.0}[look] * leafy
    picture += cover * (trees - picture)


def structures(scene: Scene) -> list[tuple[float, list[Shape]]]:
    """What stands still, part by part, with its distance."""
    found: list[tuple[float, list[Shape]]] = []
    if scene.building is not None:
        found.append((scene.building.z, _house(scene.building)))
    if scene.fence is not None:
        found.append((scene.fence.z, _fence(scene.fence)))
    for pole in scene.pole:
        top = (pole.x, pole.height_m, pole.z)
        arm = (pole.x + 0.9, pole.height_m + 0.15, pole.z)
        found.append(
            (
                pole.z,
                [
                    Capsule((pole.x, 0, pole.z), top, 0.09, 0.06, "pole"),
                    Capsule(top, arm, 0.05, 0.05, "pole"),
                    Capsule(arm, (arm[0] + 0.3, arm[1], arm[2]), 0.08, 0.08, "rail"),
                ],
            )
        )
    for plant in scene.plant:
        if plant.trunk_m > 0:
            found.append(
                (plant.z, [Capsule((plant.x, 0, plant.z), (plant.x, plant.trunk_m + 0.6, plant.z), 0.16, 0.1, "trunk")])
            )
    return found


def _house(house: Building) -> list[Shape]:
    left, right, near, far, top = house.left, house.right, house.z, house.z + house.depth_m, house.height_m
    ridge = top + 0.32 * house.depth_m
    middle = (near + far) / 2
    end = right if right < 0 else left  # the gable that the camera sees
    shapes: list[Shape] = [
        Facet(((end, 0, near), (end, 0, far), (end, top, far), (end, ridge, middle), (end, top, near)), "gable", 0.8),
        Facet(
            (
                (left - 0.3, top - 0.1, near - 0.4),
                (right + 0.3, top - 0.1, near - 0.4),
                (right + 0.3, ridge, middle),
                (left - 0.3, ridge, middle),
            ),
            "roof_tiles",
        ),
        Facet(((left, 0, near), (right, 0, near), (right, top, near), (left, top, near)), "wall"),
    ]
    count = max(1, int((right - left) / 2.6))
    for k in range(count):
        x = left + (k + 0.5) * (right - left) / count
        if k == count // 2:
            shapes.append(
                Facet(((x - 0.5, 0, near), (x + 0.5, 0, near), (x + 0.5, 2.1, near), (x - 0.5, 2.1, near)), "door")
            )
        else:
            shapes.append(
                Facet(
                    ((x - 0.65, 1.0, near), (x + 0.65, 1.0, near), (x + 0.65, 2.2, near), (x - 0.65, 2.2, near)),
                    "window",
                )
            )
            shapes.append(Capsule((x, 1.0, near), (x, 2.2, near), 0.04, 0.04, "wall"))
    return shapes


def _fence(fence: Fence) -> list[Shape]:
    shapes: list[Shape] = []
    wires = [0.08 + 0.31 * k for k in range(int(fence.height_m / 0.31))]
    for y in wires:
        shapes.append(Capsule((fence.left, y, fence.z), (fence.right, y, fence.z), 0.006, 0.006, "rail"))
    shapes.append(
        Capsule((fence.left, fence.height_m, fence.z), (fence.right, fence.height_m, fence.z), 0.022, 0.022, "rail")
    )
    count = max(1, round((fence.right - fence.left) / 2.5))
    for k in range(count + 1):
        x = fence.left + k * (fence.right - fence.left) / count
        shapes.append(Capsule((x, 0, fence.z), (x, fence.height_m + 0.1, fence.z), 0.04, 0.04, "post"))
    return shapes


def _lit(shape: Shape, look: Look) -> float:
    value = tone(shape.material, look)
    return value * shape.shade if isinstance(shape, Facet) and look != "thermal" else value


def _wear(rng: np.random.Generator, patch: Patch, look: Look) -> None:
    """Plaster and tiles are not even; the bottom of a wall is damp."""
    height, width = patch.cover.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    stain = noise_at(rng, x / 9, y / 9, 4)
    patch.paint[...] += (patch.cover * stain * {"thermal": 4.0, "day": 5.0, "night": 4.0}[look]).astype(np.float32)
