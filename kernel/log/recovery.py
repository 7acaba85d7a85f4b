"""Opening a log for writing after whatever happened to it: nothing but a lack of disk, or of leave, prevents it.

What a crash left is sealed, what is damaged goes into `quarantine/` with a line in the ledger, and the log goes on
after the last event that the chain proves. What was mended or lost is returned, to be recorded as facts.
"""

import re
from pathlib import Path

import msgspec

from kernel.log.contract import Head, Recovery
from kernel.log.database import Database
from kernel.log.days import restore_days
from kernel.log.directory import check_is_log
from kernel.log.ledger import head_of
from kernel.log.ledger_file import (
    LEDGER_NAME,
    append_line,
    append_lines,
    begin_ledger,
    legible_lines,
    read_ledger,
    write_ledger,
)
from kernel.log.ledger_lines import Closed, DamagedLedger, LogBegun, Lost, Sealed, first_line
from kernel.log.lock import WriterLock
from kernel.log.mending import remove_scratch
from kernel.log.quarantine import keep_copy
from kernel.log.salvage import quarantine_segment, recover_segment
from kernel.log.sealed_files import check_digests, check_presence
from kernel.log.segments import Segment, files_of, segments_in
from kernel.log.signing import SealKey, seal_key
from kernel.log.watermark import Watermark, read_watermark, remove_watermark

_LOST_RANGE = re.compile(r"events (\d+) to (\d+):")
"""How `recover_segment` begins to say what is gone."""
CHECKED_BYTES = 128 * 1024 * 1024
"""So much of what was sealed last is read again when a log is opened; `scrub` reads all of it."""


def recover(database: Database, directory: Path, key_path: Path | None = None) -> tuple[Recovery, ...]:
    """Bring the log into order; the writer's lock is held. What is sealed is signed with the log's key, or that of
    `key_path`.

    Raises `LogError` where the disk does not allow it, `LogLocked` where another process has a file open, and
    `LogUnreadable` where the log is of a newer Emberline.
    """
    remove_scratch(directory)
    findings, later = _mend_ledger(directory)
    findings += restore_days(database, directory, later)
    sealed_up_to = None if later else head_of(read_ledger(directory)).seq
    findings += recover_unsealed(database, directory, later, seal_key(directory, key_path))
    findings += check_presence(database, directory)
    findings += check_digests(database, directory, CHECKED_BYTES, sealed_up_to)
    return tuple(findings)


def scrub(path: str | Path) -> tuple[Recovery, ...]:
    """Read all sealed files of a log that nobody writes to, and quarantine what is damaged.

    Raises `LogUnreadable` where there is no log, `LogLocked` where it is in use, `LogError` where it cannot be written.
    """
    directory = Path(path)
    check_is_log(directory)
    lock = WriterLock(directory)
    database = Database()
    try:
        return (*recover(database, directory), *check_digests(database, directory))
    finally:
        database.close()
        lock.release()


def recover_unsealed(
    database: Database, directory: Path, later: dict[int, Sealed | Closed], key: SealKey | None
) -> list[Recovery]:
    """Seal what a crash left, signed with `key`. `later` are a damaged ledger's lines, put back where they follow."""
    findings: list[Recovery] = []
    mark = read_watermark(directory)
    while True:
        ledger = read_ledger(directory)
        head = head_of(ledger)
        segment = Segment(directory, head.seq + 1)
        if segment.first_seq in later:
            append_lines(directory, _run_from(segment.first_seq, later))
            continue
        if files_of(segment):
            following = [other.first_seq for other in segments_in(directory)] + list(later)
            after = min((first for first in following if first > segment.first_seq), default=None)
            findings += recover_segment(database, segment, head, mark, after, key)
        if head_of(read_ledger(directory)) != head or _skip_to(directory, head, later, findings):
            continue
        if not _bridge(database, head, segments_in(directory), mark, key, findings):
            break
    findings += _set_strays_aside(database, directory)
    if mark.event > head.seq and not any(found.what == "events_lost" for found in findings):
        detail = f"events {head.seq + 1} to {mark.event} were committed and no file holds them"
        findings.append(Recovery("events_lost", f"{head.seq + 1:012d}", mark.event - head.seq, detail))
    remove_watermark(directory)
    return findings


