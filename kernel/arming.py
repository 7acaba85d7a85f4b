"""Which sources of alarms and which outputs are armed at a moment of civil time, and when that changes next."""

import msgspec

from kernel.schedule import is_armed, minute_of_day, next_edge
from kernel.site.model import ALWAYS, Schedule, Site
from kernel.sources import AlarmSource, alarm_sources

EDGE = "schedule"
PAUSE = "pause"


class CivilClock(msgspec.Struct, frozen=True):
    """Civil time (ns since 1970, UTC) = session time + `offset_ns`; None where nobody ever said."""

    offset_ns: int | None = None

    def civil(self, time: int) -> int | None:
        return None if self.offset_ns is None else time + self.offset_ns


class ArmingState(msgspec.Struct, frozen=True):
    """`since` maps the armed sources of alarms, in the order of the site, to the session time since when they are."""

    clock: CivilClock
    disarmed: bool
    armed_schedules: list[str]
    since: dict[str, int]


class Arming:
    """The armed schedules and sources of alarms. Where civil time is unknown, schedules are ignored: all is armed."""

    def __init__(self) -> None:
        self._site: Site | None = None
        self._sources: tuple[AlarmSource, ...] = ()
        self._clock = CivilClock()
        self._armed_schedules: frozenset[str] = frozenset()
        self._since: dict[str, int] = {}
        self._disarmed = False

    def disarm(self, time: int) -> None:
        """Nothing is armed from here on, whatever the schedules say, until `arm`."""
        self._disarmed = True
        self.refresh(time)

    def arm(self, time: int) -> None:
        """The schedules decide again."""
        self._disarmed = False
        self.refresh(time)

    def set_site(self, site: Site, time: int) -> None:
        self._site = site
        self._sources = alarm_sources(site)
        self._since = {s.id: self._since[s.id] for s in self._sources if s.id in self._since}
        self.refresh(time)

    def set_clock(self, clock: CivilClock, time: int) -> None:
        self._clock = clock
        self.refresh(time)

    def refresh(self, time: int) -> None:
        """Work out what is armed at session time `time`; what stays armed keeps its beginning."""
        if self._site is None:
            return
        armed = [s.name for s in self._site.schedules.values() if self._schedule_armed(s, time)]
        self._armed_schedules = frozenset(armed)
        covered = [s for s in self._sources if s.enabled and self.covers(s.schedule) and not self._disarmed]
        self._since = {s.id: self._since.get(s.id, time) for s in covered}

    def covers(self, schedule: str) -> bool:
        """Whether the schedule of this name is armed now."""
        return schedule == ALWAYS or schedule in self._armed_schedules

    def armed_since(self) -> dict[str, int]:
        """The armed sources of alarms, in the order of the site, with the session time since when they are."""
        return self._since

    def next_edge(self, time: int) -> int | None:
        """The first session time after `time` at which a schedule arms or disarms."""
        civil = self._clock.civil(time)
        if civil is None or self._site is None:
            return None
        zone = self._site.timezone
        edges = [next_edge(s, zone, civil) for s in self._site.schedules.values()]
        return min((e - civil + time for e in edges if e is not None), default=None)

    def minute_of_day(self, time: int) -> int | None:
        """The minutes since midnight at the site, None where civil time is unknown."""
        civil = self._clock.civil(time)
        return None if civil is None or self._site is None else minute_of_day(self._site.timezone, civil)

    def _schedule_armed(self, schedule: Schedule, time: int) -> bool:
        civil = self._clock.civil(time)
        assert self._site is not None
        return civil is None or is_armed(schedule, self._site.timezone, civil)

    def state(self) -> ArmingState:
        return ArmingState(self._clock, self._disarmed, sorted(self._armed_schedules), self._since)

    def restore(self, state: ArmingState, site: Site | None) -> None:
        """Go on where the Arming was that gave `state` under the settings of `site`."""
        self._site = site
        self._sources = () if site is None else alarm_sources(site)
        self._clock = state.clock
        self._disarmed = state.disarmed
        self._armed_schedules = frozenset(state.armed_schedules)
        self._since = state.since
