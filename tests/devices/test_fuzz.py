"""A short form of `make fuzz`."""

from tests.devices.fuzz import fuzz


def test_fuzzed_messages_never_raise_and_let_no_bad_frame_through() -> None:
    tally = fuzz(20_000, seed=1)
    assert tally.messages == 20_000
    assert tally.refused > 5_000
    assert tally.frames > 500 and tally.others > 500
