"""Reading `[channel.motion]` and its `[[channel.motion.area]]`."""

from typing import Literal, get_args

from kernel.site.checks import Choice, flag, whole
from kernel.site.fields import Table
from kernel.site.geometry import MAX_POLYGONS, polygon, polygons
from kernel.site.model import ALWAYS, Motion, MotionArea
from kernel.site.names import Names
from kernel.site.schedules import period

MotionMode = Literal["normal", "expert"]
DayNight = Literal["off", "auto", "scheduled"]
MODE = Choice[MotionMode](*get_args(MotionMode))
DAY_NIGHT = Choice[DayNight](*get_args(DayNight))
SENSITIVITY = whole(0, 100)
DEFAULT_SENSITIVITY = 60
BY_DAY_AND_NIGHT = ("day_sensitivity", "night_sensitivity")


def read_motion(table: Table | None, names: Names, thermal: bool) -> Motion | None:
    """Both modes' settings are read, whichever is on: changing the mode loses nothing."""
    if table is None:
        return None
    day_night = _read_day_night(table, thermal)
    mode: MotionMode = table.take("mode", MODE, None) or "normal"
    day_period = table.take("day_period", period, None)
    sensitivity = table.take("sensitivity", SENSITIVITY, DEFAULT_SENSITIVITY)
    motion = Motion(
        enabled=table.take("enabled", flag, True),
        mode=mode,
        sensitivity=sensitivity,
        areas=table.take("areas", polygons, ()),
        expert_areas=_read_areas(table, day_night, sensitivity),
        day_night=day_night or "off",
        day_period=day_period,
        dynamic_analysis=table.take("dynamic_analysis", flag, True),
        schedule=table.take("schedule", names.schedule, ALWAYS),
        linkage=table.take("linkage", names.linkage, ()),
    )
    table.close()
    return motion


def _read_day_night(table: Table, thermal: bool) -> DayNight | None:
    """How day and night are told apart; None where that has a mistake, so that nothing can be held against it."""
    day_night = table.take("day_night", DAY_NIGHT, None)
    if day_night is None and "day_night" in table:
        return None
    if day_night not in (None, "off") and thermal:
        table.error_at("day_night", "must be off on a thermal channel")
        return None
    if day_night == "scheduled" and "day_period" not in table:
        table.error_at("day_night", "needs a day_period", 'such as day_period = "07:00-19:00"')
    elif day_night != "scheduled" and "day_period" in table:
        table.error_at("day_period", 'is for day_night = "scheduled" only')
    return day_night or "off"


def _read_areas(table: Table, day_night: DayNight | None, sensitivity: int) -> tuple[MotionArea, ...]:
    tables = table.tables("area")
    if len(tables) > MAX_POLYGONS:
        tables[MAX_POLYGONS].error(f"there must be at most {MAX_POLYGONS} areas")
    areas = [_read_area(t, day_night, sensitivity) for t in tables]
    return tuple(a for a in areas if a is not None)


def _read_area(table: Table, day_night: DayNight | None, default: int) -> MotionArea | None:
    region = table.need("region", polygon)
    both = table.take("sensitivity", SENSITIVITY, default)
    day = table.take("day_sensitivity", SENSITIVITY, both)
    night = table.take("night_sensitivity", SENSITIVITY, both)
    for name in BY_DAY_AND_NIGHT:
        if name in table and day_night == "off":
            table.error_at(name, "needs day_night = auto or scheduled", "otherwise there is sensitivity alone")
        elif name in table and "sensitivity" in table:
            table.error_at(name, "either sensitivity, or day_sensitivity and night_sensitivity")
    table.close()
    return None if region is None else MotionArea(region, day, night)
