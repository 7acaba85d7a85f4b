"""A driver's process: started with its address and token in the environment, watched, and reaped."""

import os
import signal
import site
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from devices.wire import plain_text

ENV_DRIVER = "EMBERLINE_DRIVER"
ENV_TOKEN = "EMBERLINE_DRIVER_TOKEN"
ENV_FACTS = "EMBERLINE_DRIVER_FACTS"
ENV_COMMANDS = "EMBERLINE_DRIVER_COMMANDS"
ENV_KEYS = "EMBERLINE_DRIVER_KEYS"
"""For a driver that connects by itself over tcp://: the directory of its CURVE keys."""
STDERR_TAIL_BYTES = 4096


class DriverSpec(msgspec.Struct, frozen=True):
    """A driver to run: the Python module `module`, or the program `module` names if it holds a `/`.

    `arguments` end up in the process list for all to see: no secrets. With `restart` it is started again whenever it
    ends without having said SourceEnded.
    """

    id: str
    module: str
    arguments: tuple[str, ...] = ()
    restart: bool = True

    def command(self) -> list[str]:
        """The command line. `-P` keeps the working directory out of the driver's imports."""
        if "/" in self.module:
            return [self.module, *self.arguments]
        return [sys.executable, "-P", "-m", self.module, *self.arguments]


def child_environment() -> dict[str, str]:
    """The environment in which a process of ours finds our modules."""
    environment = dict(os.environ)
    root = str(Path(__file__).resolve().parent.parent)
    if root not in site.getsitepackages():  # run from a source tree
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH"))))
    return environment


class DriverProcess:
    """One start of a driver, in a session of its own so that Ctrl-C in the terminal is not for it.

    Raises `OSError` where it cannot be started.
    """

    def __init__(self, spec: DriverSpec, token: str, facts: str, commands: str) -> None:
        environment = child_environment()
        environment[ENV_DRIVER] = spec.id
        environment[ENV_TOKEN] = token
        environment[ENV_FACTS] = facts
        environment[ENV_COMMANDS] = commands
        self._process = subprocess.Popen(
            spec.command(),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stderr is not None
        self._stderr = self._process.stderr
        os.set_blocking(self._stderr.fileno(), False)
        self._tail = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def clean(self) -> bool:
        """Whether it ended with status 0."""
        return self._process.returncode == 0

    def running(self) -> bool:
        """Whether it still runs; reaps it if not. What it wrote to stderr is taken in, so that it never blocks."""
        self._read_stderr()
        return self._process.poll() is None

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it and whatever it started, at once, and reap it."""
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except OSError:
                self._process.kill()
            with suppress(subprocess.TimeoutExpired):  # stuck in its device: the kernel ends it once that lets go
                self._process.wait(1.0)

    def close(self) -> None:
        """Let go of an ended process."""
        self._read_stderr()
        self._stderr.close()

    def how_it_ended(self) -> str:
        """Its exit status or signal, and the last line it wrote to stderr."""
        code = self._process.returncode or 0
        how = f"killed by {_signal_name(-code)}" if code < 0 else f"exit status {code}"
        lines = self._tail.decode("utf-8", "replace").strip().splitlines()
        return f"{how}: {plain_text(lines[-1])}" if lines else how

    def _read_stderr(self) -> None:
        for _ in range(64):  # bounded, so that a driver that never stops writing cannot hold the daemon
            try:
                chunk = os.read(self._stderr.fileno(), 65536)
            except (BlockingIOError, ValueError):  # ValueError: closed
                return
            if not chunk:
                return
            self._tail = (self._tail + chunk)[-STDERR_TAIL_BYTES:]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
