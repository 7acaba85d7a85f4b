"""The compactor: a process of lowest priority that writes the file of a day while the daemon goes on.

    python -m kernel.log.compactor DIRECTORY FIRST_SEQ LAST_SEQ TARGET

It builds the file for the sealed segments from one seq to another and prints a line of JSON, `Built`; it changes
nothing else. It ends at once with its standard input: whoever started it is gone then.
"""

import os
import sys
import threading
from pathlib import Path

import msgspec

from kernel.log.closing import close_days
from kernel.log.contract import LogError
from kernel.log.database import Database
from kernel.log.days import build_day, compact, due_runs
from kernel.log.directory import check_is_log
from kernel.log.ledger_file import read_ledger
from kernel.log.ledger_lines import Compacted
from kernel.log.lock import WriterLock
from kernel.log.recovery import recover
from kernel.log.retention import remove_leftovers

NICENESS = 19


class Built(msgspec.Struct, frozen=True):
    """The line for the ledger, or what was in the way."""

    line: Compacted | None
    trouble: str = ""


def compact_log(path: str | Path) -> tuple[int, int]:
    """Put the events of each day into one file, in a log that nobody writes to; how many segments, in how many files.

    Raises `LogUnreadable` where there is no log, `LogLocked` where it is in use, `LogError` where it cannot be done.
    """
    directory = Path(path)
    check_is_log(directory)
    lock = WriterLock(directory)
    database = Database()
    try:
        recover(database, directory)
        remove_leftovers(directory)
        runs = list(due_runs(read_ledger(directory)))
        for run in runs:
            compact(directory, run)
        close_days(directory)
        return sum(map(len, runs)), len(runs)
    except OSError as error:
        raise LogError(f"{directory} cannot be compacted: {error.strerror or error}") from None
    finally:
        database.close()
        lock.release()


def main() -> None:
    """Build one file."""
    os.nice(NICENESS)
    threading.Thread(target=_end_with_input, daemon=True).start()
    directory, first_seq, last_seq = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    try:
        sealed = read_ledger(directory).sealed
        run = tuple(line for line in sealed if first_seq <= line.first_seq <= last_seq)
        built = Built(build_day(directory, run, Path(sys.argv[4])))
    except (LogError, OSError) as error:
        built = Built(None, str(error))
    sys.stdout.buffer.write(msgspec.json.encode(built) + b"\n")
    sys.stdout.buffer.flush()
    os._exit(0)


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
