"""Truth from labelled alarms: what a true one stands for other settings should find too, at about the same time."""

from collections.abc import Mapping, Sequence

from kernel.events import AlarmReviewed
from replay.labels.reviews import AlarmName
from replay.labels.truth import Mark, Reviewed, TrueEvent, Truth
from replay.sessions import Session
from replay.sweep.result import SweptAlarm

SAME_EVENT_NS = 10_000_000_000
"""Alarms of one rule that begin this close together are taken for the same."""


def truth_from_reviews(
    reviews: Mapping[AlarmName, AlarmReviewed], session: Session, recorded: Sequence[SweptAlarm], end_ns: int
) -> Truth:
    """What the reviews of a session's recorded alarms say.

    The session counts as looked through where every alarm of it has been judged.
    """
    events: list[TrueEvent] = []
    marks: list[Mark] = []
    open_ = 0
    for alarm in recorded:
        review = reviews.get((session.first_fact, alarm.rule, alarm.ordinal))
        if review is None:
            open_ += 1
            continue
        first, last = max(0, alarm.time_ns - SAME_EVENT_NS), alarm.time_ns + SAME_EVENT_NS
        if review.label == "true":
            events.append(TrueEvent(first, max(alarm.time_ns, alarm.ended_ns or 0), alarm.channel, alarm.rule))
        else:
            marks.append(Mark(first, last, review.label, alarm.channel, alarm.rule, review.cause))
    reviewed = (Reviewed(0, end_ns),) if recorded and not open_ else ()
    return Truth(tuple(events), tuple(marks), reviewed, biased=True)
