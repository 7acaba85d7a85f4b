"""What each rule means, as scenes in pixels. `docs/rules.md` says the same in prose.

The target is 8 x 20 pixels unless said otherwise, so that its hysteresis is the least there is: 2 pixels.
"""

from typing import Any

import pytest

from detectors.rules import RuleBook
from tests.detectors.rule_scenes import FRAME, SECOND, Scene, rule, target, walk

# From left to right through the middle of the picture: A is the upper side, B the lower.
LINE = rule("line_crossing", [(300, 200), (700, 200)])
UPPER, LOWER = (500, 180), (500, 220)
SQUARE = [(400, 200), (600, 200), (600, 400), (400, 400)]
ENTRANCE, EXITING = rule("region_entrance", SQUARE), rule("region_exiting", SQUARE)
INTRUSION = rule("intrusion", SQUARE, duration_ns=SECOND)
OUTSIDE, INSIDE, BEYOND = (300, 300), (500, 300), (700, 300)

# --- Line crossing ---------------------------------------------------------------------------------------------


def test_looking_from_the_first_to_the_second_point_a_is_on_the_left() -> None:
    assert walk(LINE, UPPER, LOWER) == ["a_to_b"]
    assert walk(LINE, LOWER, UPPER) == ["b_to_a"]
    upwards = rule("line_crossing", [(500, 400), (500, 100)])
    assert walk(upwards, (450, 300), (550, 300)) == ["a_to_b"]


def test_a_step_from_side_to_side_counts_as_a_slow_walk_does() -> None:
    assert walk(LINE, UPPER, *((500, y) for y in range(181, 220)), LOWER) == ["a_to_b"]


def test_a_crossing_counts_once_the_target_has_clearly_left_the_line() -> None:
    scene = Scene(LINE)
    assert scene.walk(UPPER, (500, 199), (500, 200), (500, 201), (500, 201.9)) == []
    assert scene.walk((500, 202)) == ["a_to_b"]
    assert scene.walk((500, 230), (500, 250)) == []


def test_a_larger_target_must_go_further_to_be_clear_of_the_line() -> None:
    large = {"size": (40, 100)}
    assert walk(LINE, UPPER, (500, 209.9), **large) == []
    assert walk(LINE, UPPER, (500, 210), **large) == ["a_to_b"]


def test_a_target_that_turns_back_on_the_line_crosses_nothing() -> None:
    assert walk(LINE, UPPER, (500, 199), (500, 201.5), (500, 198.5), UPPER) == []


def test_jitter_on_the_line_adds_no_crossings() -> None:
    jitter = [(500, 200 + dy) for dy in (1, -1.5, 0, 1.9, -1.9, 0, -1, 1)]
    assert walk(LINE, UPPER, *jitter, LOWER) == ["a_to_b"]
    assert walk(LINE, UPPER, *jitter, UPPER) == []


def test_each_real_crossing_counts() -> None:
    assert walk(LINE, UPPER, LOWER, UPPER, LOWER) == ["a_to_b", "b_to_a", "a_to_b"]


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_only_the_watched_direction_counts(direction: Any) -> None:
    watched = rule("line_crossing", [(300, 200), (700, 200)], direction=direction)
    assert walk(watched, UPPER, LOWER, UPPER) == [direction]


def test_going_round_the_end_of_the_line_is_no_crossing() -> None:
    assert walk(LINE, (600, 180), (710, 180), (710, 220), (600, 220)) == []
    assert walk(LINE, (710, 150), (710, 250)) == []


def test_after_going_round_the_end_the_way_back_through_the_line_counts() -> None:
    assert walk(LINE, (690, 180), (710, 180), (710, 201), (690, 201), (690, 180)) == ["b_to_a"]


def test_a_target_that_crosses_and_leaves_past_the_end_of_the_line_has_crossed() -> None:
    assert walk(LINE, (695, 190), (698, 200.5), (701, 200.5), (710, 200.5)) == ["a_to_b"]


def test_a_target_that_appears_on_the_line_belongs_to_the_side_where_it_first_is_clearly() -> None:
    assert walk(LINE, (500, 199), (500, 201), LOWER) == []
    assert walk(LINE, (500, 199), (500, 201), LOWER, UPPER) == ["b_to_a"]


