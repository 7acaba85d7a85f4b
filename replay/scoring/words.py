"""Rates and stretches of time as people say them: without exponents, in a unit that fits."""

from math import floor, log10

UNITS = ((1.0, "days"), (1 / 24, "hours"), (1 / 1440, "minutes"))


def rate(value: float) -> str:
    """A number a day with three significant digits: `0.0251`, `12.3`, `3,930`."""
    if value < 100:
        return f"{value:.3g}"
    digits = 2 - floor(log10(value))
    return f"{round(value, digits):,.0f}"


def watched(camera_days: float) -> str:
    """A stretch of camera time: `25.9 days`, `33.7 seconds`."""
    for days, unit in UNITS:
        if camera_days >= days:
            return f"{camera_days / days:.3g} {unit}"
    return f"{camera_days * 86_400:.3g} seconds"
