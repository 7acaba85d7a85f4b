"""When the rules of a session were armed: the time over which their false alarms count."""

from collections.abc import Iterable

from kernel.commands import pause_ns
from kernel.events import ClockSet, CommandReceived, ConfigChanged
from kernel.log.contract import EventLog
from kernel.schedule import is_armed, next_edge
from kernel.site.model import ALWAYS, Rule, Site
from kernel.site.reader import Variants
from replay.sessions import Session

Stretch = tuple[int, int]
FOREVER = 1 << 62


def armed_stretches(log: EventLog, session: Session, end_ns: int, site: str | None = None) -> dict[str, list[Stretch]]:
    """By channel, the session times in ns, in order, in which any of its rules is armed by schedule and operator.

    Whether a rule is enabled, and how sensitive, does not matter here, so that settings can be compared over the same
    time. `site` replaces the recorded documents.
    """
    armed: dict[str, list[Stretch]] = {}
    now, rules, offset, off_until = 0, _Armable(None), None, 0
    for fact in (*log.read(session.facts("ConfigChanged", "ClockSet", "CommandReceived")), None):
        until = end_ns if fact is None else fact.time - session.origin
        for channel, stretches in rules.armed(max(now, min(off_until, until)), until, offset).items():
            armed.setdefault(channel, []).extend(stretches)
        now = until
        body = None if fact is None else fact.body
        if isinstance(body, ConfigChanged):
            rules = _Armable(Variants(body.document if site is None else site).site(()))
        elif isinstance(body, ClockSet):
            offset = body.offset_ns + session.origin
        elif isinstance(body, CommandReceived):
            off_until = _off_until(body, now, off_until)
    return {channel: united(stretches) for channel, stretches in armed.items()}


def united(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches that touch or overlap made one, in order; empty ones dropped."""
    out: list[Stretch] = []
    for start, end in sorted(s for s in stretches if s[1] > s[0]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def common(one: Iterable[Stretch], other: Iterable[Stretch]) -> list[Stretch]:
    """Where both are."""
    other = list(other)
    return united((max(a, c), min(b, d)) for a, b in one for c, d in other)


def _off_until(command: CommandReceived, now: int, before: int) -> int:
    match command.name:
        case "arm":
            return now
        case "disarm":
            return FOREVER
        case "pause":
            return now + pause_ns(command.arguments[0])
        case _:
            return before


class _Armable:
    """The rules of one document, by what arms them."""

    def __init__(self, site: Site | None) -> None:
        self._site = site
        self._rules: tuple[Rule, ...] = () if site is None else site.rules

    def armed(self, start: int, end: int, offset: int | None) -> dict[str, list[Stretch]]:
        by_channel: dict[str, list[Stretch]] = {}
        for rule in self._rules:
            by_channel.setdefault(rule.channel, []).extend(self._of(rule, start, end, offset))
        return by_channel

    def _of(self, rule: Rule, start: int, end: int, offset: int | None) -> list[Stretch]:
        if rule.schedule == ALWAYS or offset is None or self._site is None:
            return [(start, end)]
        schedule, zone = self._site.schedules[rule.schedule], self._site.timezone
        found: list[Stretch] = []
        while start < end:
            edge = next_edge(schedule, zone, start + offset)
            until = end if edge is None else min(end, edge - offset)
            if is_armed(schedule, zone, start + offset):
                found.append((start, until))
            start = until
        return found
