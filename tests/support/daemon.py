"""The daemon as a process that a test can signal."""

import os
import subprocess
import sys
from pathlib import Path

from support.cli import REPOSITORY


def start(site: Path, log: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "emberline", "run", "--site", str(site), "--log", str(log), *words]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def wait_for_alarm(daemon: subprocess.Popen[str]) -> None:
    assert daemon.stdout is not None
    for line in daemon.stdout:
        if "ALARM" in line:
            return
    raise AssertionError(f"no alarm: {daemon.communicate()[1]}")
