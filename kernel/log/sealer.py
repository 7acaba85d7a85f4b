"""The sealer: a process of low priority that makes finished segments final while the writer goes on.

    python -m kernel.log.sealer_process DIRECTORY [KEY]

A line of JSON on standard input names a segment and its last event, a line on standard output gives its line for the
ledger, or says why there is none, and is the last. The process ends with the end of its input, and at once: whoever
started it is gone then, and recovery will finish the segment. Until then it holds the writer's lock, which it inherits.
"""

import os
import sys
from pathlib import Path
from queue import SimpleQueue

import duckdb
import msgspec

from kernel.log.contract import Head, LogError
from kernel.log.database import Database
from kernel.log.ledger_lines import Lost, Sealed
from kernel.log.sealing import finish, frames_gone
from kernel.log.segments import Segment
from kernel.log.signing import SealKey, seal_key

NICENESS = 10


class Job(msgspec.Struct, frozen=True):
    """A segment to be made final: its first seq and the head of the log after its last event.

    `framed` says that payloads were stored with it: a frames file that is not there any more is missed.
    """

    first_seq: int
    head: Head
    framed: bool


class Result(msgspec.Struct, frozen=True):
    """What came of it: the line for the ledger with what was found missing, or what is in the way."""

    first_seq: int
    line: Sealed | None
    lost: tuple[Lost, ...] = ()
    trouble: str = ""


def serve(directory: Path, key_path: Path | None, lines: "SimpleQueue[bytes]") -> None:
    """Do the jobs that arrive in `lines`; comes to no end by itself."""
    os.nice(NICENESS)
    key = seal_key(directory, key_path)
    while True:
        result = _done(directory, msgspec.json.decode(lines.get(), type=Job), key)
        sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
        sys.stdout.buffer.flush()
        if result.line is None:
            os._exit(1)  # segments are sealed in order: whoever started this begins again with the first of them


def _done(directory: Path, job: Job, key: SealKey) -> Result:
    database = Database()
    try:
        segment = Segment(directory, job.first_seq)
        line = finish(database, segment, job.head, key)
        return Result(job.first_seq, line, frames_gone(segment, job.head.seq, job.framed))
    except (LogError, duckdb.Error, OSError) as error:
        return Result(job.first_seq, None, trouble=str(error))
    finally:
        database.close()
