"""What a ledger says of its log: which segments are sealed, what of them is left, and where it lies."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path

import msgspec

from kernel.log.contract import GENESIS, Head
from kernel.log.ledger_lines import Closed, Compacted, Line, Lost, Pruned, Sealed
from kernel.log.segments import Segment


class Ledger(msgspec.Struct, frozen=True):
    """What the ledger says. `pruned` are the segments whose frames were removed, `pruned_events` those whose events.

    `closed` are the first seqs of what is one line for many segments, and is in `sealed` as one of them. `length` is
    how many of its bytes are whole lines.
    """

    sealed: tuple[Sealed, ...]
    pruned: frozenset[str]
    length: int
    lost: tuple[Lost, ...] = ()
    pruned_events: frozenset[str] = frozenset()
    days: tuple[Compacted, ...] = ()
    closed: frozenset[int] = frozenset()

    def day_of(self, first_seq: int) -> Compacted | None:
        """The day in whose file a segment's events lie, by its first seq; None where they lie by themselves."""
        at = bisect_right(self.days, first_seq, key=lambda day: day.first_seq) - 1
        return self.days[at] if at >= 0 and first_seq <= self.days[at].last_seq else None

    def segment(self, directory: Path, line: Sealed) -> Segment:
        """The files of a sealed segment."""
        day = self.day_of(line.first_seq)
        return Segment(directory, line.first_seq, None if day is None else day.first_seq)

    def lines_of(self, day: Compacted) -> tuple[Sealed, ...]:
        """The sealed segments whose events lie in the file of a day."""
        start = bisect_left(self.sealed, day.first_seq, key=lambda line: line.first_seq)
        end = bisect_right(self.sealed, day.last_seq, key=lambda line: line.first_seq)
        return self.sealed[start:end]

    @property
    def gaps(self) -> dict[int, Lost]:
        """The lost segments by their first seq."""
        return {lost.first_seq: lost for lost in self.lost if lost.what == "events"}

    def has_events(self, line: Sealed) -> bool:
        """Whether the events of a sealed segment have to be there."""
        return line.first_seq not in self.gaps and line.segment not in self.pruned_events

    def frames_were_pruned(self, segment: Segment) -> bool:
        """Whether its frames were removed on purpose, be it under the name of what it was closed with."""
        at = bisect_right(self.sealed, segment.first_seq, key=lambda line: line.first_seq) - 1
        covers = at >= 0 and segment.first_seq <= self.sealed[at].last_seq
        return covers and self.sealed[at].segment in self.pruned

    def payload_is_lost(self, seq: int) -> bool:
        """Whether it is known that the payload of this event is gone."""
        return any(lost.first_seq <= seq <= lost.last_seq for lost in self.lost)

    def is_framed(self, line: Sealed) -> bool:
        """Whether a sealed segment has to have the payloads of all its frames."""
        lost = any(lost.segment == line.segment for lost in self.lost)
        return line.frames_sha256 is not None and line.segment not in self.pruned and not lost

    def with_lines(self, added: Sequence[Line], length: int) -> "Ledger":
        """What it says after further lines, with which its whole lines are `length` bytes."""
        lines = [meant for line in added for meant in (line.meaning() if isinstance(line, Closed) else [line])]
        pruned = [line for line in lines if isinstance(line, Pruned)]
        return Ledger(
            self.sealed + tuple(line for line in lines if isinstance(line, Sealed)),
            self.pruned.union(line.segment for line in pruned if line.part == "frames"),
            length,
            self.lost + tuple(line for line in lines if isinstance(line, Lost)),
            self.pruned_events.union(line.segment for line in pruned if line.part == "events"),
            _days_of([*self.days, *lines]),
            self.closed.union(line.first_seq for line in added if isinstance(line, Closed)),
        )


def _days_of(lines: Sequence[Line]) -> tuple[Compacted, ...]:
    """In order of seq; of several lines for the same events the last one holds."""
    days = {line.first_seq: line for line in lines if isinstance(line, Compacted)}
    return tuple(days[first] for first in sorted(days))


def head_of(ledger: Ledger) -> Head:
    """Where the sealed segments end."""
    return head_after(ledger.sealed[-1]) if ledger.sealed else Head(digest=GENESIS)


def head_after(line: Sealed) -> Head:
    """The head at the end of a sealed segment."""
    return Head(line.last_seq, line.last_fact_no, line.last_time, bytes.fromhex(line.last_digest))
