"""Perspective: the height of a person everywhere, classes by size on the ground, size filters that follow it."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.classification import vote
from detectors.rules.gates import size_gate
from detectors.scale import SMALLEST_PART, limits_at, person_height
from detectors.segmentation import Blob
from detectors.target import Target
from detectors.track import Track, new_track
from kernel.events import TargetClass
from kernel.site.model import ChannelKind, Perspective, Rule, SizeLimits
from kernel.site.reader import SiteErrors, parse_site
from support.sites import whole_frame

MILLION = 1_000_000
WIDTH, HEIGHT = 640, 512
YARD = Perspective(950_000, 500_000, 400_000, 50_000)


@st.composite
def perspectives(draw: st.DrawFn) -> Perspective:
    far_foot = draw(st.integers(0, 900_000))
    near_foot = draw(st.integers(far_foot + 20_000, MILLION))
    far_height = draw(st.integers(1000, 400_000))
    return Perspective(near_foot, draw(st.integers(far_height, MILLION)), far_foot, far_height)


feet = st.integers(0, MILLION)


@given(perspectives(), feet, feet)
@settings(max_examples=100, deadline=None)
def test_a_person_is_never_smaller_nearer_by_and_as_high_as_said_at_both_places(
    perspective: Perspective, one: int, other: int
) -> None:
    further, nearer = sorted((one, other))
    assert 1 <= person_height(perspective, further) <= person_height(perspective, nearer)
    assert person_height(perspective, perspective.near_foot) == perspective.near_height
    assert person_height(perspective, perspective.far_foot) == perspective.far_height
    assert person_height(perspective, further) >= perspective.far_height // SMALLEST_PART


@given(perspectives(), feet, st.integers(1, 300), st.integers(1, 300), st.integers(1, 300))
@settings(max_examples=100, deadline=None)
def test_a_size_filter_says_the_same_of_a_target_wherever_it_stands(
    perspective: Perspective, foot: int, part: int, low: int, high: int
) -> None:
    """A target `part` percent of a person high, held against limits in percent of the near person."""
    person = person_height(perspective, foot)
    tall = person * part // 100
    limits = SizeLimits(
        min_height=perspective.near_height * low // 100, max_height=perspective.near_height * high // 100
    )
    there = limits_at(perspective, limits, (0, foot - tall, 10, tall))
    assert there.min_height is not None and there.max_height is not None
    assert abs(there.min_height - person * low // 100) <= 1 + person // perspective.near_height
    assert abs(there.max_height - person * high // 100) <= 1 + person // perspective.near_height
    assert limits_at(None, limits, (0, 0, 10, 10)) is limits


def sighted(foot: int, high: float, wide: float, kind: ChannelKind = "thermal") -> TargetClass:
    """The class of something that stands at `foot`, its sides in parts of a person's height there."""
    person_px = person_height(YARD, foot) * HEIGHT / MILLION
    bottom = round(foot * HEIGHT / MILLION)
    half = wide * person_px / 2
    blob = Blob(round(320 - half), round(bottom - high * person_px), round(320 + half), bottom, 90, 90)
    track = new_track(blob, 0)
    for _ in range(5):
        vote(track, (WIDTH, HEIGHT), kind, False, YARD)
    return track.target


PLACES = st.integers(450_000, 650_000)
"""Feet for which everything below lies within the frame."""


@pytest.mark.parametrize(
    ("what", "high", "wide", "expected"),
    [
        ("somebody upright", 1.0, 0.35, "human"),
        ("two side by side", 1.0, 0.85, "human"),
        ("a child", 0.65, 0.25, "human"),
        ("a dog", 0.35, 0.55, "animal"),
        ("a cat that comes nearer", 0.18, 0.12, "animal"),
        ("a deer", 0.67, 0.9, "animal"),
        ("a car from the side", 0.85, 2.6, "vehicle"),
        ("a car from the front", 0.88, 1.08, "vehicle"),
        ("a lorry", 2.1, 4.0, "vehicle"),
        ("a leaf", 0.04, 0.04, "other"),
    ],
)
@given(PLACES)
@settings(max_examples=15, deadline=None)
def test_what_stands_on_the_ground_is_told_by_its_size_near_and_far(
    what: str, high: float, wide: float, expected: str, foot: int
) -> None:
    assert sighted(foot, high, wide) == expected, what


def test_a_cat_sitting_near_by_is_no_person_once_its_size_is_known() -> None:
    cat = new_track(Blob(300, 380, 330, 440, 90, 90), 0)
    plain = msgspec.convert(msgspec.to_builtins(cat), Track)
    for _ in range(5):
        vote(cat, (WIDTH, HEIGHT), "thermal", False, YARD)
        vote(plain, (WIDTH, HEIGHT), "thermal", False)
    assert (cat.target, plain.target) == ("animal", "human")


SITE = whole_frame(**{"size_filter": "{ human = { min = [0.0, 0.4] } }"})


def yard_rule(perspective: str) -> Rule:
    return parse_site(SITE.replace("\n[[rule]]", f"\n[channel.perspective]\n{perspective}\n[[rule]]", 1))[0].rules[0]


def test_the_size_gate_shows_the_limit_for_where_the_target_stands() -> None:
    rule = yard_rule("near = { foot = 0.95, height = 0.5 }\nfar = { foot = 0.4, height = 0.05 }")
    assert rule.perspective == YARD
    far = Target(1, "human", (400_000, 350_000, 20_000, 50_000), True, 0, 0, 90)
    gate = size_gate(rule, far)
    assert (gate.name, gate.passed, gate.limit, gate.margin) == ("size.min_height", True, 40_000, 10_000)
    assert not size_gate(msgspec.structs.replace(rule, perspective=None), far).passed


@pytest.mark.parametrize(
    ("perspective", "message"),
    [
        (
            "near = { foot = 0.4, height = 0.5 }\nfar = { foot = 0.9, height = 0.1 }",
            "further down in the picture than far",
        ),
        ("near = { foot = 0.9, height = 0.1 }\nfar = { foot = 0.4, height = 0.5 }", "must not be less high than far"),
        (
            "near = { foot = 0.9, height = 0 }\nfar = { foot = 0.4, height = 0.5 }",
            "must be a fraction of the frame, from 0.001 to 1",
        ),
        ("near = { foot = 0.9, height = 0.4 }", "'far' is missing"),
        ("near = { foot = 0.9 }\nfar = { foot = 0.4, height = 0.5 }", "'height' is missing"),
        ("near = 0.5\nfar = { foot = 0.4, height = 0.5 }", "must be a table"),
    ],
)
def test_a_perspective_that_makes_no_sense_is_refused(perspective: str, message: str) -> None:
    with pytest.raises(SiteErrors) as errors:
        yard_rule(perspective)
    assert any(message in error.message for error in errors.value.errors)
