"""Any walk through any line or region gives exactly the crossings, entrances and exits of its path.

The truth comes from the path as it was meant, in rational arithmetic, without bands. Only paths whose truth is beyond
dispute are taken: every leg ends clear of the boundary, and crosses it clear of the line's ends or cleanly from deep
on one side to deep on the other. What the rules see are the legs sampled at any density, each sighting jittered by
less than the hysteresis allows.
"""

from fractions import Fraction
from itertools import pairwise
from math import cos, pi, sin
from typing import Any

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from detectors.rules import RuleBook
from kernel.site.model import Rule
from tests.detectors.rule_scenes import FRAME, FRAME_TIME, Scene, rule, target

Spot = tuple[Fraction, Fraction]
PROFILE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

BAND = 2
"""Of the targets here, in pixels."""
JITTER = Fraction(9, 10)
"""In x and in y: less than 1.3 pixels in all."""
CLEAR = BAND + 2
"""A spot this far away is clear however it is jittered."""

COORDINATE = st.tuples(st.integers(20, 980), st.integers(20, 480))


def whole(point: tuple[int, int]) -> Spot:
    return Fraction(point[0]), Fraction(point[1])


def meeting(p: Spot, q: Spot, a: Spot, b: Spot) -> Fraction | None:
    """The share of the leg p-q at which it meets the segment a-b, by Cramer's rule."""
    (ux, uy), (vx, vy) = (q[0] - p[0], q[1] - p[1]), (b[0] - a[0], b[1] - a[1])
    determinant = uy * vx - ux * vy
    if determinant == 0:
        return None
    wx, wy = a[0] - p[0], a[1] - p[1]
    on_leg, on_edge = (wy * vx - wx * vy) / determinant, (ux * wy - uy * wx) / determinant
    return on_leg if 0 <= on_leg <= 1 and 0 <= on_edge <= 1 else None


def distance_squared(point: Spot, a: Spot, b: Spot) -> Fraction:
    vx, vy = b[0] - a[0], b[1] - a[1]
    squared = vx * vx + vy * vy
    share = ((point[0] - a[0]) * vx + (point[1] - a[1]) * vy) / squared if squared else Fraction(0)
    share = min(max(share, Fraction(0)), Fraction(1))
    return (point[0] - a[0] - share * vx) ** 2 + (point[1] - a[1] - share * vy) ** 2


def at(p: Spot, q: Spot, share: Fraction) -> Spot:
    return p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])


def sighted(draw: Any, spots: list[Spot]) -> list[Spot]:
    """The corners of the path and any number of sightings on its legs, jittered."""
    seen = [spots[0]]
    for p, q in pairwise(spots):
        shares = draw(st.lists(st.fractions(0, 1, max_denominator=40), max_size=6).map(sorted))
        seen.extend(at(p, q, share) for share in (*shares, Fraction(1)))
    wobble = st.integers(-90, 90).map(lambda n: n * JITTER / 90)
    return [(x + draw(wobble), y + draw(wobble)) for x, y in seen]


def hits(watched: Rule, sightings: list[Spot]) -> list[str]:
    return Scene(watched).walk(*((float(x), float(y)) for x, y in sightings))


# --- Lines -----------------------------------------------------------------------------------------------------


def beyond_dispute_at_line(p: Spot, q: Spot, a: Spot, b: Spot) -> bool:
    ends_clear = min(distance_squared(p, a, b), distance_squared(q, a, b)) >= CLEAR**2
    return ends_clear and min(distance_squared(a, p, q), distance_squared(b, p, q)) >= CLEAR**2


@st.composite
def walks_at_a_line(draw: Any) -> tuple[Rule, list[Spot], list[str]]:
    """A line, what is seen of a walk, and the directions in which the walk crosses it."""
    a, b = whole(draw(COORDINATE)), whole(draw(COORDINATE))
    assume(distance_squared(a, b, b) > 30**2)
    near_line = st.builds(
        lambda share, dx, dy: (a[0] + (b[0] - a[0]) * share + dx, a[1] + (b[1] - a[1]) * share + dy),
        st.fractions(Fraction(-1, 5), Fraction(6, 5), max_denominator=20),
        st.integers(-25, 25),
        st.integers(-25, 25),
    )
    spots: list[Spot] = []
    truth: list[str] = []
    for spot in draw(st.lists(near_line | COORDINATE.map(whole), min_size=2, max_size=10)):
        if not (0 <= spot[0] <= FRAME[0] and 0 <= spot[1] <= FRAME[1]):
            continue
        start = spots[-1] if spots else spot
        if not beyond_dispute_at_line(start, spot, a, b):
            continue
        if meeting(start, spot, a, b) is not None:
            # y goes down: left of a-b is where the cross product of a-b with a-spot is negative
            ends_left = (b[0] - a[0]) * (spot[1] - a[1]) < (b[1] - a[1]) * (spot[0] - a[0])
            truth.append("b_to_a" if ends_left else "a_to_b")
        spots.append(spot)
    assume(len(spots) >= 2)
    shape = [(float(x), float(y)) for x, y in (a, b)]
    return rule("line_crossing", shape), sighted(draw, spots), truth


