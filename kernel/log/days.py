"""The events of a past day in one file: what hundreds of small segments hold is then read with one look.

The file of a day holds the very rows of its segments, in order, and their lines of the ledger. These lines stay in the
ledger as well: the chain of digests runs through the rows as before, and has to come to the digest at the end of each
segment that its signed seal names. Frames stay where they are. See docs/decisions/0003-days-in-one-file.md.

A process killed on the way leaves a file that the ledger does not know beside the segments, or the segments beside the
file of which the ledger knows: either is whole, and what is too much is removed later.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import msgspec

from kernel.durable import sync_directory
from kernel.log.closing import Run, lines_in
from kernel.log.contract import LogError, LogUnreadable, Recovery
from kernel.log.database import Database, first_line
from kernel.log.holding import walk
from kernel.log.ledger import Ledger
from kernel.log.ledger_file import append_line, read_ledger
from kernel.log.ledger_lines import Closed, Compacted, Sealed
from kernel.log.mending import scratch_folder, without_folder
from kernel.log.quarantine import set_aside
from kernel.log.reading import Reader, Span
from kernel.log.schema import ROW_COLUMNS, create_events_file
from kernel.log.sealed_files import head_before
from kernel.log.segments import Segment, day_file, day_files_in, file_sha256

DAY_NS = 86_400_000_000_000

Build = Callable[[Path, Run, Path], Compacted]
"""Writes the file of a run: directory, run, where the file is to be."""


def due_runs(ledger: Ledger, before: int | None = None) -> Iterator[Run]:
    """The runs of segments that ended on one day of logical time, whose events still lie by themselves.

    With `before`, a logical time, only the days before its own. A gap, and another log schema, begin another run.
    """
    run: list[Sealed] = []
    for line in ledger.sealed:
        if run and not _goes_on(run[-1], line, ledger):
            yield from _if_worth_it(run)
            run = []
        if before is not None and line.last_time // DAY_NS >= before // DAY_NS:
            break
        if ledger.has_events(line) and ledger.day_of(line.first_seq) is None:
            run.append(line)
    yield from _if_worth_it(run)


def _goes_on(last: Sealed, line: Sealed, ledger: Ledger) -> bool:
    follows = line.first_seq == last.last_seq + 1 and line.schema == last.schema
    same_day = line.last_time // DAY_NS == last.last_time // DAY_NS
    return follows and same_day and ledger.has_events(line) and ledger.day_of(line.first_seq) is None


def _if_worth_it(run: list[Sealed]) -> Iterator[Run]:
    if len(run) > 1:
        yield tuple(run)


def build_day(directory: Path, run: Run, target: Path) -> Compacted:
    """Write the file of a run to `target`, and prove it: its chain comes to the digest of each seal.

    `target` has the name that the file is to have, in a folder of any name.

    Raises `LogError` where the segments cannot be read, are not what was sealed, or the disk does not allow it.
    """
    database = Database()
    try:
        _copy(database, directory, run, target)
        _prove(database, directory, run, target)
        database.detach(target)
        target.chmod(0o444)
        return Compacted(run[0].first_seq, run[-1].last_seq, file_sha256(target))
    except (duckdb.Error, OSError) as error:
        raise LogError(f"the file of the day {target.name} cannot be written: {first_line(error)}") from None
    finally:
        database.close()


def _copy(database: Database, directory: Path, run: Run, target: Path) -> None:
    alias = create_events_file(database, target, run[0].schema)
    source = Database()  # one of its own: what is attached for a transaction stays attached until its end
    try:
        database.execute("BEGIN")  # rows of one transaction go to the file as they come, not to memory
        for line in run:
            path = Segment(directory, line.first_seq).events
            sql = f"SELECT {ROW_COLUMNS}, written FROM {{}} ORDER BY seq"
            database.insert(f"{alias}.events", source.typed(path, "events", sql))
        database.execute("COMMIT")
    finally:
        source.close()
    database.execute(f"CREATE TABLE {alias}.sealed (line VARCHAR)")
    for line in run:
        database.execute(f"INSERT INTO {alias}.sealed VALUES (?)", [msgspec.json.encode(line).decode()])
    database.execute(f"CHECKPOINT {alias}")
    database.detach(target)


def _prove(database: Database, directory: Path, run: Run, target: Path) -> None:
    ledger = read_ledger(directory)
    head = head_before(ledger, ledger.sealed.index(run[0]))
    for line in run:
        segment = Segment(target.parent, line.first_seq, run[0].first_seq)
        span = Span(segment, line.first_seq, line.last_seq)
        head, trouble = walk(Reader(database, lambda span=span: [span]), span, head)
        if trouble or head is None or (head.seq, head.digest.hex()) != (line.last_seq, line.last_digest):
            reason = without_folder(trouble, target.parent) or "it ends otherwise than its seal says"
            raise LogError(f"segment {line.segment} cannot go into the file of its day: {reason}")


def compact(directory: Path, run: Run, build: Build = build_day) -> None:
    """Put a run into one file, in a log whose writer's lock is held. Raises `LogError`, `OSError`."""
    with scratch_folder(directory) as scratch:
        target = Path(scratch) / day_file(directory, run[0].first_seq).name
        take_over(directory, run, target, build(directory, run, target))


def take_over(directory: Path, run: Run, built: Path, line: Compacted) -> bool:
    """Put the file that was built for a run in the place of its segments' events.

    False, and nothing is done, where not all of them are to be there any more. Raises `OSError`, `LogError`.
    """
    ledger = read_ledger(directory)
    if not all(ledger.has_events(part) and ledger.day_of(part.first_seq) is None for part in run):
        return False
    built.rename(day_file(directory, line.first_seq))
    sync_directory(directory)
    append_line(directory, line)
    for part in run:
        Segment(directory, part.first_seq).own_events.unlink(missing_ok=True)
    return True


def restore_days(database: Database, directory: Path, later: dict[int, Sealed | Closed]) -> list[Recovery]:
    """See to the files of days that the ledger does not know: unfinished ones are removed, of others, whose lines were
    lost with the ledger, the lines are put back; those of segments go into `later`.
    """
    ledger = read_ledger(directory)
    known = {day.first_seq for day in ledger.days} | {line.first_seq for line in later.values() if type(line) is Closed}
    findings: list[Recovery] = []
    for first_seq, path in day_files_in(directory).items():
        if first_seq in known:
            continue
        try:
            run = lines_in(database, path)
        except LogUnreadable as error:
            database.detach(path)
            detail = f"{without_folder(str(error), directory)}; in quarantine: {set_aside(path)}"
            findings.append(Recovery("quarantined", path.name, 0, detail))
            continue
        database.detach(path)
        if all(Segment(directory, line.first_seq).own_events.exists() for line in run):
            path.unlink()
            continue
        sealed = {line.first_seq for line in ledger.sealed}
        later.update({line.first_seq: line for line in run if line.first_seq not in sealed})
        append_line(directory, Compacted(run[0].first_seq, run[-1].last_seq, file_sha256(path)))
    return findings
