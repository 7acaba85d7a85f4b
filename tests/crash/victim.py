"""A log as a killed writer leaves it, to be damaged: some sealed segments, and one that was being written."""

import os
import random
import signal
from pathlib import Path

from kernel.log.contract import EventLog
from kernel.log.duckdb_log import open_log
from tests.crash.load import next_unit

SEALED_SEGMENTS = 4
SEGMENT_BYTES = 30_000
FRAME_BYTES = 4_000


def make_victim(path: Path, seed: int) -> Path:
    """Write it in a process of its own, which kills itself once all is committed."""
    child = os.fork()
    if child == 0:
        try:
            _write(path, seed)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError(f"the writer of {path} did not come to its end")
    return path


def _write(path: Path, seed: int) -> None:
    rng = random.Random(seed)
    log = open_log(path, "write", segment_bytes=SEGMENT_BYTES)
    while len(list(path.glob("*.events.duckdb"))) <= SEALED_SEGMENTS:
        _append(log, rng)
    for _ in range(8):
        _append(log, rng)
    os.kill(os.getpid(), signal.SIGKILL)


def _append(log: EventLog, rng: random.Random) -> None:
    for _ in range(3):
        events, payload = next_unit(log.head, rng, FRAME_BYTES)
        log.append(events, payload)
    log.sync()
