"""Logical time shown as people read it: local to the site where civil time is known."""

from bisect import bisect_right
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from emberline.errors import Unusable
from kernel.events import ClockSet, ConfigChanged, Event
from kernel.log.contract import EventLog, Selection
from kernel.schedule import zone_info
from kernel.site.reader import parse_site

SECOND_NS = 1_000_000_000


class Moments(msgspec.Struct, frozen=True):
    """How the logical times of a session are told while nothing about the clock changes.

    Civil time is logical time + `offset_ns`, None where it is not known; the session began at `origin_ns`.
    """

    zone: str = "UTC"
    offset_ns: int | None = None
    origin_ns: int = 0

    def show(self, time_ns: int) -> str:
        """Local civil time to the millisecond, or `+12.345 s` since the session began."""
        if self.offset_ns is None:
            return f"+{(time_ns - self.origin_ns) / SECOND_NS:.3f} s"
        return local_text(time_ns + self.offset_ns, zone_info(self.zone))

    def utc(self, time_ns: int) -> str:
        """`2026-03-01T01:00:04.125Z`, empty where civil time is not known."""
        if self.offset_ns is None:
            return ""
        return local_text(time_ns + self.offset_ns, zone_info("UTC"))[:23].replace(" ", "T") + "Z"


class Calendar:
    """The civil time of a log's events: what ClockSet said and the site's time zone, as of each fact."""

    def __init__(self, log: EventLog) -> None:
        self._facts: list[int] = []
        self._states: list[tuple[int, int | None, ZoneInfo]] = []
        zone, origin, offset = zone_info("UTC"), 0, None
        for event in log.read(Selection(kinds=("SessionStarted", "ConfigChanged", "ClockSet"))):
            if event.kind == "SessionStarted":
                origin, offset = event.time, None
            elif isinstance(event.body, ClockSet):
                offset = event.body.offset_ns
            elif isinstance(event.body, ConfigChanged):
                zone = zone_info(parse_site(event.body.document)[0].timezone)
            self._facts.append(event.fact_no)
            self._states.append((origin, offset, zone))

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone where the log ends."""
        return self._states[-1][2] if self._states else zone_info("UTC")

    def _at(self, event: Event) -> tuple[int, int | None, ZoneInfo]:
        index = bisect_right(self._facts, event.fact_no) - 1
        return self._states[index] if index >= 0 else (0, None, zone_info("UTC"))

    def moments(self, event: Event) -> Moments:
        """How times are told as of this event."""
        origin, offset, zone = self._at(event)
        return Moments(zone.key, offset, origin)

    def civil_ns(self, event: Event) -> int | None:
        """Nanoseconds since 1970 (UTC); None where civil time is unknown."""
        _, offset, _ = self._at(event)
        return None if offset is None else event.time + offset

    def first_known_ns(self, event: Event) -> int | None:
        """Like `civil_ns`; before its session's first ClockSet, by what that will say."""
        index = max(0, bisect_right(self._facts, event.fact_no) - 1)
        for origin, offset, _ in self._states[index:]:
            if origin > event.time:
                return None
            if offset is not None:
                return event.time + offset
        return None

    def show(self, event: Event) -> str:
        """Local civil time to the millisecond, or `+12.345 s` since the session began."""
        origin, offset, zone = self._at(event)
        if offset is None:
            return f"+{(event.time - origin) / SECOND_NS:.3f} s"
        return local_text(event.time + offset, zone)

    def within(self, event: Event, since: str | None, until: str | None) -> bool:
        """Whether the event lies in [since, until] as the user wrote them."""
        if since is None and until is None:
            return True
        _, offset, zone = self._at(event)
        if offset is None:
            raise Unusable("--since and --until need civil time, which this log does not know; import with --start")
        now = event.time + offset
        return (since is None or read_time(since, zone) <= now) and (until is None or now <= read_time(until, zone))


def local_text(civil_ns: int, zone: ZoneInfo) -> str:
    """`2026-03-01 02:00:04.125+01:00`."""
    seconds, rest = divmod(civil_ns, SECOND_NS)
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    text = moment.strftime("%Y-%m-%d %H:%M:%S") + f".{rest // 1_000_000:03d}"
    offset = moment.strftime("%z")
    return f"{text}{offset[:3]}:{offset[3:5]}"


def read_time(text: str, zone: ZoneInfo) -> int:
    """ISO 8601 to nanoseconds since 1970 (UTC); local to `zone` unless it carries an offset.

    Raises `Unusable` where it is no time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(f"{text!r} is no time: write it as 2026-03-01T02:00 or with an offset, …+01:00") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    delta = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * SECOND_NS + delta.microseconds * 1_000
