"""Reading `[[rule]]`: what each rule says, what it refers to. What it comes to is for `rule_inheritance.py`."""

from typing import Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from kernel.events import RuleType
from kernel.site.checks import Choice, flag, identifier, list_of, name, reference, seconds, whole
from kernel.site.fields import Check, Table, ids_of
from kernel.site.geometry import line, polygon
from kernel.site.model import Point, Polygon, SizeLimits, TargetName
from kernel.site.names import Names
from kernel.site.size_filter import read_size_filter
from kernel.site.vca import StatedVca, read_vca

Direction = Literal["both", "a_to_b", "b_to_a"]
Anchor = Literal["foot", "centre"]
MAX_RULES = 256
TYPE = Choice[RuleType](*get_args(RuleType))
DIRECTION = Choice[Direction](*get_args(Direction))
ANCHOR = Choice[Anchor](*get_args(Anchor))
TARGET = Choice[TargetName](*get_args(TargetName))
TARGETS: Check[tuple[TargetName, ...]] = list_of(TARGET, low=1)


class StatedRule(StatedVca, frozen=True):
    """What a rule's table says itself; UNSET where it says nothing."""

    like: str | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    type: RuleType | UnsetType = UNSET
    line: tuple[Point, Point] | UnsetType = UNSET
    region: Polygon | UnsetType = UNSET
    direction: Direction | UnsetType = UNSET
    sensitivity: int | UnsetType = UNSET
    targets: tuple[TargetName, ...] | UnsetType = UNSET
    anchor: Anchor | UnsetType = UNSET
    schedule: str | UnsetType = UNSET
    linkage: tuple[str, ...] | UnsetType = UNSET
    duration_ns: int | UnsetType = UNSET
    size_filter: dict[TargetName, SizeLimits] | UnsetType = UNSET


class RuleEntry(msgspec.Struct, frozen=True):
    """A rule's id, its table (for messages) and what that says."""

    id: str
    table: Table
    stated: StatedRule


def read_rules(tables: list[Table], names: Names) -> list[RuleEntry]:
    """Every rule as stated, in the order of the file."""
    like = reference("rule", ids_of(tables))
    return [_read_rule(table, names, like) for table in tables]


def _read_rule(table: Table, names: Names, like: Check[str]) -> RuleEntry:
    id = table.need("id", identifier) or ""
    vca = read_vca(table)
    size_filter = table.table("size_filter")
    stated = StatedRule(
        **msgspec.structs.asdict(vca),
        like=table.take("like", like, UNSET),
        channel=table.take("channel", names.channel, UNSET),
        name=table.take("name", name, UNSET),
        enabled=table.take("enabled", flag, UNSET),
        type=table.take("type", TYPE, UNSET),
        line=table.take("line", line, UNSET),
        region=table.take("region", polygon, UNSET),
        direction=table.take("direction", DIRECTION, UNSET),
        sensitivity=table.take("sensitivity", whole(0, 100), UNSET),
        targets=table.take("targets", TARGETS, UNSET),
        anchor=table.take("anchor", ANCHOR, UNSET),
        schedule=table.take("schedule", names.schedule, UNSET),
        linkage=table.take("linkage", names.linkage, UNSET),
        duration_ns=table.take("duration", seconds(0, 3600), UNSET),
        size_filter=UNSET if size_filter is None else read_size_filter(size_filter),
    )
    table.close()
    return RuleEntry(id, table, stated)
