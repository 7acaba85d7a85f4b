"""Whether a schedule is armed at an instant of civil time, and when that changes next.

A schedule is armed at an instant iff the local wall-clock minute then lies in one of its periods. So a wall time that
a daylight-saving change skips never comes, one that comes twice counts twice, and a change itself can arm or disarm.

Offsets come from the `tzdata` package alone, never from the operating system: an update of the system must not change
what a replay concludes. All arithmetic is on integers.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo

import tzdata

from kernel.site.model import Schedule

SECOND_NS = 1_000_000_000
DAY_S = 86_400
WEEK_S = 7 * DAY_S
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
_PROBE_S = 3600
_HORIZON_S = 6 * WEEK_S
"""A weekly schedule changes within a week; a skipped day (Samoa in 2011) or hour may delay that by another."""


def tzdata_version() -> str:
    """The version of the time zone data in use, such as `2026a`."""
    return tzdata.IANA_VERSION


@cache
def zone_names() -> frozenset[str]:
    """The IANA names that a site may use."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@cache
def zone_info(name: str) -> ZoneInfo:
    """The zone by the pinned data. Raises `ValueError` where it is unknown."""
    """The time zone of this IANA name, from the tzdata package. Raises `ValueError` where it is unknown."""
    if name not in zone_names():
        raise ValueError(f"unknown time zone {name!r}")
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def is_armed(schedule: Schedule, zone: str, civil_ns: int) -> bool:
    """Whether the schedule is armed at `civil_ns` (UTC, ns since 1970, int64).

    Raises `ValueError` where the zone is unknown.
    """
    second = civil_ns // SECOND_NS
    return _armed_at(_flips(schedule), second + _offset_until(zone, second)[0])


def next_edge(schedule: Schedule, zone: str, civil_ns: int) -> int | None:
    """The first instant (UTC, ns since 1970) after `civil_ns` at which `is_armed` changes; None if it never does.

    Raises `ValueError` where the zone is unknown.
    """
    flips = _flips(schedule)
    if len(flips) == 1:
        zone_info(zone)
        return None
    at = civil_ns // SECOND_NS
    offset, until = _offset_until(zone, at)
    armed = _armed_at(flips, at + offset)
    horizon = at + _HORIZON_S
    while at < horizon:
        change = _next_flip(flips, at + offset) - offset
        if change < until:
            return change * SECOND_NS
        at = until
        offset, until = _offset_until(zone, at)
        if _armed_at(flips, at + offset) != armed:
            return at * SECOND_NS
    return None


def minute_of_day(zone: str, civil_ns: int) -> int:
    """The minutes since local midnight at `civil_ns`. Raises `ValueError` where the zone is unknown."""
    second = civil_ns // SECOND_NS
    return (second + _offset_until(zone, second)[0]) % DAY_S // 60


@lru_cache(maxsize=1024)
def _flips(schedule: Schedule) -> tuple[int, ...]:
    """The seconds of the week (from Monday, local) at which the schedule arms, disarms, arms, …

    The first is -1 where it is armed as the week before ends, and -2 where not.
    Periods that touch, also across midnight, are one. A schedule that never changes has no more than the first.
    """
    edges: list[int] = []
    for day, periods in enumerate(schedule.days):
        for period in periods:
            start, end = (day * DAY_S + minute * 60 for minute in (period.start, period.end))
            if edges and edges[-1] == start:
                edges[-1] = end
            else:
                edges += [start, end]
    armed_before = bool(edges) and edges[-1] == WEEK_S
    if armed_before and edges[0] == 0:
        edges = edges[1:-1]
    elif armed_before:
        edges = [0, *edges[:-1]]
    return (-1 if armed_before else -2, *edges)


def _armed_at(flips: tuple[int, ...], local: int) -> bool:
    """Whether a schedule is armed at a local time in seconds since 1970."""
    passed = bisect_right(flips, _second_of_week(local)) - 1
    return (passed % 2 == 1) != (flips[0] == -1)


def _next_flip(flips: tuple[int, ...], local: int) -> int:
    """The first local time after `local` at which a schedule that changes does so."""
    second = _second_of_week(local)
    i = bisect_right(flips, second)
    return local - second + (flips[i] if i < len(flips) else WEEK_S + flips[1])


def _second_of_week(local: int) -> int:
    return (local + _EPOCH_WEEKDAY * DAY_S) % WEEK_S


def _offset_until(zone: str, second: int) -> tuple[int, int]:
    """The zone's offset from UTC at that second, and up to when at least (exclusive) it holds."""
    day = second // DAY_S
    stretches = _offsets_of_day(zone, day)
    for (_, offset), (until, _) in pairwise(stretches):
        if second < until:
            return offset, until
    return stretches[-1][1], (day + 1) * DAY_S


@lru_cache(maxsize=4096)
def _offsets_of_day(zone: str, day: int) -> tuple[tuple[int, int], ...]:
    """The stretches of a UTC day between changes of the offset: (start, offset), in seconds.

    The offset is looked up every hour, and the second of a change found by halving. No two changes in the data lie
    within an hour of each other.
    """
    info = zone_info(zone)
    start, end = day * DAY_S, (day + 1) * DAY_S
    stretches = [(start, _offset(info, start))]
    for before, probe in pairwise((*range(start, end, _PROBE_S), end - 1)):
        offset = _offset(info, probe)
        if offset != stretches[-1][1]:
            stretches.append((_change(info, before, probe), offset))
    return tuple(stretches)


def _change(info: ZoneInfo, before: int, after: int) -> int:
    """The first second with the offset of `after`; at `before` it is still another."""
    offset = _offset(info, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(info, middle) == offset:
            after = middle
        else:
            before = middle
    return after


def _offset(info: ZoneInfo, second: int) -> int:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(info).utcoffset()
    assert offset is not None
    return offset.days * DAY_S + offset.seconds
