"""What stands for the targets of a frame once a model has looked at it, and where it is asked to look."""

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.measuring import FoundBox, measurements, overlap
from detectors.regions import MOST_REGIONS, Region, in_millionths, regions
from detectors.segmentation import Blob

PAIR = Blob(100, 50, 140, 110, 2000, 90)
"""Two people who walk side by side, as one piece."""
LEFT, RIGHT = FoundBox(98, 48, 120, 112, 800_000, True), FoundBox(120, 48, 142, 112, 700_000, True)


def sides(blobs: tuple[Blob, ...]) -> list[tuple[int, int, int, int]]:
    return [(b.x0, b.y0, b.x1, b.y1) for b in blobs]


def test_a_blob_that_holds_two_boxes_is_two_targets() -> None:
    seen = measurements((PAIR,), [RIGHT, LEFT], ())
    assert sides(seen) == [LEFT[:4], RIGHT[:4]]
    assert [(blob.score, blob.whole) for blob in seen] == [(90, True)] * 2


def test_a_blob_without_a_box_stays_a_blob() -> None:
    alone = Blob(400, 50, 420, 110, 900, 70)
    assert measurements((PAIR, alone), [LEFT, RIGHT], ())[2:] == (alone,)
    assert measurements((PAIR, alone), [], ()) == (PAIR, alone)


def test_a_box_counts_only_where_something_moves_or_is_followed() -> None:
    parked = FoundBox(300, 50, 340, 110, 900_000, True)
    assert measurements((PAIR,), [parked], ()) == (PAIR,)
    still = Blob(302, 52, 341, 109, 2000, 60)
    (kept,) = measurements((), [parked], [still])
    assert sides((kept,)) == [parked[:4]] and kept.score == 60


def test_an_object_found_in_two_parts_of_the_frame_is_one_target() -> None:
    again = FoundBox(99, 49, 121, 112, 750_000, True)
    assert sides(measurements((PAIR,), [again, LEFT], ())) == [LEFT[:4]]


def test_what_the_model_is_unsure_of_continues_a_target_and_begins_none() -> None:
    unsure = LEFT._replace(confidence=300_000, sure=False)
    assert measurements((PAIR,), [unsure], ()) == (PAIR,)
    there = Blob(99, 50, 121, 111, 1200, 80)
    assert sides(measurements((PAIR,), [unsure, RIGHT], [there])) == [RIGHT[:4], unsure[:4]]
    assert sides(measurements((PAIR,), [unsure, LEFT._replace(x0=104, x1=126)], [there])) == [(104, 48, 126, 112)]


corner = st.integers(0, 500)
box = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), corner, corner, st.integers(1, 140), st.integers(1, 140))


@given(
    st.lists(box.map(lambda b: Blob(*b, area=9, score=50)), max_size=5),
    st.lists(st.builds(lambda b, c, s: FoundBox(*b, c, s), box, st.integers(1, 1_000_000), st.booleans()), max_size=6),
)
@settings(max_examples=80, deadline=None)
def test_whatever_a_model_says_whatever_moves_is_still_seen(blobs: list[Blob], boxes: list[FoundBox]) -> None:
    seen = measurements(tuple(blobs), boxes, ())
    assert all(any(overlap(blob, one) for one in seen) for blob in blobs)
    assert measurements(tuple(blobs), boxes[::-1], ()) == seen


@given(st.lists(box.map(lambda b: Region(*b)), min_size=1, max_size=9), st.integers(640, 800), st.integers(640, 700))
@settings(max_examples=80, deadline=None)
def test_a_few_parts_of_the_frame_hold_everything_that_moves(moving: list[Region], width: int, height: int) -> None:
    parts = regions(moving, width, height)
    assert 1 <= len(parts) <= MOST_REGIONS
    assert all(0 <= p.x0 < p.x1 <= width and 0 <= p.y0 < p.y1 <= height for p in parts)
    for one in moving:
        assert any(p.x0 <= one.x0 and p.y0 <= one.y0 and one.x1 <= p.x1 and one.y1 <= p.y1 for p in parts)
    boxes = [in_millionths(part, width, height) for part in parts]
    assert all(x + w <= 1_000_000 and y + h <= 1_000_000 for x, y, w, h in boxes)
