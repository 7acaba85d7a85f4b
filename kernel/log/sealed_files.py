"""Sealed segments against their lines in the ledger: is every file there, and is it what was sealed?"""

from pathlib import Path

from kernel.log.chain import PAYLOAD_KINDS
from kernel.log.closing import reopen
from kernel.log.contract import GENESIS, Head, LogUnreadable, Recovery
from kernel.log.database import Database
from kernel.log.holding import hold_payloads, walk
from kernel.log.ledger import Ledger, head_after
from kernel.log.ledger_file import append_line, read_ledger
from kernel.log.ledger_lines import Lost, Sealed
from kernel.log.mending import without_folder
from kernel.log.quarantine import set_aside
from kernel.log.reading import Reader, Span
from kernel.log.segments import Segment, companions, file_sha256, files_of


def check_presence(database: Database, directory: Path) -> list[Recovery]:
    """Note in the ledger which files of sealed segments are missing; put aside what was laid beside them."""
    ledger = read_ledger(directory)
    names = {path.name for path in directory.iterdir()}
    accompanied = {name[:12] for name in names if ".duckdb." in name}
    findings: list[Recovery] = []
    for line in ledger.sealed:
        segment = ledger.segment(directory, line)
        if not ledger.has_events(line):
            continue
        if segment.events.name not in names:
            findings.append(lose_events(database, segment, line, f"{segment.events.name} is missing"))
            continue
        if ledger.is_framed(line) and segment.frames.name not in names:
            findings.append(lose_payloads(database, segment, line, f"{segment.frames.name} is missing"))
        if segment.name in accompanied:
            findings.append(_set_strays_aside(segment))
    return findings


def check_digests(
    database: Database, directory: Path, at_most_bytes: int | None = None, up_to: int | None = None
) -> list[Recovery]:
    """Read sealed files again, the last ones first and `at_most_bytes` of them, and quarantine what is damaged.

    Segments after the event `up_to` are left out: they were read to be sealed a moment ago.

    A file whose content the chain still proves stays, although it is not byte for byte what was sealed.
    """
    ledger = read_ledger(directory)
    findings: list[Recovery] = []
    read, files = 0, _Digests(database)
    for number in range(len(ledger.sealed) - 1, -1, -1):
        line = ledger.sealed[number]
        segment = ledger.segment(directory, line)
        if not ledger.has_events(line) or (up_to is not None and line.last_seq > up_to):
            continue
        read += sum(path.stat().st_size for path in files_of(segment))
        read += segment.events.stat().st_size if segment.day == segment.first_seq else 0
        if at_most_bytes is not None and read > at_most_bytes:
            break
        findings += _check(database, segment, ledger, number, files)
    return findings


def lose_events(database: Database, segment: Segment, line: Sealed, reason: str) -> Recovery:
    """Put a sealed segment aside, and have the ledger say so: its seqs stay taken."""
    database.detach(segment.events)
    database.detach(segment.frames)
    kept = ", ".join(set_aside(path) for path in files_of(segment)) or "no file of its own is left"
    detail = f"{reason}; in quarantine: {kept}"
    append_line(segment.directory, Lost(segment.name, "events", line.first_seq, line.last_seq, detail))
    count = line.last_seq - line.first_seq + 1
    return Recovery("events_lost", segment.name, count, f"events {line.first_seq} to {line.last_seq}: {detail}")


def lose_payloads(database: Database, segment: Segment, line: Sealed, reason: str) -> Recovery:
    """Put the frames of a sealed segment aside, and have the ledger say so."""
    count = _framed_events(database, segment, line)
    database.detach(segment.frames)
    files = [path for path in files_of(segment) if path.name.startswith(segment.frames.name)]
    kept = ", ".join(set_aside(path) for path in files) or "no file is left"
    detail = f"{reason}; in quarantine: {kept}"
    append_line(segment.directory, Lost(segment.name, "payloads", line.first_seq, line.last_seq, detail))
    return Recovery("payloads_lost", segment.name, count, detail)


def _set_strays_aside(segment: Segment) -> Recovery:
    kept = ", ".join(set_aside(path) for path in [*companions(segment.own_events), *companions(segment.frames)])
    detail = f"beside a sealed segment lay what did not belong to it; in quarantine: {kept}"
    return Recovery("quarantined", segment.name, 0, detail)


def head_before(ledger: Ledger, number: int) -> Head | None:
    """The head before a sealed segment; None where what came before is gone without a trace."""
    if number == 0:
        return Head(digest=GENESIS) if ledger.sealed[0].first_seq == 1 else None
    line = ledger.sealed[number - 1]
    return head_after(line) if line.last_seq + 1 == ledger.sealed[number].first_seq else None


class _Digests:
    """Holds files against their recorded digests, the file of a day once for all of its segments."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[tuple[Path, str | None], bool] = {}

    def is_as_sealed(self, path: Path, recorded: str | None) -> bool:
        """Detached first, see `file_sha256`. A disk that cannot read the file has damaged it, too."""
        if (path, recorded) not in self._seen:
            self._database.detach(path)
            try:
                self._seen[path, recorded] = file_sha256(path) == recorded
            except OSError:
                self._seen[path, recorded] = False
        return self._seen[path, recorded]


def _check(database: Database, segment: Segment, ledger: Ledger, number: int, files: _Digests) -> list[Recovery]:
    line = ledger.sealed[number]
    span = Span(segment, line.first_seq, line.last_seq)
    reader = Reader(database, lambda: [span])
    day = ledger.day_of(line.first_seq)
    if not files.is_as_sealed(segment.events, line.events_sha256 if day is None else day.events_sha256):
        head, trouble = walk(reader, span, head_before(ledger, number))
        if not trouble and (head is None or head.digest.hex() != line.last_digest):
            trouble = "it ends otherwise than the ledger says"
        if trouble and line.first_seq in ledger.closed and reopen(database, segment.directory, line):
            return _check_segments_of(database, segment.directory, line, files)
        if trouble:
            return [lose_events(database, segment, line, without_folder(trouble, segment.directory))]
    if ledger.is_framed(line) and not files.is_as_sealed(segment.frames, line.frames_sha256):
        held = hold_payloads(reader, span)
        if held.trouble or held.gone:
            trouble = held.trouble or f"the payload of event {held.gone[0]} is missing"
            return [lose_payloads(database, segment, line, without_folder(trouble, segment.directory))]
    return []


def _check_segments_of(database: Database, directory: Path, day: Sealed, files: _Digests) -> list[Recovery]:
    """Of a damaged file of a day the segments that the chain still proves stay."""
    ledger = read_ledger(directory)
    findings: list[Recovery] = []
    for number, line in enumerate(ledger.sealed):
        if day.first_seq <= line.first_seq <= day.last_seq:
            findings += _check(database, ledger.segment(directory, line), ledger, number, files)
    return findings


def _framed_events(database: Database, segment: Segment, line: Sealed) -> int:
    sql = f"SELECT count(*) FROM {{}} WHERE seq BETWEEN ? AND ? AND kind IN {PAYLOAD_KINDS}"
    try:
        return int(database.rows(segment.events, "events", sql, [line.first_seq, line.last_seq])[0][0])
    except LogUnreadable:
        return 0
