"""Targets that merge into one blob: its sides go on measuring those that are outermost."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from detectors.merged import see_merged
from detectors.scene_modes import SCENE_MODES
from detectors.segmentation import Blob
from detectors.track import new_track
from detectors.tracker import Tracker

FRAME = (640, 480)
STEP_NS = 100_000_000
WIDTH, HEIGHT = 20, 60


def person(x: int, y: int = 200) -> Blob:
    """Somebody whose left side is at x."""
    return Blob(x, y, x + WIDTH, y + HEIGHT, area=800, score=200)


def seen(*people: Blob) -> tuple[Blob, ...]:
    """Two people as the camera sees them: one blob where they touch."""
    a, b = sorted(people, key=lambda p: p.x0)
    if b.x0 > a.x1:
        return a, b
    return (Blob(a.x0, min(a.y0, b.y0), b.x1, max(a.y1, b.y1), a.area + b.area, 200),)


def followed(left: list[int], right: list[int]) -> list[dict[int, float]]:
    """Two people whose left sides go through these places, ten times a second: by track, where its centre is."""
    numbers = count(1)
    tracker = Tracker(SCENE_MODES["general"], "optical", lambda: next(numbers))
    found: list[dict[int, float]] = []
    for n, (a, b) in enumerate(zip(left, right, strict=True)):
        tracker.follow(seen(person(a), person(b)), n * STEP_NS, FRAME)
        found.append({track.id: track.x.position for track in tracker.confirmed})
    return found


def test_two_who_meet_talk_and_turn_back_stay_who_they_are() -> None:
    approach = [*range(100, 180, 4)]
    left = [*approach, *[180] * 40, *reversed(approach)]
    right = [390 - x for x in left]
    found = followed(left, right)
    before, after = found[len(approach) - 3], found[-1]
    assert sorted(before) == sorted(after) == [1, 2]
    assert min(before, key=before.__getitem__) == min(after, key=after.__getitem__)


def test_one_who_is_caught_up_with_and_taken_along_stays_a_target() -> None:
    catching_up, together = [*range(60, 186, 3)], [*range(186, 486, 3)]
    left = [*catching_up, *together]
    right = [*range(200 - len(catching_up), 200), *[x + 14 for x in together]]
    found = followed(left, right)
    assert sorted(found[-1]) == [1, 2]
    assert all(left[-1] <= x <= right[-1] + WIDTH for x in found[-1].values())


@given(st.lists(st.integers(0, 200), min_size=2, max_size=5, unique=True))
def test_only_the_outermost_are_measured(places: list[int]) -> None:
    tracks = [new_track(person(x), 0) for x in places]
    blob = Blob(min(places) - 3, 195, max(places) + WIDTH + 7, 265, area=1, score=200)
    before = [track.x for track in tracks]
    see_merged(tracks, blob, STEP_NS)
    for track, x, place in zip(tracks, before, places, strict=True):
        if place == min(places):
            assert track.x.position < x.position
        elif place == max(places):
            assert track.x.position > x.position
        else:
            assert track.x == x
        assert track.seen and track.width == WIDTH


def test_one_that_reaches_over_all_others_is_as_far_as_the_blob() -> None:
    wide, narrow = new_track(Blob(100, 200, 180, 260, 1, 200), 0), new_track(person(130), 0)
    expected = narrow.x
    see_merged([narrow, wide], Blob(100, 200, 200, 260, 1, 200), STEP_NS)
    assert 140 < wide.x.position < 150
    assert narrow.x == expected
