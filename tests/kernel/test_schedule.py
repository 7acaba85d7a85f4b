"""Arming schedules: across midnight, weeks, daylight-saving changes and odd zones."""

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.schedule import is_armed, next_edge, tzdata_version, zone_names
from kernel.site.model import Period, Schedule

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
CHANGES = {
    "Europe/Berlin": ["2026-03-29T01:00", "2026-10-25T01:00"],
    "America/New_York": ["2026-03-08T07:00", "2026-11-01T06:00"],
    "Australia/Lord_Howe": ["2026-04-04T15:00", "2026-10-03T15:30"],
    "Asia/Kathmandu": ["2026-06-01T00:00", "1985-12-31T18:30"],
    "Africa/Cairo": ["2026-04-23T22:00", "2026-10-29T21:00"],
    "America/Santiago": ["2026-04-05T03:00", "2026-09-06T04:00"],
}


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


@cache
def zone_of_package(name: str) -> ZoneInfo:
    """The zone by the data of the package, whatever the system has."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def local(text: str, zone: str, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone_of_package(zone), fold=fold).timestamp()) * SECOND


def schedule(*periods: str, days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)) -> Schedule:
    read: list[Period] = []
    for text in periods:
        start, end = (int(t[:2]) * 60 + int(t[3:]) for t in text.split("-"))
        read.append(Period(start, end))
    return Schedule("s", tuple(tuple(read) if d in days else () for d in range(7)))


def armed_by_wall_clock(plan: Schedule, zone: str, at: int) -> bool:
    """The definition, word for word: whether the local wall-clock minute lies in a period."""
    wall = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at // 1000)).astimezone(zone_of_package(zone))
    minute = wall.hour * 60 + wall.minute
    return any(p.start <= minute < p.end for p in plan.days[wall.weekday()])


NIGHT = schedule("00:00-06:00", "20:00-24:00")


def test_a_period_is_half_open() -> None:
    plan = schedule("08:00-09:30")
    armed = [is_armed(plan, "UTC", instant("2026-05-04T00:00") + m * MINUTE) for m in (479, 480, 569, 570)]
    assert armed == [False, True, True, False]
    assert is_armed(plan, "UTC", instant("2026-05-04T09:30") - 1)


def test_two_periods_that_meet_at_midnight_are_one_stretch() -> None:
    evening = local("2026-05-04T20:00", "Europe/Berlin")
    assert next_edge(NIGHT, "Europe/Berlin", evening) == local("2026-05-05T06:00", "Europe/Berlin")


def test_a_stretch_runs_on_from_sunday_into_monday() -> None:
    sunday = local("2026-05-10T21:00", "Europe/Berlin")
    assert next_edge(NIGHT, "Europe/Berlin", sunday) == local("2026-05-11T06:00", "Europe/Berlin")


def test_an_edge_is_after_the_instant_asked_about_and_never_at_it() -> None:
    edge = local("2026-05-05T06:00", "Europe/Berlin")
    assert next_edge(NIGHT, "Europe/Berlin", edge - 1) == edge
    assert next_edge(NIGHT, "Europe/Berlin", edge) == local("2026-05-05T20:00", "Europe/Berlin")


@pytest.mark.parametrize("plan", [schedule(), schedule("00:00-24:00"), schedule("00:00-12:00", "12:00-24:00")])
def test_a_schedule_that_never_changes_has_no_edge(plan: Schedule) -> None:
    assert next_edge(plan, "Europe/Berlin", instant("2026-03-29T00:00")) is None
    assert is_armed(plan, "Europe/Berlin", instant("2026-03-29T00:00")) == bool(plan.days[0])


def test_an_edge_lies_up_to_a_week_ahead() -> None:
    plan = schedule("10:00-11:00", days=(2,))
    after = instant("2026-05-06T11:00")
    assert next_edge(plan, "UTC", after) == instant("2026-05-13T10:00")


def test_a_wall_time_that_is_skipped_arms_nothing() -> None:
    plan = schedule("02:10-02:50", days=(6,))
    before = local("2026-03-28T12:00", "Europe/Berlin")
    assert next_edge(plan, "Europe/Berlin", before) == local("2026-04-05T02:10", "Europe/Berlin")


def test_a_period_that_begins_in_skipped_time_arms_at_the_change() -> None:
    plan = schedule("02:10-04:00")
    before = local("2026-03-29T00:00", "Europe/Berlin")
    assert next_edge(plan, "Europe/Berlin", before) == instant("2026-03-29T01:00")


def test_a_wall_time_that_comes_twice_arms_twice() -> None:
    plan = schedule("02:10-02:50")
    edges = [local("2026-10-25T00:00", "Europe/Berlin")]
    for _ in range(4):
        edge = next_edge(plan, "Europe/Berlin", edges[-1])
        assert edge is not None
        edges.append(edge)
    times = [("02:10", 0), ("02:50", 0), ("02:10", 1), ("02:50", 1)]
    assert edges[1:] == [local(f"2026-10-25T{t}", "Europe/Berlin", fold) for t, fold in times]


def test_a_day_that_a_zone_skipped_has_no_edge() -> None:
    plan = schedule("08:00-09:00", days=(4,))  # Samoa had no Friday, 30 December 2011
    before = local("2011-12-29T12:00", "Pacific/Apia")
    assert next_edge(plan, "Pacific/Apia", before) == local("2012-01-06T08:00", "Pacific/Apia")


def test_an_unknown_zone_is_refused() -> None:
    for zone in ("Europe/Berlim", "../../etc/passwd", ""):
        with pytest.raises(ValueError, match="unknown time zone"):
            is_armed(NIGHT, zone, 0)
        with pytest.raises(ValueError, match="unknown time zone"):
            next_edge(schedule(), zone, 0)


def test_the_zone_data_are_those_of_the_package_and_say_their_version() -> None:
    assert tzdata_version()[:4].isdigit()
    assert {"UTC", "Europe/Berlin", "Australia/Lord_Howe"} <= zone_names()


def test_every_zone_can_be_used() -> None:
    for zone in sorted(zone_names()):
        assert isinstance(is_armed(NIGHT, zone, instant("2026-05-04T00:00")), bool), zone


@st.composite
def days(draw: st.DrawFn) -> tuple[Period, ...]:
    marks = sorted(draw(st.sets(st.integers(0, 96), max_size=8)))
    return tuple(Period(15 * a, 15 * b) for a, b in zip(marks[::2], marks[1::2], strict=False))


schedules = st.builds(lambda d: Schedule("s", tuple(d)), st.lists(days(), min_size=7, max_size=7))
windows = st.sampled_from([(zone, instant(at)) for zone, changes in CHANGES.items() for at in changes])


@settings(max_examples=60, deadline=None)
@given(schedules, windows, st.integers(-20 * 60, 4 * 60), st.integers(0, 59 * SECOND))
def test_the_next_edge_is_what_scanning_every_minute_finds(
    plan: Schedule, window: tuple[str, int], minutes: int, rest: int
) -> None:
    zone, change = window
    begin = change + minutes * MINUTE
    edge = next_edge(plan, zone, begin + rest)
    before = armed_by_wall_clock(plan, zone, begin)
    scanned = (begin + m * MINUTE for m in range(1, 30 * 60))
    found = next((at for at in scanned if armed_by_wall_clock(plan, zone, at) != before), None)
    if found is not None:
        assert edge == found
    else:
        assert edge is None or edge >= begin + 30 * 60 * MINUTE


@settings(max_examples=60, deadline=None)
@given(schedules, windows, st.integers(-3 * 24 * 60, 3 * 24 * 60))
def test_the_armed_state_is_constant_between_edges_and_changes_at_each(
    plan: Schedule, window: tuple[str, int], minutes: int
) -> None:
    zone, at = window[0], window[1] + minutes * MINUTE
    for _ in range(6):
        edge = next_edge(plan, zone, at)
        if edge is None:
            return
        armed = is_armed(plan, zone, at)
        probes = [at + (edge - at) * i // 13 for i in range(13)]
        assert all(is_armed(plan, zone, p) == armed == armed_by_wall_clock(plan, zone, p) for p in probes)
        assert is_armed(plan, zone, edge - 1) == armed
        assert is_armed(plan, zone, edge) != armed
        at = edge


def test_asking_for_the_next_edge_is_cheap() -> None:
    begin = instant("2026-05-04T00:00")
    next_edge(NIGHT, "Europe/Berlin", begin)
    started = perf_counter()
    for i in range(2000):
        next_edge(NIGHT, "Europe/Berlin", begin + i * SECOND)
    assert (perf_counter() - started) / 2000 < 500e-6
