"""The writer's side of the sealer process: hands finished segments over, and enters what comes back in the ledger."""

import contextlib
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from kernel.log.contract import LogError
from kernel.log.ledger_file import append_lines
from kernel.log.sealer import Job, Result

MOST_STARTS = 5
"""So often in a row the process may end before it has finished a segment; then the next segment is waited for."""
FAREWELL_S = 30.0


class SealingDesk:
    """Segments on their way to be sealed, in order. `hand_over` never waits for the process.

    What is left when the process cannot be had, or reports trouble (a full disk), stays as it is; it is tried again
    with the next segment, and `hand_back` gives it to be sealed otherwise.
    """

    def __init__(self, directory: Path, key: Path | None, lock: int) -> None:
        self._directory = directory
        self._key = key
        self._lock = lock
        self._pending: list[Job] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._starts = 0
        self._closing = False
        self._changed = threading.Condition()

    @property
    def process_id(self) -> int | None:
        """Of the sealer, while there is one."""
        process = self._process
        return None if process is None else process.pid

    def hand_over(self, job: Job) -> None:
        """Have a segment sealed whose files nobody has open."""
        with self._changed:
            self._pending.append(job)
            self._starts = 0
            if self._process is None:
                self._start()
            else:
                self._send(job)

    def wait_for(self, first_seq: int, timeout_s: float) -> bool:
        """Wait until a segment is not being sealed any more; whether that came about in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_under_way(first_seq), timeout_s)

    def close(self) -> None:
        """Let the process finish what it has, and end it. From then on nothing is sealed by it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pending or self._process is None, FAREWELL_S)
        self.abandon()

    def abandon(self) -> None:
        """End the process whatever it is doing. Allowed twice."""
        with self._changed:
            self._closing = True
            process = self._process
        if process is not None:
            process.kill()
        if self._reader is not None:
            self._reader.join()

    def hand_back(self) -> list[Job]:
        """What is still to be sealed once the desk is closed, in order."""
        return list(self._pending)

    def _is_under_way(self, first_seq: int) -> bool:
        return self._process is not None and any(job.first_seq == first_seq for job in self._pending)

    def _start(self) -> None:
        """With the condition held."""
        if self._closing or self._starts >= MOST_STARTS:
            return
        self._starts += 1
        command = [sys.executable, "-m", "kernel.log.sealer_process", str(self._directory.absolute())]
        command += [] if self._key is None else [str(self._key.absolute())]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(self._lock,),
                cwd=Path(__file__).parents[2],
                start_new_session=True,  # a Ctrl-C is meant for the writer, which ends in order
            )
        except OSError:
            return
        self._process = process
        self._reader = threading.Thread(target=self._read, args=(process,), name="sealer's results", daemon=True)
        self._reader.start()
        for job in self._pending:
            self._send(job)

    def _send(self, job: Job) -> None:
        """The pipe holds some hundred jobs; `_read` notices where the process has just ended."""
        assert self._process is not None and self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(msgspec.json.encode(job) + b"\n")
            self._process.stdin.flush()

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None and process.stdin is not None
        for text in process.stdout:
            self._take(text)
        process.wait()
        with self._changed:
            process.stdout.close()
            with contextlib.suppress(OSError):
                process.stdin.close()
            self._process = None
            if self._pending:
                self._start()
            self._changed.notify_all()

    def _take(self, text: bytes) -> None:
        """Enter a seal in the ledger. What cannot be entered now stays pending, and all that follows it."""
        try:
            result = msgspec.json.decode(text, type=Result)
        except msgspec.DecodeError:  # it was killed while it wrote
            return
        line = result.line
        with self._changed:
            if line is None or not self._pending or self._pending[0].first_seq != line.first_seq:
                return
            try:
                append_lines(self._directory, [*result.lost, line])
            except (OSError, LogError):
                return
            self._pending.pop(0)
            self._starts = 0
            self._changed.notify_all()
