"""From what rules say to what they come to: `like`, the channel's defaults, and what a rule's type asks for."""

from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from kernel.events import RuleType
from kernel.site.model import ALWAYS, Channel, Rule
from kernel.site.names import Names
from kernel.site.rules import RuleEntry, StatedRule
from kernel.site.vca import BACKGROUND, SECOND_NS, Vca, settle_vca

T = TypeVar("T")
NOT_TAKEN_OVER = ("like", "name")
_OF_LINE = ("line", "direction")


def resolve_rules(entries: list[RuleEntry], channels: tuple[Channel, ...], names: Names) -> tuple[Rule, ...]:
    """The rules with everything settled; those with a mistake, which has been noted, are left out."""
    by_id = {entry.id: entry for entry in reversed(entries)}
    by_channel = {channel.id: channel for channel in channels}
    rules: list[Rule] = []
    for entry in entries:
        chain = _chain(entry, by_id)
        if chain is not None:
            rule = _settle(entry, chain, by_channel, names)
            if rule is not None:
                rules.append(rule)
    return tuple(rules)


def _chain(entry: RuleEntry, by_id: dict[str, RuleEntry]) -> list[RuleEntry] | None:
    """The rule, the one it is like, the one that is like, …; None where that comes round in a circle."""
    chain = [entry]
    while (like := chain[-1].stated.like) is not UNSET:
        following = by_id[like]
        if following is entry:
            way = " → ".join(e.id for e in [*chain, entry][:6])
            entry.table.error_at("like", f"comes back to the rule itself: {way}")
        if following in chain:
            return None
        chain.append(following)
    return chain


def _merged(chain: list[RuleEntry]) -> StatedRule:
    """What the rule says, with what it takes over."""
    full = chain[-1].stated
    for entry in reversed(chain[:-1]):
        own = entry.stated
        taken = {
            name: getattr(full, name)
            for name in StatedRule.__struct_fields__
            if getattr(own, name) is UNSET and name not in NOT_TAKEN_OVER
        }
        full = msgspec.structs.replace(own, **{n: v for n, v in taken.items() if n not in _foreign_to(own.type)})
    return full


def _foreign_to(type: RuleType | UnsetType) -> tuple[str, ...]:
    """The fields that a rule of this type has no use for."""
    match type:
        case "line_crossing":
            return ("region", "duration_ns")
        case "intrusion":
            return _OF_LINE
        case "region_entrance" | "region_exiting":
            return (*_OF_LINE, "duration_ns")
        case _:
            return ()


def _settle(entry: RuleEntry, chain: list[RuleEntry], channels: dict[str, Channel], names: Names) -> Rule | None:
    if any("like" in e.table and e.stated.like is UNSET for e in chain):
        return None  # what it would have taken over is not known
    full = _merged(chain)
    for needed in ("channel", "type"):
        if getattr(full, needed) is UNSET and not any(needed in e.table for e in chain):
            entry.table.error(f"'{needed}' is missing")
    if full.type is UNSET or not _fits_type(entry, chain, full, full.type) or full.channel is UNSET:
        return None
    _check_background(entry, full, full.channel, names)
    channel = channels.get(full.channel)
    return None if channel is None else _rule(entry, full, full.type, channel)


def _fits_type(entry: RuleEntry, chain: list[RuleEntry], full: StatedRule, type: RuleType) -> bool:
    """Whether the rule has what its type needs, and says nothing that is for another."""
    only = {
        "line": "is for line_crossing only: this type needs a region",
        "direction": "is for line_crossing only",
        "region": "is not for line_crossing: this type needs a line",
        "duration": "is for intrusion only",
    }
    for field in _foreign_to(type):
        key = field.removesuffix("_ns")
        if key in entry.table:
            entry.table.error_at(key, only[key])
    needed, what = ("line", "two points") if type == "line_crossing" else ("region", "3 to 10 points")
    if getattr(full, needed) is not UNSET:
        return True
    if _is_missing(needed, chain):
        entry.table.error(f"'{needed}' is missing: {type} needs one, of {what}")
    return False


def _is_missing(needed: str, chain: list[RuleEntry]) -> bool:
    """Whether nobody in the chain says it, not even wrongly, before a type that has no use for it."""
    for entry in chain:
        if needed in entry.table:
            return False
        if needed in _foreign_to(entry.stated.type):
            return True
    return True


def _check_background(entry: RuleEntry, full: StatedRule, channel: str, names: Names) -> None:
    if full.background_interference_suppression is not True or not names.is_thermal(channel):
        return
    if BACKGROUND in entry.table:
        entry.table.error_at(BACKGROUND, "is not there on a thermal channel")
    elif "channel" in entry.table:
        entry.table.error_at("like", f"takes over {BACKGROUND}, which is not there on a thermal channel")


def _rule(entry: RuleEntry, full: StatedRule, type: RuleType, channel: Channel) -> Rule:
    vca = settle_vca(full, _defaults(channel))
    rule = Rule(
        id=entry.id,
        name=_or(full.name, entry.id),
        perspective=channel.perspective,
        channel=channel.id,
        enabled=_or(full.enabled, True),
        type=type,
        line=_or(full.line, None),
        region=_or(full.region, None),
        direction=_or(full.direction, "both"),
        sensitivity=_or(full.sensitivity, 50),
        targets=frozenset(_or(full.targets, ("human", "vehicle"))),
        anchor=_or(full.anchor, "foot"),
        schedule=_or(full.schedule, ALWAYS),
        linkage=_or(full.linkage, ()),
        duration_ns=_or(full.duration_ns, 5 * SECOND_NS),
        size_filter=_or(full.size_filter, {}),
        scene_mode=vca.scene_mode,
        background_interference_suppression=vca.background_interference_suppression,
        single_alarm=vca.single_alarm,
        repeat_interval_ns=vca.repeat_interval_ns,
        shield=vca.shield,
    )
    if rule.scene_mode == "distant_view" and "human" not in rule.targets:
        message = "in distant view a target too small to classify counts as human, which this rule leaves out"
        entry.table.warn(message, "targets")
    return rule


def _defaults(channel: Channel) -> Vca:
    return Vca(
        scene_mode=channel.scene_mode,
        background_interference_suppression=channel.background_interference_suppression,
        single_alarm=channel.single_alarm,
        repeat_interval_ns=channel.repeat_interval_ns,
        shield=channel.shield,
    )


def _or(stated: T | UnsetType, default: T) -> T:
    return default if stated is UNSET else stated
