"""What really happened in a session: events that should raise alarms, and stretches that were judged."""

import msgspec


class TrueEvent(msgspec.Struct, frozen=True):
    """Something that should raise `count` alarms. Session times in ns; channel or rule None: of any."""

    start_ns: int
    end_ns: int
    channel: str | None = None
    rule: str | None = None
    count: int = 1

    def concerns(self, channel: str, rule: str) -> bool:
        return self.channel in (None, channel) and self.rule in (None, rule)


class Mark(msgspec.Struct, frozen=True):
    """A stretch in which alarms are known to be false, or are not to be counted."""

    start_ns: int
    end_ns: int
    label: str
    channel: str | None = None
    rule: str | None = None
    cause: str | None = None

    def holds(self, time_ns: int, channel: str, rule: str) -> bool:
        named = self.channel in (None, channel) and self.rule in (None, rule)
        return named and self.start_ns <= time_ns <= self.end_ns


class Reviewed(msgspec.Struct, frozen=True):
    """A stretch of the session that somebody has looked through for everything that should raise an alarm."""

    start_ns: int
    end_ns: int
    channel: str | None = None


class Truth(msgspec.Struct, frozen=True):
    """All that is known of one session.

    `biased` says that it comes from labelled alarms alone: what never raised an alarm is not in it, so that recall
    looks better than it is.
    """

    events: tuple[TrueEvent, ...] = ()
    marks: tuple[Mark, ...] = ()
    reviewed: tuple[Reviewed, ...] = ()
    biased: bool = False
