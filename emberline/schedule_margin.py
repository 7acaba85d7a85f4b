"""A rule's schedule as a gate: the civil time of an event against the periods, and how far away the next change is."""

from datetime import date

from detectors.rules.gates import Gate
from emberline.civil import Calendar, local_text
from kernel.events import Event
from kernel.schedule import is_armed, next_edge, zone_info
from kernel.site.model import ALWAYS, Rule, Schedule, Site

WEEK_NS = 7 * 86_400_000_000_000
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def schedule_gate(site: Site, rule: Rule, event: Event, calendar: Calendar) -> Gate:
    """Margin in ns to the nearest moment at which the schedule arms or disarms; None where there is none."""
    civil = calendar.civil_ns(event)
    if rule.schedule == ALWAYS:
        return Gate("schedule", True, "any time", "always", None, "ns")
    if civil is None:
        return Gate("schedule", True, "time unknown", f"{rule.schedule}, ignored without civil time", None, "ns")
    schedule, zone = site.schedules[rule.schedule], site.timezone
    armed = is_armed(schedule, zone, civil)
    local = local_text(civil, zone_info(zone))
    edges = _edges_around(schedule, zone, civil)
    distance = min((abs(edge - civil) for edge in edges), default=None)
    margin = None if distance is None else (distance if armed else -max(1, distance))
    return Gate("schedule", armed, local[11:19], f"{rule.schedule} ({_periods(schedule, local)})", margin, "ns")


def _edges_around(schedule: Schedule, zone: str, civil_ns: int) -> list[int]:
    """The last change up to now and the next one."""
    edge = next_edge(schedule, zone, civil_ns - WEEK_NS - 86_400_000_000_000)
    before: list[int] = []
    while edge is not None and edge <= civil_ns:
        before = [edge]
        edge = next_edge(schedule, zone, edge)
    return before if edge is None else [*before, edge]


def _periods(schedule: Schedule, local: str) -> str:
    """The periods of the day of this local time."""
    day = date.fromisoformat(local[:10]).weekday()
    periods = [f"{p.start // 60:02d}:{p.start % 60:02d}–{p.end // 60:02d}:{p.end % 60:02d}" for p in schedule.days[day]]
    return f"{DAYS[day]} {', '.join(periods) or 'never'}"