def _mend_ledger(directory: Path) -> tuple[list[Recovery], dict[int, Sealed | Closed]]:
    """Cut a damaged ledger to what stands before the damage; the seals after it are returned by their first seq."""
    if not (directory / LEDGER_NAME).exists():
        begin_ledger(directory)
        if not segments_in(directory):
            return [], {}
        return [Recovery("ledger_mended", LEDGER_NAME, 0, "it was missing and is made anew from the segments")], {}
    try:
        if read_ledger(directory).length == 0:
            begin_ledger(directory)
        return [], {}
    except DamagedLedger:
        pass
    before, after, reason = legible_lines(directory)
    kept = keep_copy(directory / LEDGER_NAME)
    sealed = {line.first_seq: line for line in after if isinstance(line, Sealed | Closed)}
    others = [line for line in after if not isinstance(line, Sealed | Closed | LogBegun)]
    write_ledger(directory, [*(before or [first_line()]), *others])
    return [Recovery("ledger_mended", LEDGER_NAME, 0, f"{reason.replace(f'{directory}/', '')}; kept as {kept}")], sealed


def _run_from(first_seq: int, later: dict[int, Sealed | Closed]) -> list[Sealed | Closed]:
    """Take the lines that follow each other from `later`."""
    lines: list[Sealed | Closed] = []
    while first_seq in later:
        lines.append(later.pop(first_seq))
        first_seq = lines[-1].last_seq + 1
    return lines


def _skip_to(directory: Path, head: Head, later: dict[int, Sealed | Closed], findings: list[Recovery]) -> bool:
    """A segment is gone together with its line, but a later line is known: leave a gap up to that."""
    if not later:
        return False
    first = min(later)
    if first <= head.seq:
        del later[first]
        return True
    name = f"{head.seq + 1:012d}"
    detail = "neither the segment nor its line in the ledger is there"
    gap = Lost(name, "events", head.seq + 1, first - 1, detail)
    append_line(directory, gap)
    append_line(directory, later.pop(first))
    findings.append(Recovery("events_lost", name, first - 1 - head.seq, detail))
    return True


def _bridge(
    database: Database,
    head: Head,
    segments: list[Segment],
    mark: Watermark,
    key: SealKey | None,
    findings: list[Recovery],
) -> bool:
    """The segment that should follow is gone, or ends too soon, but one after it was written: leave a gap up to that.

    Its first event is taken as it is, since the one before is not known.
    """
    beyond = [segment for segment in segments if head.seq + 1 < segment.first_seq <= mark.event]
    if not beyond:
        return False
    segment, after = beyond[0], beyond[1].first_seq if len(beyond) > 1 else None
    name, last = f"{head.seq + 1:012d}", segment.first_seq - 1
    gap = Lost(name, "events", head.seq + 1, last, "what a crash left of its segment was damaged or is missing")
    untold = last - head.seq - _told(findings, gap)
    if untold:
        detail = f"between events {head.seq} and {last + 1}: {gap.detail}"
        findings.append(Recovery("events_lost", name, untold, detail))
    findings += recover_segment(database, segment, msgspec.structs.replace(head, seq=last), mark, after, key, gap)
    return True


def _told(findings: list[Recovery], gap: Lost) -> int:
    """How many events of the gap were reported already, with the segments that held them."""
    ranges = [_LOST_RANGE.match(found.detail) for found in findings if found.what == "events_lost"]
    bounds = [(int(found[1]), int(found[2])) for found in ranges if found is not None]
    return sum(last - first + 1 for first, last in bounds if gap.first_seq <= first and last <= gap.last_seq)


def _set_strays_aside(database: Database, directory: Path) -> list[Recovery]:
    """Files that nothing explains: they follow no event of this log."""
    ledger = read_ledger(directory)
    known = {line.first_seq for line in ledger.sealed}
    findings: list[Recovery] = []
    for segment in segments_in(directory):
        if segment.first_seq not in known:
            kept = quarantine_segment(database, segment)
            detail = f"it does not follow any event of this log; kept in quarantine: {kept}"
            findings.append(Recovery("quarantined", segment.name, 0, detail))
    return findings
