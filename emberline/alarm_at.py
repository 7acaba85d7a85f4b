"""The alarm that somebody means who says a time: `03:12`, or a full date and time."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from emberline.alarm_list import Alarm, alarms_of
from emberline.civil import SECOND_NS, Calendar, read_time
from emberline.errors import AnswerIsNo, Unusable
from kernel.events import ConfigChanged
from kernel.log.contract import EventLog, Selection
from kernel.schedule import zone_info
from kernel.site.model import Site
from kernel.site.reader import parse_site

NEAR_NS = 10 * 60 * SECOND_NS
"""An alarm further away than this is not the one that was meant."""
ABOUT_NS = 60 * SECOND_NS


def alarm_at(log: EventLog, text: str) -> tuple[int, list[int]]:
    """The seq of the alarm that was on at this time or began nearest to it, and those of others about then.

    A time without a date means each day that the log covers. Raises `Unusable` where it is no time, or the log knows
    no civil time, `AnswerIsNo` where no alarm is near.
    """
    calendar = Calendar(log)
    alarms = [(a, civil) for a in alarms_of(log) if (civil := calendar.civil_ns(a.raised)) is not None]
    if not alarms:
        known = any(True for _ in alarms_of(log))
        if known:
            raise Unusable(f"--at {text}: the log does not know civil time; name the alarm by its seq")
        raise AnswerIsNo("the log holds no alarm")
    zone = zone_info(_last_site(log).timezone)
    minute = re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text.strip()) is not None
    moments = _of_each_day([c for _, c in alarms], text.strip(), zone) if minute else [read_time(text, zone)]
    ranked = sorted((_distance(a, civil, moments), a.raised.seq) for a, civil in alarms)
    nearest, seq = ranked[0]
    if nearest > NEAR_NS:
        raise AnswerIsNo(f"no alarm within {NEAR_NS // ABOUT_NS} minutes of {text}; the nearest is seq {seq}")
    return seq, [other for distance, other in ranked[1:] if distance <= ABOUT_NS]


def _distance(alarm: Alarm, civil_ns: int, moments: list[int]) -> int:
    """How far the alarm's time is from the nearest of the moments; 0 where it was on."""
    end = civil_ns + (alarm.duration_ns or 0)
    return min(max(civil_ns - m, m - end, 0) for m in moments)


def _of_each_day(civil: list[int], text: str, zone: ZoneInfo) -> list[int]:
    """That time on each day from before the first to after the last alarm."""
    first = datetime.fromtimestamp(min(civil) // SECOND_NS, UTC).astimezone(zone).date() - timedelta(days=1)
    days = (max(civil) - min(civil)) // (86_400 * SECOND_NS) + 4
    hour = text if len(text.split(":")[0]) == 2 else f"0{text}"
    return [read_time(f"{first + timedelta(days=n)}T{hour}", zone) for n in range(days)]


def _last_site(log: EventLog) -> Site:
    changes = [e.body for e in log.read(Selection(kinds=("ConfigChanged",)))]
    assert changes and isinstance(changes[-1], ConfigChanged)
    return parse_site(changes[-1].document)[0]
