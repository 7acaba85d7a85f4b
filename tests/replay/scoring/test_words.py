"""Rates and camera time are said in figures that one can picture."""

import pytest

from replay.scoring.words import rate, watched


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.02514, "0.0251"), (12.34, "12.3"), (99.96, "100"), (3928.4, "3,930"), (1_234_567, "1,230,000")],
)
def test_a_rate_has_three_digits_and_no_exponent(value: float, said: str) -> None:
    assert rate(value) == said


@pytest.mark.parametrize(
    ("days", "said"), [(25.9, "25.9 days"), (0.25, "6 hours"), (1 / 480, "3 minutes"), (0.00039, "33.7 seconds")]
)
def test_camera_time_is_said_in_a_unit_that_fits(days: float, said: str) -> None:
    assert watched(days) == said