def test_a_target_that_appears_clearly_beyond_the_line_has_not_crossed_it() -> None:
    assert walk(LINE, LOWER, (500, 300)) == []


def test_nothing_passes_below_a_line_that_ends_at_the_border_of_the_frame() -> None:
    to_the_ground = rule("line_crossing", [(500, 100), (500, 500)])
    assert walk(to_the_ground, (400, 500), (600, 500)) == ["b_to_a"]
    assert walk(to_the_ground, (400, 506), (600, 506)) == ["b_to_a"]


def test_the_rule_follows_the_anchor_that_it_was_given() -> None:
    by_centre = rule("line_crossing", [(300, 200), (700, 200)], anchor="centre")
    assert walk(by_centre, UPPER, LOWER) == ["a_to_b"]
    assert walk(by_centre, (500, 207), (500, 213)) == ["a_to_b"]
    assert walk(LINE, (500, 207), (500, 213)) == []


def test_a_loss_while_crossing_is_bridged_and_the_hit_comes_when_the_target_is_seen_again() -> None:
    scene = Scene(LINE)
    scene.show(target(UPPER))
    assert scene.show(target(LOWER, seen=False)) == []
    assert [hit.detail for hit in scene.show(target(LOWER))] == ["a_to_b"]


def test_where_a_lost_target_is_supposed_to_be_is_no_part_of_its_path() -> None:
    scene = Scene(LINE)
    scene.show(target(UPPER))
    assert scene.show(target(LOWER, seen=False)) == []
    assert scene.show(target(UPPER)) == []


# --- Region entrance and exiting -------------------------------------------------------------------------------


def test_walking_in_is_an_entrance_and_walking_out_an_exit() -> None:
    assert walk(ENTRANCE, OUTSIDE, INSIDE, BEYOND) == ["region_entrance"]
    assert walk(EXITING, OUTSIDE, INSIDE, BEYOND) == ["region_exiting"]


def test_appearing_inside_is_no_entrance_but_walking_out_then_is_an_exit() -> None:
    assert walk(ENTRANCE, INSIDE, (510, 300), OUTSIDE) == []
    assert walk(EXITING, INSIDE, (510, 300), OUTSIDE) == ["region_exiting"]


def test_vanishing_inside_is_no_exit() -> None:
    scene = Scene(EXITING)
    assert scene.walk(OUTSIDE, INSIDE) == []
    assert scene.show(target((601, 300), seen=False)) == []
    assert scene.show() == []
    assert scene.walk(OUTSIDE) == []


def test_an_entrance_counts_once_the_target_is_clearly_inside() -> None:
    scene = Scene(ENTRANCE)
    assert scene.walk(OUTSIDE, (399, 300), (400, 300), (401.9, 300)) == []
    assert scene.walk((402, 300)) == ["region_entrance"]


def test_jitter_on_the_boundary_adds_neither_entrances_nor_exits() -> None:
    jitter = [(400 + dx, 300) for dx in (1, -1.5, 0, 1.9, -1.9, 0, -1, 1)]
    assert walk(ENTRANCE, OUTSIDE, *jitter, INSIDE, *jitter, OUTSIDE) == ["region_entrance"]
    assert walk(EXITING, OUTSIDE, *jitter, INSIDE, *jitter, OUTSIDE) == ["region_exiting"]
    assert walk(ENTRANCE, OUTSIDE, *jitter, OUTSIDE) == []


def test_a_target_that_appears_on_the_boundary_belongs_where_it_first_is_clearly() -> None:
    assert walk(ENTRANCE, (399, 300), (401, 300), INSIDE) == []
    assert walk(EXITING, (401, 300), (399, 300), OUTSIDE) == []


def test_a_step_right_through_the_region_is_an_entrance_and_an_exit() -> None:
    assert walk(ENTRANCE, OUTSIDE, BEYOND) == ["region_entrance"]
    assert walk(EXITING, OUTSIDE, BEYOND) == ["region_exiting"]


def test_a_step_that_only_touches_a_corner_is_neither() -> None:
    assert walk(ENTRANCE, (300, 299), (499, 100)) == []
    assert walk(ENTRANCE, (302, 300), (502, 100)) == []


def test_a_step_over_both_arms_of_a_region_enters_twice() -> None:
    fork = [(400, 200), (450, 200), (450, 350), (550, 350), (550, 200), (600, 200), (600, 400), (400, 400)]
    assert walk(rule("region_entrance", fork), (300, 300), (700, 300)) == ["region_entrance"] * 2
    assert walk(rule("region_exiting", fork), (300, 300), (500, 300), (700, 300)) == ["region_exiting"] * 2


