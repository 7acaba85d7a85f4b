"""The VCA keys that a channel sets as defaults and a rule may say again."""

from typing import get_args

import msgspec
from msgspec import UNSET, UnsetType

from kernel.site.checks import Choice, flag, seconds
from kernel.site.fields import Table
from kernel.site.geometry import polygons
from kernel.site.model import Polygon, SceneMode

BACKGROUND = "background_interference_suppression"
SECOND_NS = 1_000_000_000
SCENE_MODE = Choice[SceneMode](*get_args(SceneMode))


class StatedVca(msgspec.Struct, frozen=True):
    """What a table says; UNSET where it says nothing."""

    scene_mode: SceneMode | UnsetType = UNSET
    background_interference_suppression: bool | UnsetType = UNSET
    single_alarm: bool | UnsetType = UNSET
    repeat_interval_ns: int | UnsetType = UNSET
    shield: tuple[Polygon, ...] | UnsetType = UNSET


class Vca(msgspec.Struct, frozen=True):
    """The same with nothing left open."""

    scene_mode: SceneMode = "general"
    background_interference_suppression: bool = False
    single_alarm: bool = True
    repeat_interval_ns: int = 5 * SECOND_NS
    shield: tuple[Polygon, ...] = ()


def read_vca(table: Table) -> StatedVca:
    """Take the VCA keys of a channel's vca table or of a rule."""
    return StatedVca(
        scene_mode=table.take("scene_mode", SCENE_MODE, UNSET),
        background_interference_suppression=table.take(BACKGROUND, flag, UNSET),
        single_alarm=table.take("single_alarm", flag, UNSET),
        repeat_interval_ns=table.take("repeat_interval", seconds(1, 3600), UNSET),
        shield=table.take("shield", polygons, UNSET),
    )


def settle_vca(stated: StatedVca, defaults: Vca) -> Vca:
    """What is stated, and the defaults for the rest."""

    def settled(name: str) -> object:
        value = getattr(stated, name)
        return getattr(defaults, name) if value is UNSET else value

    return Vca(**{name: settled(name) for name in Vca.__struct_fields__})  # pyright: ignore[reportArgumentType]
