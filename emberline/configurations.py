"""The configurations that a log has seen: which was in force when, and what changed between them."""

import difflib
from collections.abc import Iterator

from emberline.civil import Calendar, local_text, read_time
from emberline.errors import Unusable
from kernel.events import ConfigChanged, Event
from kernel.log.contract import EventLog, Selection

SHOWN_NS = 1_000_000
"""Times are compared as precisely as they are shown, so that one which was read here finds its configuration."""


def configurations(log: EventLog) -> list[Event]:
    """Every ConfigChanged in order. Raises `Unusable` where there is none."""
    found = list(log.read(Selection(kinds=("ConfigChanged",))))
    if not found:
        raise Unusable("the log holds no configuration yet")
    return found


def in_force(log: EventLog, calendar: Calendar, moment: str) -> Event:
    """The ConfigChanged in force at a moment: a seq, or a time as `read_time` takes it.

    A time is local to the site as the log has it at its end. Raises `Unusable` where none was in force yet, or the
    log knows no civil time.
    """
    known = configurations(log)
    if moment.isascii() and moment.isdigit():
        before = [event for event in known if event.seq <= int(moment)]
    else:
        before = list(_before(known, calendar, moment))
    if not before:
        first = show_moment(known[0], calendar)
        raise Unusable(f"{moment}: no configuration was in force yet; the first one is {first}")
    return before[-1]


def _before(known: list[Event], calendar: Calendar, moment: str) -> Iterator[Event]:
    civil = [calendar.first_known_ns(event) for event in known]
    if all(at is None for at in civil):
        raise Unusable(f"{moment}: this log knows no civil time; name a seq (see `emberline config LOG`)")
    wanted = read_time(moment, calendar.zone) // SHOWN_NS
    for event, at in zip(known, civil, strict=True):
        if at is not None and at // SHOWN_NS <= wanted:
            yield event


def show_moment(event: Event, calendar: Calendar) -> str:
    """When it came into force, as people read it."""
    civil = calendar.first_known_ns(event)
    return calendar.show(event) if civil is None else local_text(civil, calendar.zone)


def document_of(event: Event) -> str:
    """The site file that it put in force."""
    assert isinstance(event.body, ConfigChanged)
    return event.body.document


def who_changed(event: Event) -> str:
    """Who put it in force."""
    assert isinstance(event.body, ConfigChanged)
    return event.body.who


def differences(old: Event, new: Event, calendar: Calendar) -> list[str]:
    """The change from one to the other as a unified diff; empty where there is none."""
    before, after = (document_of(event).splitlines() for event in (old, new))
    then, now = (f"seq {event.seq}  {show_moment(event, calendar)}" for event in (old, new))
    return list(difflib.unified_diff(before, after, then, now, lineterm=""))
