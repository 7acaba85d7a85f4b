"""The parts of a session: each begins with a state that the log keeps, and refolds without the ones before it."""

from bisect import bisect_right

import msgspec

from kernel.events import Event
from kernel.log.contract import EventLog, Selection
from replay.sessions import Session


class Part(msgspec.Struct, frozen=True):
    """A stretch of a session's facts.

    `kept` is the StateKept that it begins with, None where the session itself begins there; `following` the one that
    the next part begins with, and so this one ends with. `segment` is the first seq of the segment that its first
    fact is in; its events are those from `first_seq` to `last_seq` that belong to the session.
    """

    session: Session
    first_fact: int
    last_fact: int
    segment: int
    kept: Event | None = None
    following: Event | None = None

    def facts(self) -> Selection:
        return Selection(first_fact=self.first_fact, last_fact=self.last_fact, facts_only=True)

    def derived(self) -> Selection:
        """What the facts brought about, and the timers that fire between the state and the first fact."""
        return Selection(
            first=None if self.kept is None else self.kept.seq + 1,
            last=None if self.following is None else self.following.seq - 1,
            first_fact=self.first_fact if self.kept is None else self.kept.fact_no,
            last_fact=self.last_fact,
            derived_only=True,
        )

    @property
    def size(self) -> int:
        """How many facts it has."""
        return self.last_fact - self.first_fact + 1


def whole(session: Session) -> Part:
    """The session in one part, folded from its start."""
    return Part(session, session.first_fact, session.last_fact, session.started.seq)


def parts_of(log: EventLog, session: Session) -> list[Part]:
    """The session's parts in order: one, where its log keeps no states."""
    first, last = session.first_fact, session.last_fact
    states = list(log.read(Selection(kinds=("StateKept",), first_fact=first, last_fact=last)))
    begins = [first, *(state.fact_no + 1 for state in states)]
    ends = [*(state.fact_no for state in states), last]
    kept: list[Event | None] = [None, *states]
    following: list[Event | None] = [*states, None]
    starts = log.segment_starts
    return [
        Part(session, begin, end, _segment_of(log, starts, begin), state, after)
        for begin, end, state, after in zip(begins, ends, kept, following, strict=True)
        if begin <= end
    ]


def _segment_of(log: EventLog, starts: tuple[int, ...], fact_no: int) -> int:
    fact = next(log.read(Selection(first_fact=fact_no, last_fact=fact_no, facts_only=True)), None)
    return starts[max(0, bisect_right(starts, fact.seq) - 1)] if fact is not None and starts else 1
