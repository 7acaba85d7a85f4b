"""How far a target has come: what comes into view bit by bit has come as far as the side that leads."""

from hypothesis import given
from hypothesis import strategies as st

from detectors.segmentation import Blob
from detectors.track import Track, new_track

SECOND_NS = 1_000_000_000
STEPS = 12


def followed(boxes: list[tuple[int, int, int, int]]) -> Track:
    """The track of one target that is seen ten times a second in these boxes (x0, y0, x1, y1)."""
    blobs = [Blob(*box, area=1, score=200) for box in boxes]
    track = new_track(blobs[0], 0)
    for n, blob in enumerate(blobs[1:], start=1):
        track.predict(0.1)
        track.see(blob, n * SECOND_NS // 10)
    return track


def test_a_target_that_enters_has_come_nearly_as_far_as_its_leading_side() -> None:
    entering = followed([(0, 40, 4 + 3 * n, 60) for n in range(STEPS)])
    assert entering.reach < 0.6 * 3 * STEPS
    assert entering.advance > 1.7 * entering.reach


def test_one_that_grows_where_it_is_has_not_come_anywhere() -> None:
    growing = followed([(50 - n, 50 - n, 60 + n, 60 + n) for n in range(STEPS)])
    assert growing.advance == growing.reach == 0.0


@given(st.integers(-6, 6), st.integers(-6, 6))
def test_one_that_moves_as_a_whole_has_come_as_far_as_its_centre(dx: int, dy: int) -> None:
    moving = followed([(100 + dx * n, 100 + dy * n, 110 + dx * n, 120 + dy * n) for n in range(STEPS)])
    assert moving.advance == moving.reach


@given(st.lists(st.tuples(*[st.integers(0, 40)] * 2), min_size=2, max_size=STEPS))
def test_the_leading_side_never_counts_more_than_twice_the_centre(sides: list[tuple[int, int]]) -> None:
    track = followed([(40 - left, 40, 60 + right, 60) for left, right in sides])
    assert track.reach <= track.advance <= 2 * track.reach + 1e-9
