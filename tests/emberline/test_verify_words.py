"""What `emberline verify` says of parts that were removed: few lines, whatever the age of the log."""

from emberline.commands.verify import UNTOLD, pruned_in_words
from kernel.log.verify import Soundness


def words(pruned: tuple[str, ...], untold: tuple[str, ...] = ()) -> list[str]:
    names = tuple("abcdefgh")
    return list(pruned_in_words(Soundness(True, None, "", 0, 0, pruned, untold=untold, segments=names)))


def test_segments_that_follow_each_other_are_one_line() -> None:
    assert words(("a", "b", "c", "e")) == ["a to c, 3 segments", "e"]


def test_frames_and_events_are_told_apart() -> None:
    assert words(("a", "b", "c", "a events", "b events")) == ["a to c, 3 segments", "a to b, 2 segments: events"]


def test_what_no_event_tells_of_is_a_line_of_its_own() -> None:
    assert words(("a", "b", "c"), untold=("b",)) == ["a", f"b{UNTOLD}", "c"]
    assert words(()) == []
