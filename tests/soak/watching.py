"""Watching a daemon from outside: processor time and memory of it, its drivers and its helpers, and its own account."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from emberline.operation.processes import Usage, children_of, usage_of
from support.cli import REPOSITORY, emberline


class Watched:
    """A daemon under watch."""

    def __init__(self, site: Path, log: Path, port: int) -> None:
        words = ["run", "--site", str(site), "--log", str(log), "--metrics", str(port)]
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
        self.log, self._port = log, port
        self.began_ns = time.time_ns()
        self.process = subprocess.Popen([sys.executable, "-m", "emberline", *words], env=env, stdout=subprocess.DEVNULL)
        self._names: dict[int, str] = {}

    def usage(self) -> dict[str, Usage]:
        """By the name of each process: the daemon, its drivers, the sealer."""
        found: dict[str, Usage] = {}
        for pid in [self.process.pid, *children_of(self.process.pid)]:
            used = usage_of(pid)
            if used is not None:
                found[self._name(pid)] = used
        return found

    def _name(self, pid: int) -> str:
        if pid == self.process.pid:
            return "daemon"
        if pid not in self._names:
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            module = next((w for w in words if w.startswith(("devices.drivers.", "kernel.", "emberline."))), words[0])
            self._names[pid] = f"{module.rpartition('.')[2]} {pid}"
        return self._names[pid]

    def metrics(self) -> dict[str, float]:
        """The metrics by name with labels."""
        text = urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=10).read().decode()
        samples = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    def first_detection_s(self) -> float:
        """From the daemon's start to its first detection, in s; to be asked once it has ended."""
        marks = events(self.log, "ClockSet", "ObjectsDetected")
        offset_ns = next(mark["body"]["offset_ns"] for mark in marks if mark["kind"] == "ClockSet")
        first = next(mark["time"] for mark in marks if mark["kind"] == "ObjectsDetected")
        return (first + offset_ns - self.began_ns) / 1e9

    def stop(self) -> float:
        """End the session; how long that took, in s."""
        began_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        return time.monotonic() - began_s


def events(log: Path, *kinds: str) -> list[dict[str, Any]]:
    """The events of these kinds."""
    result = emberline("events", log, *(word for kind in kinds for word in ("--kind", kind)))
    assert result.code == 0, result.err
    return [json.loads(line) for line in result.out.splitlines()]
