"""Closed days: one line of the ledger stands for all segments of a day of which no frame is left.

A segment a minute makes half a million lines a year, and each start reads them all. The lines themselves, signatures
included, lie in the file of the day, and who looks at single segments takes them from there. Of the segments at the
start of the log of which nothing at all is left one line stays: where the chain goes on.

See docs/decisions/0005-closed-days.md.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

import msgspec

from kernel.log.contract import LogUnreadable
from kernel.log.database import Database
from kernel.log.ledger import Ledger
from kernel.log.ledger_file import read_ledger, replace_lines
from kernel.log.ledger_lines import Closed, Compacted, Line, Pruned, Sealed
from kernel.log.segments import Segment, files_of

WORTHWHILE = 100
"""So many lines of segments that are gone have to come together before the ledger is written anew for them."""

Run = tuple[Sealed, ...]
"""Segments that follow each other."""


def close_days(directory: Path) -> int:
    """Have one line stand for each run of segments that may be closed; how many lines it stands for.

    For the process that has the log open for writing. Raises `OSError`, `LogError`.
    """
    ledger = read_ledger(directory)
    runs = [*_frameless_days(directory, ledger), *_gone_at_the_start(ledger)]
    if runs:
        closed = [_closed(run, ledger) for run in runs]
        replace_lines(directory, lambda lines: list(_put_in_place(closed, lines)))
    return sum(map(len, runs))


def lines_in(database: Database, path: Path) -> Run:
    """The lines of the ledger that a file of a day carries. Raises `LogUnreadable`."""
    rows = database.rows(path, "sealed", "SELECT line FROM {} ORDER BY rowid")
    if not rows:
        raise LogUnreadable(f"{path} names no segment")
    try:
        return tuple(msgspec.json.decode(text, type=Sealed) for (text,) in rows)
    except msgspec.DecodeError as error:
        raise LogUnreadable(f"{path} is damaged: {error}") from None


def lines_of_closed(database: Database, directory: Path, ledger: Ledger, line: Sealed) -> Run:
    """What a closed day's one line stands for. Raises `LogUnreadable` where the file says otherwise."""
    path = ledger.segment(directory, line).events
    run = lines_in(database, path)
    ends = (run[0].first_seq, run[-1].last_seq, run[-1].last_fact_no, run[-1].last_time, run[-1].last_digest)
    if ends != (line.first_seq, line.last_seq, line.last_fact_no, line.last_time, line.last_digest):
        raise LogUnreadable(f"{path} does not hold the segments that the ledger's line for it stands for")
    return run


def taken_apart(database: Database, directory: Path, ledger: Ledger) -> Ledger:
    """The ledger with the segments of each closed day whose file is there. Raises `LogUnreadable`, naming the file."""
    sealed: list[Sealed] = []
    pruned = set(ledger.pruned)
    there = {line.first_seq for line in ledger.sealed if _is_there(directory, ledger, line)}
    for line in ledger.sealed:
        if line.first_seq in there:
            run = lines_of_closed(database, directory, ledger, line)
            sealed += run
            pruned.discard(line.segment)
            pruned.update(part.segment for part in run if part.frames_sha256 is not None)
        else:
            sealed.append(line)
    return msgspec.structs.replace(
        ledger, sealed=tuple(sealed), pruned=frozenset(pruned), closed=ledger.closed - frozenset(there)
    )


def reopen(database: Database, directory: Path, line: Sealed) -> bool:
    """Put the lines of its segments in the place of a closed day's one line, where the file still holds them.

    For the process that has the log open for writing. Raises `OSError`, `LogError`.
    """
    ledger = read_ledger(directory)
    day = ledger.day_of(line.first_seq)
    try:
        run = lines_of_closed(database, directory, ledger, line)
    except LogUnreadable:
        return False
    assert day is not None
    pruned = [Pruned(part.segment) for part in run if part.frames_sha256 is not None]

    def with_lines(lines: Sequence[Line]) -> Iterator[Line]:
        for other in lines:
            if isinstance(other, Closed) and other.first_seq == line.first_seq:
                yield from (*run, *pruned, day)
            else:
                yield other

    replace_lines(directory, lambda lines: list(with_lines(lines)))
    return True


def _is_there(directory: Path, ledger: Ledger, line: Sealed) -> bool:
    closed = line.first_seq in ledger.closed and ledger.has_events(line)
    return closed and ledger.segment(directory, line).events.exists()


def _frameless_days(directory: Path, ledger: Ledger) -> Iterator[Run]:
    for day in ledger.days:
        run = ledger.lines_of(day)
        closed = day.first_seq in ledger.closed
        if not closed and _is_frameless(run, ledger) and not _is_damaged(day, ledger):
            left = [path for line in run for path in files_of(Segment(directory, line.first_seq))]
            if not left:
                yield run


def _is_frameless(run: Run, ledger: Ledger) -> bool:
    """Whether it is all there but for its frames, which are gone on purpose."""
    gone = all(line.frames_sha256 is None or line.segment in ledger.pruned for line in run)
    return gone and not any(line.segment in ledger.pruned_events for line in run)


def _is_damaged(day: Compacted, ledger: Ledger) -> bool:
    return any(lost.first_seq <= day.last_seq and day.first_seq <= lost.last_seq for lost in ledger.lost)


def _gone_at_the_start(ledger: Ledger) -> Iterator[Run]:
    follows = 0 if not ledger.sealed else ledger.sealed[0].first_seq - 1
    run: list[Sealed] = []
    for line in takewhile(lambda line: line.segment in ledger.pruned_events, ledger.sealed):
        if line.first_seq != follows + 1 or line.first_seq in ledger.gaps:
            break
        run.append(line)
        follows = line.last_seq
    if len(run) >= WORTHWHILE:
        yield tuple(run)


def _closed(run: Run, ledger: Ledger) -> Closed:
    day = ledger.day_of(run[0].first_seq)
    gone = run[0].segment in ledger.pruned_events or day is None
    return Closed(
        first_seq=run[0].first_seq,
        last_seq=run[-1].last_seq,
        last_fact_no=run[-1].last_fact_no,
        last_time=run[-1].last_time,
        last_digest=run[-1].last_digest,
        events_sha256=None if gone or day is None else day.events_sha256,
        framed=any(line.frames_sha256 is not None for line in run),
        schema=run[-1].schema,
    )


def _put_in_place(closed: Sequence[Closed], lines: Sequence[Line]) -> Iterator[Line]:
    """The lines, each closed one in the place of the first that it stands for."""
    ordered = sorted(closed, key=lambda line: line.first_seq)
    for line in lines:
        first, last = _concerns(line)
        at = bisect_right(ordered, first, key=lambda one: one.first_seq) - 1
        if at < 0 or last > ordered[at].last_seq:
            yield line
        elif first == ordered[at].first_seq and isinstance(line, Sealed | Closed):
            yield ordered[at]


def _concerns(line: Line) -> tuple[int, int]:
    """The first and last seq that a line is about; of one that names a segment its first. 0 for the others."""
    match line:
        case Sealed() | Closed() | Compacted():
            return line.first_seq, line.last_seq
        case Pruned():
            return int(line.segment), int(line.segment)
        case _:
            return 0, 0
