"""Alarms marked true, false or to be ignored, as facts in the log.

On a log that no daemon writes, reviews stand behind the SessionEnded of its last session and belong to none: they bring
about nothing, and leave the sessions that they speak of as they are.
"""

from collections.abc import Sequence
from typing import get_args

import msgspec

from kernel.events import (
    AlarmRaised,
    AlarmReviewed,
    Cause,
    CommandReceived,
    Label,
)
from kernel.log.contract import EventLog, Selection
from kernel.recorder import Recorder

LABEL_COMMAND = "label"
"""How a label is called on its way to the daemon, which records an AlarmReviewed in its place."""
REVIEW = "operator"
"""The source of reviews."""
LABELS: tuple[str, ...] = get_args(Label)
CAUSES: tuple[str, ...] = get_args(Cause)
LONGEST_NOTE = 500
AlarmName = tuple[int, str, int]
"""The fact_no of the SessionStarted, the rule, the ordinal."""


class ReviewError(ValueError):
    """A review that names no alarm or says nothing known; the message says what is allowed."""


def judgement(log: EventLog, seq: int, label: str, cause: str | None, note: str, who: str) -> AlarmReviewed:
    """The fact that says so of the alarm raised, repeated or cleared with this seq. Raises `ReviewError`."""
    if label not in LABELS:
        raise ReviewError(f"label {label[:20]!r}: must be one of {', '.join(LABELS)}")
    if cause is not None and cause not in CAUSES:
        raise ReviewError(f"cause {cause[:20]!r}: must be one of {', '.join(CAUSES)}")
    if len(note) > LONGEST_NOTE or any(ord(c) < 32 for c in note):
        raise ReviewError(f"note: at most {LONGEST_NOTE} characters on one line")
    event = next(log.read(Selection(first=seq, last=seq)), None)
    body = None if event is None else event.body
    if event is None or not isinstance(body, AlarmRaised):
        what = "there is no event" if event is None else f"{event.kind} is"
        raise ReviewError(f"seq {seq}: {what}, and no alarm; `emberline alarms` lists them with their seqs")
    started = [s for s in log.read(Selection(kinds=("SessionStarted",))) if s.fact_no <= event.fact_no]
    review = {"label": label, "cause": cause, "note": note, "who": who}
    named = {"session": started[-1].fact_no, "channel": body.channel, "rule": body.rule, "ordinal": body.ordinal}
    return msgspec.convert({**named, **review}, AlarmReviewed)


def judgement_in(log: EventLog, command: CommandReceived) -> AlarmReviewed:
    """The judgement that somebody sent to the daemon as a command. Raises `ReviewError`."""
    try:
        seq, label, cause, note = command.arguments
        return judgement(log, int(seq), label, cause or None, note, command.who)
    except ValueError as error:
        if isinstance(error, ReviewError):
            raise
        raise ReviewError("a label says seq, label, cause and note") from None


def record_reviews(log: EventLog, reviews: Sequence[AlarmReviewed]) -> None:
    """Append the reviews to a log that nobody else writes, and make them durable."""
    recorder = Recorder(log, None)
    for review in reviews:
        recorder.admit(recorder.time, REVIEW, review)
    log.sync()


def reviews_of(log: EventLog) -> dict[AlarmName, AlarmReviewed]:
    """What was last said of each alarm."""
    bodies = [event.body for event in log.read(Selection(kinds=("AlarmReviewed",)))]
    return {(b.session, b.rule, b.ordinal): b for b in bodies if isinstance(b, AlarmReviewed)}
