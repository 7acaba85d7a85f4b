"""The sessions of a log: each a run of the daemon or an import."""

import msgspec

from kernel.events import Event, SessionStarted
from kernel.log.contract import EventLog, Selection


class Session(msgspec.Struct, frozen=True):
    """One session: its SessionStarted, its facts by fact_no (inclusive), and whether it ended in order.

    `number` counts from 1 over the log.
    """

    number: int
    started: Event
    first_fact: int
    last_fact: int
    ended: bool

    @property
    def origin(self) -> int:
        """Logical time at which it began, in ns."""
        return self.started.time

    @property
    def mode(self) -> str:
        assert isinstance(self.started.body, SessionStarted)
        return self.started.body.mode

    def facts(self, *kinds: str) -> Selection:
        """Its facts, of these kinds if any are named."""
        return Selection(first_fact=self.first_fact, last_fact=self.last_fact, facts_only=True, kinds=kinds or None)

    def derived(self) -> Selection:
        return Selection(first_fact=self.first_fact, last_fact=self.last_fact, derived_only=True)

    def all(self) -> Selection:
        return Selection(first_fact=self.first_fact, last_fact=self.last_fact)


def sessions_of(log: EventLog) -> list[Session]:
    """All sessions of the log in order. What follows a SessionEnded, as reviews of alarms do, belongs to none."""
    marks = list(log.read(Selection(kinds=("SessionStarted", "SessionEnded"))))
    starts = [m for m in marks if m.kind == "SessionStarted"]
    ends = [m.fact_no for m in marks if m.kind == "SessionEnded"]
    sessions: list[Session] = []
    for number, start in enumerate(starts, 1):
        last = starts[number].fact_no - 1 if number < len(starts) else log.head.fact_no
        end = next((fact_no for fact_no in ends if start.fact_no <= fact_no <= last), None)
        sessions.append(Session(number, start, start.fact_no, last if end is None else end, end is not None))
    return sessions
