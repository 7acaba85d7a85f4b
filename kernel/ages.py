"""How old a moment of the log is, where some of its sessions did not know what time it was.

The logical time of a session without civil time begins where the one before it ended, or at nought; that of the next
one that knows the time may begin decades later. What such a session recorded counts as being as old as that next one.
"""

from bisect import bisect_right

from kernel.events import ClockSet, Event, SessionStarted

KINDS = ("SessionStarted", "ClockSet")
"""The events that say so."""


class Ages:
    """Follows the events of a log in order."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._knows: list[bool] = []

    def note(self, event: Event) -> None:
        """Take an event; most say nothing about sessions."""
        if isinstance(event.body, SessionStarted):
            self._starts.append(event.time)
            self._knows.append(False)
        elif isinstance(event.body, ClockSet) and self._knows:
            self._knows[-1] = True

    def counted_from(self, moment: int) -> int:
        """The logical time from which the age of a moment counts."""
        session = bisect_right(self._starts, moment) - 1
        while 0 <= session < len(self._starts) - 1 and not self._knows[session]:
            session += 1
            moment = max(moment, self._starts[session])
        return moment
