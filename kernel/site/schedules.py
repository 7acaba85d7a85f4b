"""Reading `[schedules.*]`."""

import re
from itertools import pairwise

from kernel.site.checks import list_of
from kernel.site.fields import Refused, Table, Value, as_table, is_id
from kernel.site.model import ALWAYS, Period, Schedule

MAX_PERIODS = 8
MIDNIGHT = 24 * 60
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIOD = re.compile(r"([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)", re.ASCII)


def read_schedules(table: Table | None) -> dict[str, Schedule]:
    """The schedules by name, in the order of the file."""
    schedules: dict[str, Schedule] = {}
    for name in [] if table is None else table.names():
        assert table is not None
        if not is_id(name):
            table.error_at(name, "the name must be 1 to 32 letters, digits, '_' or '-'")
        elif name == ALWAYS:
            table.error_at(name, "'always' is there by itself and cannot be changed")
        one = table.take(name, as_table, None)
        if one is not None:
            schedules[name] = Schedule(name, _read_days(one))
    return schedules


def _read_days(table: Table) -> tuple[tuple[Period, ...], ...]:
    """Monday to Sunday. The more specific key decides the whole day: a day's name, weekdays or weekend, all."""
    every = table.take("all", _periods, ())
    weekdays = table.take("weekdays", _periods, every)
    weekend = table.take("weekend", _periods, every)
    days: list[tuple[Period, ...]] = []
    for i, day in enumerate(DAYS):
        if day in table and day[:3] in table:
            table.error_at(day, f"the same day as '{day[:3]}'")
        short = table.take(day[:3], _periods, weekdays if i < 5 else weekend)
        days.append(table.take(day, _periods, short))
    table.close()
    return tuple(days)


def _periods(value: Value) -> tuple[Period, ...]:
    """Up to 8 periods without overlaps, sorted."""
    read = list_of(period, high=MAX_PERIODS, distinct=False)(value)
    items = value.items()
    assert items is not None
    order = sorted(range(len(read)), key=lambda i: (read[i].start, read[i].end))
    for before, after in pairwise(order):
        if read[after].start < read[before].end:
            raise items[after].refuse(f"overlaps {format_period(read[before])}")
    return tuple(read[i] for i in order)


def period(value: Value) -> Period:
    """ "HH:MM-HH:MM", half-open; 24:00 is the midnight at the end of the day."""
    found = _PERIOD.fullmatch(value.raw) if isinstance(value.raw, str) else None
    if found is None:
        raise value.refuse('must be a period such as "20:00-24:00"')
    start, end = (int(found[i]) * 60 + int(found[i + 1]) for i in (1, 3))
    if start >= MIDNIGHT or end > MIDNIGHT:
        raise value.refuse("must lie within 00:00 and 24:00")
    if start >= end:
        raise _ends_early(value, found, end)
    return Period(start, end)


def _ends_early(value: Value, found: re.Match[str], end: int) -> Refused:
    start_text = f"{found[1]}:{found[2]}"
    if end == 0:
        return value.refuse(
            "must end after it starts", f'midnight at the end of the day is 24:00: "{start_text}-24:00"'
        )
    hint = f'across midnight write two: "00:00-{found[3]}:{found[4]}", "{start_text}-24:00"'
    return value.refuse("must end after it starts", hint)


def format_period(period: Period) -> str:
    """As in the site file."""
    times = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (period.start, period.end))
    return "-".join(times)
