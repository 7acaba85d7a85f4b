"""The daemon as a process that a test can signal."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.cli import REPOSITORY


def start(site: Path, log: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "emberline", "run", "--site", str(site), "--log", str(log), *words]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


@contextmanager
def ended(process: subprocess.Popen[str], within_s: float) -> Iterator[None]:
    """Within it, a process's output is read line by line to its end; a process that lasts longer is killed.

    `communicate` must not follow a `readline`: it reads the pipe itself and loses what the text buffer already holds.
    """
    too_long = threading.Timer(within_s, process.kill)
    too_long.start()
    try:
        yield
        process.wait()
    finally:
        too_long.cancel()
        process.kill()
        process.wait()


def wait_for_alarm(daemon: subprocess.Popen[str]) -> None:
    assert daemon.stdout is not None
    for line in daemon.stdout:
        if "ALARM" in line:
            return
    raise AssertionError(f"no alarm: {daemon.communicate()[1]}")
