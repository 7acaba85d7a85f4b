"""When a rule is on, and for which targets: arming, switching off, classes, sizes."""

from typing import Any

import pytest

from detectors.rules import gates
from kernel.events import TargetClass
from kernel.site.model import SizeLimits
from tests.detectors.rule_scenes import SECOND, Scene, rule, target, walk

LINE = rule("line_crossing", [(300, 200), (700, 200)])
UPPER, LOWER = (500, 180), (500, 220)
SQUARE = [(400, 200), (600, 200), (600, 400), (400, 400)]
OUTSIDE, INSIDE = (300, 300), (500, 300)


def test_arming_while_a_target_is_beyond_the_line_or_inside_brings_about_nothing() -> None:
    scene = Scene(LINE, rule("region_entrance", SQUARE, id="entrance"), armed_ns=None)
    assert scene.walk(UPPER, INSIDE) == []
    scene.armed_ns = scene.frame * SECOND // 10
    assert scene.walk(INSIDE, (510, 300)) == []


def test_a_rule_armed_in_the_middle_knows_on_which_side_targets_are() -> None:
    scene = Scene(LINE, armed_ns=None)
    assert scene.walk(UPPER, (500, 199)) == []
    scene.armed_ns = 0
    assert scene.walk(LOWER) == ["a_to_b"]


@pytest.mark.parametrize("off", [{"enabled": False}, {"sensitivity": 0}])
@pytest.mark.parametrize("type", ["intrusion", "region_entrance", "region_exiting"])
def test_a_rule_that_is_off_never_triggers(type: Any, off: dict[str, Any]) -> None:
    assert walk(rule(type, SQUARE), OUTSIDE, INSIDE, OUTSIDE) == [type]
    assert walk(rule(type, SQUARE, **off), OUTSIDE, INSIDE, OUTSIDE) == []


@pytest.mark.parametrize(
    ("kind", "counts"), [("human", True), ("vehicle", True), ("unknown", True), ("animal", False), ("other", False)]
)
def test_the_classes_that_the_rule_watches_for_count_and_so_do_the_unclassified(
    kind: TargetClass, counts: bool
) -> None:
    assert bool(walk(LINE, UPPER, LOWER, kind=kind)) == counts


@pytest.mark.parametrize(("width", "counts"), [(9, False), (10, True), (30, True), (31, False)])
def test_size_limits_are_inclusive(width: int, counts: bool) -> None:
    limits = SizeLimits(min_width=10_000, max_width=30_000)
    assert bool(walk(_sized(human=limits), UPPER, LOWER, size=(width, 20))) == counts


def test_the_limits_of_another_class_do_not_matter() -> None:
    assert walk(_sized(vehicle=SizeLimits(min_width=900_000)), UPPER, LOWER) == ["a_to_b"]


def test_for_animals_only_the_height_counts() -> None:
    watched = _sized(animal=SizeLimits(min_width=900_000, min_height=40_000, max_height=60_000))
    assert walk(watched, UPPER, LOWER, kind="animal", size=(8, 20)) == ["a_to_b"]
    assert walk(watched, UPPER, LOWER, kind="animal", size=(8, 19)) == []


def test_an_unclassified_target_passes_if_it_would_as_one_of_the_classes() -> None:
    too_large, small = SizeLimits(min_height=900_000), SizeLimits(max_width=10_000)
    assert walk(_sized(human=too_large, vehicle=small, animal=small), UPPER, LOWER, kind="unknown") == ["a_to_b"]
    all_too_large = _sized(human=too_large, vehicle=too_large, animal=too_large)
    assert walk(all_too_large, UPPER, LOWER, kind="unknown") == []


def test_a_gate_says_by_how_much_it_was_passed_or_missed() -> None:
    watched = _sized(human=SizeLimits(min_width=10_000, max_height=50_000))
    wide_enough = gates.size_gate(watched, target(UPPER, size=(12, 20)))
    assert (wide_enough.name, wide_enough.passed, wide_enough.margin) == ("size.min_width", True, 2_000)
    too_high = gates.size_gate(watched, target(UPPER, size=(12, 26)))
    assert (too_high.name, too_high.value, too_high.limit, too_high.margin) == (
        "size.max_height",
        52_000,
        50_000,
        -2_000,
    )
    assert not too_high.passed
    no_limit = gates.size_gate(watched, target(UPPER, kind="vehicle"))
    assert (no_limit.passed, no_limit.limit, no_limit.margin) == (True, None, None)
    assert gates.duration_gate(4 * SECOND, 5 * SECOND).margin == -SECOND
    assert gates.active_gate(rule("intrusion", SQUARE, sensitivity=0)).margin == -1


def _sized(**limits: SizeLimits) -> Any:
    everything = frozenset({"human", "vehicle", "animal"})
    return rule("line_crossing", [(300, 200), (700, 200)], targets=everything, size_filter=limits)
