"""Sources that can wait are asked to while more lies unsealed than there is room for, and no longer than it helps."""

import pytest

from emberline import backlog
from emberline.backlog import MOST_SEGMENTS, PATIENCE_S, Backlog


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(backlog.time, "monotonic", lambda: now[0])
    return now


def test_sources_wait_while_too_much_lies_unsealed(clock: list[float]) -> None:
    waiting = Backlog()
    seen: list[bool] = []
    for unsealed, sealed in [(50, 0), (101, 0), (250, 1), (90, 2), (100, 2), (101, 2)]:
        waiting.note([unsealed], 100, sealed)
        seen.append(waiting.is_too_much)
    assert seen == [False, True, True, False, False, True]


def test_a_start_would_take_long_with_many_small_segments_to_seal(clock: list[float]) -> None:
    waiting = Backlog()
    seen: list[bool] = []
    for count in (MOST_SEGMENTS, MOST_SEGMENTS + 1, MOST_SEGMENTS):
        waiting.note([1] * count, 100, 0)
        seen.append(waiting.is_too_much)
    assert seen == [False, True, False]


def test_waiting_goes_on_as_long_as_segments_are_sealed(clock: list[float]) -> None:
    waiting = Backlog()
    for sealed in range(20):
        clock[0] += PATIENCE_S * 0.9
        waiting.note([500], 100, sealed)
        assert waiting.is_too_much or sealed == 0


def test_a_sealer_that_is_stuck_or_gone_is_not_waited_for(clock: list[float]) -> None:
    waiting = Backlog()
    waiting.note([90], 100, 7)
    waiting.note([200, 300], 100, 7)
    assert waiting.is_too_much
    clock[0] += PATIENCE_S + 1
    waiting.note([600], 100, 7)
    assert not waiting.is_too_much
    waiting.note([600], 100, 8)
    assert waiting.is_too_much
