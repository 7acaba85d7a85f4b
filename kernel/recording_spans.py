"""Which spans of a log are recordings: what retention keeps, and what a clip can be cut from."""

from collections.abc import Iterable

import msgspec

from kernel.events import Event, RecordingExtended, RecordingStarted, RecordingStopped, SessionStarted
from kernel.recordings import CONTINUOUS

SPAN_KINDS = ("SessionStarted", "RecordingStarted", "RecordingExtended", "RecordingStopped")
"""The kinds of events that say which spans are recordings."""


class RecordingSpan(msgspec.Struct, frozen=True):
    """From `start_ns` up to and including `end_ns`, in logical time; `end_ns` is None while it goes on.

    `recording` is the seq of its RecordingStarted, `alarms` those of the alarms and exceptions that asked for it.
    """

    recording: int
    channel: str
    plan: str
    start_ns: int
    end_ns: int | None
    alarms: tuple[int, ...]

    @property
    def evidence(self) -> bool:
        """Whether it shows an alarm, rather than being there because of its schedule."""
        return self.plan != CONTINUOUS


def recording_spans(events: Iterable[Event]) -> list[RecordingSpan]:
    """The recordings among a log's events of `SPAN_KINDS`, given in order of seq, in the order in which they began.

    A recording that a crash cut off ends where the next session begins. One whose beginning is not among the events is
    passed over.
    """
    spans: dict[int, RecordingSpan] = {}
    for event in events:
        match event.body:
            case SessionStarted():
                spans = {seq: _ended(span, event.time) for seq, span in spans.items()}
            case RecordingStarted(channel=channel, plan=plan, pre_record_ns=before, event=alarm):
                alarms = () if alarm is None else (alarm,)
                spans[event.seq] = RecordingSpan(event.seq, channel, plan, event.time - before, None, alarms)
            case RecordingExtended(recording=seq, event=alarm) if seq in spans:
                spans[seq] = msgspec.structs.replace(spans[seq], alarms=(*spans[seq].alarms, alarm))
            case RecordingStopped(recording=seq) if seq in spans:
                spans[seq] = _ended(spans[seq], event.time)
            case _:
                pass
    return list(spans.values())


def _ended(span: RecordingSpan, at_ns: int) -> RecordingSpan:
    return span if span.end_ns is not None else msgspec.structs.replace(span, end_ns=at_ns)