def test_a_target_larger_than_the_region_can_be_clearly_inside() -> None:
    narrow = rule("region_entrance", [(400, 200), (410, 200), (410, 400), (400, 400)])
    assert walk(narrow, (300, 300), (405, 300), size=(200, 100)) == ["region_entrance"]


def test_an_edge_on_the_border_of_the_frame_is_no_boundary() -> None:
    ground = [(400, 300), (600, 300), (600, 500), (400, 500)]
    assert walk(rule("region_entrance", ground), (300, 500), (450, 500)) == ["region_entrance"]
    assert walk(rule("region_exiting", ground), (450, 450), (450, 500), (450, 520)) == []


# --- Intrusion -------------------------------------------------------------------------------------------------


def stays(scene: Scene, frames: int, foot: tuple[float, float] = INSIDE) -> list[int]:
    """The frames with a hit while the target stands still for so many."""
    return [f for f in range(scene.frame, scene.frame + frames) if scene.walk(foot)]


def test_a_stay_triggers_once_when_it_has_lasted_exactly_the_duration() -> None:
    scene = Scene(INTRUSION)
    scene.walk(OUTSIDE, OUTSIDE)
    assert stays(scene, 30) == [12]


def test_a_duration_of_zero_triggers_at_once() -> None:
    scene = Scene(rule("intrusion", SQUARE))
    assert scene.walk(OUTSIDE) == []
    assert stays(scene, 5) == [1]


def test_the_time_counts_from_arming_where_that_came_later() -> None:
    scene = Scene(INTRUSION, armed_ns=None)
    assert stays(scene, 20) == []
    scene.armed_ns = 2 * SECOND
    assert stays(scene, 20) == [30]


def test_a_target_first_seen_inside_counts_from_its_first_sighting() -> None:
    scene = Scene(INTRUSION)
    scene.frame = 20
    first_seen_ns = 16 * SECOND // 10
    hits = [scene.frame - 1 for _ in range(15) if scene.walk(INSIDE, first_seen_ns=first_seen_ns)]
    assert hits == [26]


def test_a_target_that_walked_in_does_not_count_from_its_first_sighting() -> None:
    scene = Scene(INTRUSION)
    stays(scene, 10, OUTSIDE)
    assert stays(scene, 20) == [20]


def test_the_time_counts_from_the_boundary_though_the_target_must_get_clear_of_it() -> None:
    scene = Scene(INTRUSION)
    scene.walk(OUTSIDE)
    assert stays(scene, 5, (401, 300)) == []
    assert stays(scene, 10) == [11]


def test_standing_on_the_boundary_is_no_stay() -> None:
    scene = Scene(INTRUSION)
    scene.walk(OUTSIDE)
    assert stays(scene, 30, (401, 300)) == []


def test_a_short_loss_does_not_stop_the_time_but_the_hit_waits_for_a_sighting() -> None:
    scene = Scene(INTRUSION)
    scene.walk(OUTSIDE, INSIDE)
    assert [scene.show(target(INSIDE, seen=False)) for _ in range(15)] == [[]] * 15
    assert stays(scene, 5) == [17]


def test_a_step_over_the_boundary_does_not_stop_the_time_but_the_hit_waits_until_it_is_back() -> None:
    scene = Scene(INTRUSION)
    scene.walk(OUTSIDE, INSIDE)
    assert stays(scene, 15, (399, 300)) == []
    assert stays(scene, 5) == [17]


def test_clearly_leaving_ends_the_stay_and_coming_back_may_trigger_again() -> None:
    scene = Scene(INTRUSION)
    scene.walk(OUTSIDE)
    assert stays(scene, 5) == []
    scene.walk(OUTSIDE)
    assert stays(scene, 15) == [17]
    assert stays(scene, 15) == []
    scene.walk(OUTSIDE)
    assert stays(scene, 15) == [48]


def test_coming_and_going_within_the_band_begins_no_stay_before_the_last_time_in() -> None:
    scene = Scene(INTRUSION)
    assert scene.walk(OUTSIDE, (401, 300), (401, 300), (399, 300), (401, 300)) == []
    assert stays(scene, 15) == [14]


