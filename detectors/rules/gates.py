"""The gates of a rule: what a target must be for its doings to count. Each says by how much it was passed or missed."""

import msgspec

from detectors.scale import limits_at
from detectors.scene_modes import SCENE_MODES, thresholds
from detectors.target import Target
from kernel.events import Box
from kernel.site.model import Rule, SizeLimits, TargetName

UNLIMITED = SizeLimits()


class Gate(msgspec.Struct, frozen=True):
    """The verdict of one gate.

    `value` is what the target has, `limit` what the rule asks for, in `unit`. `margin` is how far the value is on the
    right side of the limit, in the same unit; negative where it is missed, None where there is no distance to
    measure (names) or no limit.
    """

    name: str
    passed: bool
    value: int | str
    limit: int | str | None
    margin: int | None
    unit: str


def active_gate(rule: Rule) -> Gate:
    """Is the rule on at all? Sensitivity 0 and `enabled = false` switch it off."""
    value = rule.sensitivity if rule.enabled else 0
    return Gate("active", value >= 1, value, 1, value - 1, "sensitivity")


def target_gate(rule: Rule, target: Target) -> Gate:
    """Does the rule watch for this class? A target not yet classified counts."""
    passed = target.target == "unknown" or target.target in rule.targets
    return Gate("target", passed, target.target, ", ".join(sorted(rule.targets)), None, "class")


def size_gate(rule: Rule, target: Target) -> Gate:
    """Is the target within the size limits of its class? Limits are inclusive; the verdict is of the tightest one.
    With a perspective they are those for where the target stands.

    A target not yet classified passes if it would as one of the rule's classes; the verdict is then of the class
    that suits it best.
    """
    if target.target != "unknown":
        return _size_as(rule, target.target, target.box)
    candidates = [_size_as(rule, name, target.box) for name in sorted(rule.targets)]
    return max(candidates, key=_leniency, default=_size_within(UNLIMITED, target.box))


def duration_gate(elapsed_ns: int, duration_ns: int) -> Gate:
    """Has the target stayed long enough? Exactly the duration is enough."""
    margin = elapsed_ns - duration_ns
    return Gate("duration", margin >= 0, elapsed_ns, duration_ns, margin, "ns")


def score_gate(rule: Rule, target: Target) -> Gate:
    """Does the target stand out enough from the background? Without that it would not have been seen."""
    _, seed = thresholds(rule.sensitivity, SCENE_MODES[rule.scene_mode])
    return Gate("score", target.score >= seed, target.score, seed, target.score - seed, "tenths of sigma")


def armed_gate(captured_ns: int, armed_ns: int | None) -> Gate:
    """Is the rule armed, and for how long already?"""
    if armed_ns is None:
        return Gate("armed", False, "not armed", "armed", None, "arming")
    return Gate("armed", True, captured_ns - armed_ns, 0, captured_ns - armed_ns, "ns")


def hysteresis_gate(distance: int, band: int) -> Gate:
    """Is the target clear of the line? Exactly on the rim of the band is clear."""
    return Gate("hysteresis", distance >= band, distance, band, distance - band, "millionths of a pixel")


def inside_gate(depth: int) -> Gate:
    """Is the target in the region? `depth` is its distance from the boundary, negative outside."""
    return Gate("inside", depth >= 0, depth, 0, depth, "millionths of a pixel")


def count_gate(name: str, count: int, unit: str) -> Gate:
    """Did it happen at least once?"""
    return Gate(name, count >= 1, count, 1, count - 1, unit)


def once_gate(hits: int) -> Gate:
    """Has this stay had no hit so far?"""
    return Gate("once a stay", hits <= 0, hits, 0, -hits, "hits")


def gates(rule: Rule, target: Target) -> tuple[Gate, ...]:
    """The gates that every rule type has; `duration_gate` comes on top for intrusion."""
    return active_gate(rule), target_gate(rule, target), size_gate(rule, target)


def passes(rule: Rule, target: Target) -> bool:
    """Whether the target passes all of `gates`."""
    return all(gate.passed for gate in gates(rule, target))


def _size_as(rule: Rule, name: TargetName, box: Box) -> Gate:
    limits = limits_at(rule.perspective, rule.size_filter.get(name, UNLIMITED), box)
    if name == "animal":
        limits = SizeLimits(min_height=limits.min_height, max_height=limits.max_height)
    return _size_within(limits, box)


def _size_within(limits: SizeLimits, box: Box) -> Gate:
    """The gate of the limit with the smallest margin."""
    _, _, width, height = box
    checks = (
        ("min_width", width, limits.min_width, 1),
        ("max_width", width, limits.max_width, -1),
        ("min_height", height, limits.min_height, 1),
        ("max_height", height, limits.max_height, -1),
    )
    tightest = Gate("size", True, f"{width} x {height}", None, None, "millionths")
    for name, value, limit, sign in checks:
        if limit is None:
            continue
        margin = sign * (value - limit)
        if tightest.margin is None or margin < tightest.margin:
            tightest = Gate(f"size.{name}", margin >= 0, value, limit, margin, "millionths")
    return tightest


def _leniency(gate: Gate) -> tuple[bool, int]:
    """No limit is the most lenient, then the largest margin."""
    return gate.margin is None, gate.margin or 0
