"""How the parts are put together: engines with the product's detectors, logs with the wall clock."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emberline.console import warn
from emberline.control import NobodyAnswers
from emberline.live_rows import HandOut
from kernel.engine import Engine, ReadSite, recorded_site
from kernel.log.contract import EventLog
from kernel.log.duckdb_log import open_log
from kernel.log.memory import MemoryLog


def make_engine(read_site: ReadSite = recorded_site) -> Engine:
    """The production fold; a what-if passes a `read_site` of its own."""
    from detectors.detector import ChannelDetector  # late: compiled code takes long to load, and reading needs none

    return Engine(ChannelDetector, read_site)


SEAL_KEY = "EMBERLINE_SEAL_KEY"
"""The environment variable that names the private key with which logs are sealed, if it is not to lie with the log."""


def _seal_key() -> Path | None:
    named = os.environ.get(SEAL_KEY)
    return Path(named) if named else None


@contextmanager
def read_log(path: Path, live_frames: bool = True) -> Iterator[EventLog]:
    """A log to read from, as it stands now: while a daemon writes it, what is not sealed yet is asked of the daemon.

    Without `live_frames` the pictures of that part are left out. Raises `LogError` where there is no log, or where
    something else than a daemon is writing it.
    """
    try:
        log = open_log(path, handed=HandOut(path, live_frames))
    except NobodyAnswers:
        log = open_log(path)
    try:
        for found in log.recovered:
            warn(f"{found.where}: {found.detail}")
        for gap in log.lost:
            warn(f"segment {gap.segment}: its {gap.what} are gone: {gap.detail}")
        yield log
    finally:
        log.close()


@contextmanager
def write_log(path: Path) -> Iterator[EventLog]:
    """A log to append to, made if it is not there; what was appended stays, however the work ends."""
    log = open_log(path, "write", wall_clock_ns=time.time_ns, key=_seal_key())
    try:
        yield log
    finally:
        log.close()


@contextmanager
def import_log(path: Path) -> Iterator[EventLog]:
    """A log to import into, made if it is not there; a failed import is taken back whole."""
    log = open_log(path, "write", wall_clock_ns=time.time_ns, key=_seal_key())
    try:
        yield log
    except BaseException:
        log.abandon()
        raise
    log.close()


@contextmanager
def whatif_log(path: Path | None) -> Iterator[EventLog]:
    """Where a what-if goes: a log of its own, or memory."""
    if path is None:
        yield MemoryLog()
        return
    with write_log(path) as log:
        yield log
