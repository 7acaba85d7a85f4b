"""Removing frames on purpose: the events and their chain stay, and the ledger says so."""

from pathlib import Path

from kernel.log.contract import LogError
from kernel.log.directory import check_is_log
from kernel.log.ledger import Pruned, append_line, read_ledger
from kernel.log.lock import WriterLock
from kernel.log.segments import Segment


def prune_frames(path: str | Path, first_seq: int) -> None:
    """Remove the frames of the sealed segment that begins at `first_seq`, of a log that nobody writes to.

    Raises `LogError` where there is no such segment, `LogLocked` where the log is in use.
    """
    directory = Path(path)
    check_is_log(directory)
    lock = WriterLock(directory)
    try:
        segment = Segment(directory, first_seq)
        if all(line.first_seq != first_seq for line in read_ledger(directory).sealed):
            raise LogError(f"{directory} has no sealed segment {segment.name}")
        append_line(directory, Pruned(segment.name))
        segment.frames.unlink(missing_ok=True)
    finally:
        lock.release()
