"""The storekeeper's side of the compactor: has the days that are over put into files, one after another."""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from kernel.log.compactor import Built
from kernel.log.contract import LogError
from kernel.log.days import Run, due_runs, take_over
from kernel.log.ledger import Ledger
from kernel.log.mending import scratch_folder
from kernel.log.segments import Segment, day_file


class _Work(msgspec.Struct, frozen=True):
    run: Run
    target: Path
    process: "subprocess.Popen[bytes]"
    scratch: "tempfile.TemporaryDirectory[str]"


class DayDesk:
    """Looks in on the compactor each time it is asked to; nothing here waits. Of `directory` the log is being written.

    What cannot be compacted stays as it is, and is tried again after the next start.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._work: _Work | None = None
        self._refused: set[int] = set()

    @property
    def is_busy(self) -> bool:
        """Whether a file is being built."""
        return self._work is not None

    def step(self, ledger: Ledger, now: int, room_bytes: int) -> None:
        """Take what the process has finished, or have it begin with the next day that is over at logical time `now`
        and for whose copy there is room. Raises `LogError`, `OSError` where that did not come about.
        """
        if self._work is None:
            due = (run for run in due_runs(ledger, now) if run[0].first_seq not in self._refused)
            run = next(due, None)
            if run is not None and _bytes(self._directory, run) <= room_bytes:
                self._begin(run)
        elif self._work.process.poll() is not None:
            self._finish(self._work)

    def close(self) -> None:
        """End the process, finished or not. Allowed twice."""
        work, self._work = self._work, None
        if work is not None:
            work.process.kill()
            _clear(work)

    def _begin(self, run: Run) -> None:
        directory = self._directory.absolute()
        scratch = scratch_folder(directory)
        target = Path(scratch.name) / day_file(directory, run[0].first_seq).name
        words = (str(directory), str(run[0].first_seq), str(run[-1].last_seq), str(target))
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "kernel.log.compactor", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=Path(__file__).parents[2],
                start_new_session=True,
            )
        except OSError:
            scratch.cleanup()
            raise
        self._work = _Work(run, target, process, scratch)

    def _finish(self, work: _Work) -> None:
        self._work = None
        try:
            assert work.process.stdout is not None
            built = msgspec.json.decode(work.process.stdout.read(), type=Built)
            if built.line is None:
                raise LogError(built.trouble)
            take_over(self._directory, work.run, work.target, built.line)
        except msgspec.DecodeError:
            self._refused.add(work.run[0].first_seq)
            raise LogError("the process that puts a day's events into one file came to no end") from None
        except (LogError, OSError):
            self._refused.add(work.run[0].first_seq)
            raise
        finally:
            _clear(work)


def _bytes(directory: Path, run: Run) -> int:
    """How much the segments take, and their copy at most."""
    return sum(Segment(directory, line.first_seq).own_events.stat().st_size for line in run)


def _clear(work: _Work) -> None:
    work.process.wait()
    for pipe in (work.process.stdin, work.process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    work.scratch.cleanup()