def test_a_step_through_the_outside_begins_a_new_stay() -> None:
    fork = [(400, 200), (450, 200), (450, 350), (550, 350), (550, 200), (600, 200), (600, 400), (400, 400)]
    scene = Scene(rule("intrusion", fork, duration_ns=SECOND))
    assert stays(scene, 5, (420, 300)) == []
    assert stays(scene, 15, (580, 300)) == [15]


def test_a_stay_that_goes_on_triggers_again_when_the_rule_is_armed_anew() -> None:
    scene = Scene(INTRUSION)
    assert stays(scene, 20) == [10]
    scene.armed_ns = None
    assert stays(scene, 10) == []
    scene.armed_ns = 3 * SECOND
    assert stays(scene, 20) == [40]


def test_a_stay_waits_until_the_target_passes_the_gates() -> None:
    scene = Scene(INTRUSION)
    assert [scene.walk(INSIDE, kind="animal") for _ in range(15)] == [[]] * 15
    assert scene.walk(INSIDE, kind="human") == ["intrusion"]


# --- Several rules and targets ---------------------------------------------------------------------------------


def test_hits_come_in_the_order_of_the_rules_then_of_the_tracks() -> None:
    second = rule("line_crossing", [(700, 200), (300, 200)], id="backwards")
    scene = Scene(second, LINE)
    scene.show(target(UPPER, track=9), target(UPPER, track=2))
    hits = scene.show(target(LOWER, track=9), target(LOWER, track=2))
    found = [(hit.rule, hit.track, hit.detail) for hit in hits]
    assert found == [
        ("backwards", 2, "b_to_a"),
        ("backwards", 9, "b_to_a"),
        ("rule", 2, "a_to_b"),
        ("rule", 9, "a_to_b"),
    ]


def test_a_hit_carries_the_rules_type_and_the_targets_class_and_box() -> None:
    scene = Scene(LINE)
    scene.show(target(UPPER, kind="vehicle"))
    (hit,) = scene.show(target(LOWER, kind="vehicle"))
    assert (hit.type, hit.target, hit.box) == ("line_crossing", "vehicle", target(LOWER).box)


def test_a_track_no_longer_listed_is_forgotten() -> None:
    for watched in (LINE, ENTRANCE, INTRUSION):
        scene, fresh = Scene(watched), Scene(watched)
        scene.walk(OUTSIDE, INSIDE)
        scene.show()
        assert scene.remembered() == fresh.remembered()


def test_the_state_shows_what_is_remembered() -> None:
    for watched in (LINE, ENTRANCE, EXITING, INTRUSION):
        scene, twin = Scene(watched), Scene(watched)
        scene.walk(OUTSIDE, INSIDE)
        assert scene.remembered() != twin.remembered()
        twin.walk(OUTSIDE, INSIDE)
        assert scene.remembered() == twin.remembered()


def test_a_change_of_settings_keeps_positions_and_one_of_geometry_forgets_them() -> None:
    scene = Scene(LINE)
    scene.walk(UPPER)
    scene.book.configure((rule("line_crossing", [(300, 200), (700, 200)], direction="a_to_b", sensitivity=80),))
    assert scene.walk(LOWER) == ["a_to_b"]
    scene.book.configure((rule("line_crossing", [(300, 200), (700, 201)]),))
    assert scene.walk(UPPER) == []


def test_a_changed_duration_holds_for_the_stay_that_is_under_way() -> None:
    scene = Scene(INTRUSION)
    scene.walk(OUTSIDE, INSIDE)
    scene.book.configure((rule("intrusion", SQUARE, duration_ns=2 * SECOND),))
    assert stays(scene, 30) == [21]


def test_rules_without_their_geometry_or_with_the_same_id_are_refused() -> None:
    with pytest.raises(ValueError, match="'rule': line_crossing needs a line"):
        RuleBook((rule("line_crossing", [(0, 0), (1, 1)], line=None),), FRAME)
    with pytest.raises(ValueError, match="'rule': intrusion needs a region"):
        RuleBook((rule("intrusion", SQUARE, region=None),), FRAME)
    with pytest.raises(ValueError, match="share an id"):
        RuleBook((LINE, ENTRANCE), FRAME)
    with pytest.raises(ValueError, match="0 x 500"):
        RuleBook((), (0, 500))