@PROFILE
@given(walks_at_a_line())
def test_any_walk_crosses_any_line_exactly_as_its_path_does(case: tuple[Rule, list[Spot], list[str]]) -> None:
    watched, sightings, truth = case
    assert hits(watched, sightings) == truth
    for direction in ("a_to_b", "b_to_a"):
        directed = msgspec.structs.replace(watched, direction=direction)
        assert hits(directed, sightings) == [detail for detail in truth if detail == direction]


def swapped(details: list[str]) -> list[str]:
    return [{"a_to_b": "b_to_a", "b_to_a": "a_to_b"}[detail] for detail in details]


WHOLE_WALK = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 500)), min_size=2, max_size=12)
CLOSE_WALK = st.lists(st.tuples(st.integers(490, 510), st.integers(240, 260)), min_size=2, max_size=12)
LINES = st.tuples(COORDINATE, COORDINATE) | st.just(((490, 250), (505, 250)))


@PROFILE
@given(LINES, WHOLE_WALK | CLOSE_WALK)
def test_turning_the_line_round_swaps_the_directions_on_any_walk_whatever(
    line: tuple[tuple[int, int], tuple[int, int]], feet: list[tuple[int, int]]
) -> None:
    forwards = Scene(rule("line_crossing", line)).walk(*feet)
    backwards = Scene(rule("line_crossing", line[::-1])).walk(*feet)
    assert backwards == swapped(forwards)


@PROFILE
@given(walks_at_a_line())
def test_the_mirror_image_of_a_walk_crosses_the_mirrored_line_the_other_way(
    case: tuple[Rule, list[Spot], list[str]],
) -> None:
    watched, sightings, truth = case
    assert watched.line is not None
    shape = [(FRAME[0] - x / 1000, y / 2000) for x, y in watched.line]
    assert hits(rule("line_crossing", shape), [(FRAME[0] - x, y) for x, y in sightings]) == swapped(truth)


@PROFILE
@given(LINES, WHOLE_WALK | CLOSE_WALK)
def test_on_any_walk_whatever_crossings_come_only_after_leaving_the_line_and_one_a_frame(
    line: tuple[tuple[int, int], tuple[int, int]], feet: list[tuple[int, int]]
) -> None:
    scene = Scene(rule("line_crossing", line))
    a, b = whole(line[0]), whole(line[1])
    for foot in feet:
        found = scene.walk(foot)
        assert len(found) <= 1
        assert not found or distance_squared(whole(foot), a, b) >= BAND**2


# --- Regions ---------------------------------------------------------------------------------------------------


@st.composite
def regions(draw: Any) -> list[tuple[int, int]]:
    """A simple polygon of 3 to 10 points, often with notches: its points go round a centre in order."""
    count = draw(st.integers(3, 10))
    centre = draw(st.tuples(st.integers(250, 750), st.integers(230, 270)))
    corners: list[tuple[int, int]] = []
    for i in range(count):
        radius, angle = draw(st.integers(40, 210)), 2 * pi * (i + draw(st.floats(0, 0.6))) / count
        corners.append((round(centre[0] + radius * cos(angle)), round(centre[1] + radius * sin(angle))))
    return corners[:: draw(st.sampled_from([1, -1]))]


