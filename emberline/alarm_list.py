"""Alarms as people ask for them: when, which rule, what target, for how long."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import msgspec

from emberline.civil import SECOND_NS, Calendar
from kernel.events import AlarmCleared, AlarmRaised, AlarmRepeated, AlarmReviewed, Event
from kernel.log.contract import EventLog, Selection
from replay.labels import reviews_of


class Alarm(msgspec.Struct):
    """An AlarmRaised with what followed from it."""

    raised: Event
    cleared: Event | None = None
    repeats: int = 0
    review: AlarmReviewed | None = None

    @property
    def body(self) -> AlarmRaised:
        assert isinstance(self.raised.body, AlarmRaised)
        return self.raised.body

    @property
    def duration_ns(self) -> int | None:
        return None if self.cleared is None else self.cleared.time - self.raised.time

    @property
    def ended_by(self) -> str:
        """Why it ended, in words; empty while it goes on."""
        if self.cleared is None or not isinstance(self.cleared.body, AlarmCleared):
            return ""
        return self.cleared.body.reason.replace("_", " ")

    def as_json(self, calendar: Calendar) -> dict[str, Any]:
        body = self.body
        return {
            "seq": self.raised.seq,
            "fact_no": self.raised.fact_no,
            "time": self.raised.time,
            "local": calendar.show(self.raised),
            **msgspec.to_builtins(body),
            "repeats": self.repeats,
            "cleared": None if self.cleared is None else self.cleared.time,
            "reason": self.ended_by.replace(" ", "_") or None,
            "label": None if self.review is None else self.review.label,
            "cause": None if self.review is None else self.review.cause,
            "note": None if self.review is None else self.review.note,
            "duration_s": None if self.duration_ns is None else self.duration_ns / SECOND_NS,
        }


def alarms_of(log: EventLog) -> Iterator[Alarm]:
    """The log's alarms in the order in which they began."""
    alarms: dict[int, Alarm] = {}
    reviews = reviews_of(log)
    starts = [start.fact_no for start in log.read(Selection(kinds=("SessionStarted",)))]
    for event in log.read(Selection(kinds=("AlarmRaised", "AlarmRepeated", "AlarmCleared"))):
        match event.body:
            case AlarmRaised():
                session = starts[bisect_right(starts, event.fact_no) - 1]
                review = reviews.get((session, event.body.rule, event.body.ordinal))
                alarms[event.seq] = Alarm(event, review=review)
            case AlarmRepeated(alarm=seq) if seq in alarms:
                alarms[seq].repeats += 1
            case AlarmCleared(alarm=seq) if seq in alarms:
                alarms[seq].cleared = event
            case _:
                pass
    yield from alarms.values()
