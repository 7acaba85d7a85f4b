"""When alarms were recorded: the stretches of time whose frames are kept as evidence.

What a recording plan or a linkage recorded is said by RecordingStarted and RecordingStopped. An alarm that nothing
recorded in particular keeps what was captured from `BEFORE_NS` before it to `AFTER_NS` after its end.
"""

from kernel.events import AlarmCleared, AlarmRaised, Event, RecordingStarted, RecordingStopped, SessionStarted

BEFORE_NS = 5_000_000_000
AFTER_NS = 10_000_000_000
KINDS = ("SessionStarted", "AlarmRaised", "AlarmCleared", "RecordingStarted", "RecordingStopped")
"""The events that say so."""

Stretch = tuple[int, int]
"""From and to, logical ns, both inclusive."""


class Evidence:
    """Follows the events of a log in order."""

    def __init__(self) -> None:
        self._over: list[Stretch] = []
        self._open: dict[int, int] = {}
        self._latest = 0

    def note(self, event: Event) -> None:
        """Take an event; most say nothing about evidence."""
        match event.body:
            case SessionStarted():
                self._end_all()
            case AlarmRaised():
                self._open[event.seq] = event.time - BEFORE_NS
            case AlarmCleared(alarm=alarm):
                self._end(alarm, event.time + AFTER_NS)
            case RecordingStarted(pre_record_ns=pre_record_ns):
                self._open[event.seq] = event.time - pre_record_ns
            case RecordingStopped(recording=recording):
                self._end(recording, event.time)
            case _:
                pass
        self._latest = max(self._latest, event.time)

    def stretches(self) -> list[Stretch]:
        """All so far; what goes on has no end yet."""
        endless = 1 << 62
        return [*self._over, *((start, endless) for start in self._open.values())]

    def forget_before(self, time: int) -> None:
        """Let go of what ended before `time`."""
        self._over = [stretch for stretch in self._over if stretch[1] >= time]

    def _end(self, event: int, at: int) -> None:
        start = self._open.pop(event, None)
        if start is not None:
            self._over.append((start, at))

    def _end_all(self) -> None:
        """A session that was cut off: what went on in it ended with it."""
        for event in list(self._open):
            self._end(event, self._latest + AFTER_NS)