def even_odd(corners: list[Spot], spot: Spot) -> bool:
    """Whether a ray from a spot, which must not be on the boundary, leaves the polygon an odd number of times."""
    inside = False
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        if (a[1] > spot[1]) != (b[1] > spot[1]):
            inside ^= spot[0] < a[0] + (spot[1] - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
    return inside


def depth_squared(corners: list[Spot], spot: Spot) -> Fraction:
    return min(distance_squared(spot, a, b) for a, b in zip(corners, corners[1:] + corners[:1], strict=True))


def sides_along(corners: list[Spot], p: Spot, q: Spot) -> list[bool] | None:
    """Inside or not, for each stretch of the leg between boundary and boundary; None where that can be disputed."""
    if min(distance_squared(corner, p, q) for corner in corners) == 0:
        return None
    pairs = zip(corners, corners[1:] + corners[:1], strict=True)
    shares = sorted(share for a, b in pairs if (share := meeting(p, q, a, b)) is not None)
    cuts = [Fraction(0), *shares, Fraction(1)]
    stretches = list(pairwise(cuts))
    # The first and last stretch are clear at their outer ends, the others are to be in their middles.
    spots = [p, *(at(p, q, (low + high) / 2) for low, high in stretches[1:-1]), q]
    if any(depth_squared(corners, spot) < CLEAR**2 for spot in spots):
        return None
    return [even_odd(corners, spot) for spot in (spots if len(stretches) > 1 else spots[:1])]


@st.composite
def walks_at_a_region(draw: Any) -> tuple[list[tuple[int, int]], list[Spot], list[bool]]:
    """A region, what is seen of a walk, and on which sides of the boundary the walk is, one after the other."""
    region = draw(regions())
    corners = [whole(corner) for corner in region]
    spots: list[Spot] = []
    sides: list[bool] = []
    for spot in draw(st.lists(COORDINATE.map(whole), min_size=2, max_size=8)):
        start = spots[-1] if spots else spot
        passed = sides_along(corners, start, spot)
        if passed is None:
            continue
        sides.extend(passed)
        spots.append(spot)
    assume(len(spots) >= 2)
    return region, sighted(draw, spots), sides


def changes(sides: list[bool], to_inside: bool) -> int:
    return sum(new is to_inside and old is not to_inside for old, new in pairwise(sides))


@PROFILE
@given(walks_at_a_region())
def test_any_walk_enters_and_leaves_any_region_exactly_as_its_path_does(
    case: tuple[list[tuple[int, int]], list[Spot], list[bool]],
) -> None:
    region, sightings, sides = case
    assert len(hits(rule("region_entrance", region), sightings)) == changes(sides, to_inside=True)
    assert len(hits(rule("region_exiting", region), sightings)) == changes(sides, to_inside=False)


@PROFILE
@given(walks_at_a_region())
def test_walking_back_turns_entrances_into_exits(
    case: tuple[list[tuple[int, int]], list[Spot], list[bool]],
) -> None:
    region, sightings, sides = case
    assert len(hits(rule("region_entrance", region), sightings[::-1])) == changes(sides, to_inside=False)
    assert len(hits(rule("region_exiting", region), sightings[::-1])) == changes(sides, to_inside=True)


@PROFILE
@given(regions(), WHOLE_WALK)
def test_on_any_walk_whatever_entrances_and_exits_take_turns_and_the_mirror_image_agrees(
    region: list[tuple[int, int]], feet: list[tuple[int, int]]
) -> None:
    book = [rule("region_entrance", region, id="in"), rule("region_exiting", region, id="out")]
    mirrored = [(FRAME[0] - x, y) for x, y in region]
    twin = [rule("region_entrance", mirrored, id="in"), rule("region_exiting", mirrored, id="out")]
    scene, image = Scene(*book), Scene(*twin)
    balance: set[int] = set()
    seen = 0
    for x, y in feet:
        found = [hit.rule for hit in scene.show(target((x, y)))]
        assert [hit.rule for hit in image.show(target((FRAME[0] - x, y)))] == found
        seen += found.count("in") - found.count("out")
        balance.add(seen)
    assert max(balance) - min(balance) <= 1


FRAMES = st.integers(0, 30)


@PROFILE
@given(st.lists(COORDINATE, min_size=1, max_size=60), FRAMES, FRAMES, FRAMES)
def test_a_stay_triggers_once_in_its_first_frame_that_is_late_enough_however_the_target_moves_inside(
    feet: list[tuple[int, int]], duration: int, armed_at: int, first_seen: int
) -> None:
    almost_all = [(10, 10), (990, 10), (990, 490), (10, 490)]
    book = RuleBook((rule("intrusion", almost_all, duration_ns=duration * FRAME_TIME),), FRAME)
    found: list[int] = []
    last = first_seen + len(feet) - 1
    for frame, foot in enumerate(feet, start=first_seen):
        armed = {"rule": armed_at * FRAME_TIME} if frame >= armed_at else {}
        standing = target(foot, first_seen_ns=first_seen * FRAME_TIME)
        found += [frame] * len(book.judge({"rule": (standing,)}, frame * FRAME_TIME, armed))
    due = max(first_seen, armed_at) + duration
    assert found == ([due] if due <= last else [])
