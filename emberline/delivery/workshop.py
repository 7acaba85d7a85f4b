"""The process that draws pictures and cuts clips: started when it is first needed, replaced where it dies or hangs."""

import os
import pickle
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from devices.notice import Attachment
from devices.process import child_environment
from emberline.delivery.look import Look
from emberline.delivery.rendering import About, render
from emberline.delivery.scene import Scene

PATIENCE_S = 120.0
LENGTH_BYTES = 8


class Order(msgspec.Struct, frozen=True):
    """One scene to make the files of."""

    scene: Scene
    about: About
    directory: Path
    look: Look


Result = tuple[list[Attachment], list[str]]


class Workshop:
    """The daemon's end. For one thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def make(self, order: Order) -> Result:
        """Have the scene's files made. Does not raise: what cannot be made is told."""
        try:
            return self._ask(order)
        except (OSError, EOFError, TimeoutError, pickle.PickleError) as error:
            self.close()
            return [], [f"files of {order.scene.wanted.channel}: they could not be made ({type(error).__name__})"]

    def _ask(self, order: Order) -> Result:
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
        assert self._process.stdin is not None and self._process.stdout is not None
        data = pickle.dumps(order)
        self._process.stdin.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)
        self._process.stdin.flush()
        until_s = time.monotonic() + PATIENCE_S
        head = _read(self._process.stdout.fileno(), LENGTH_BYTES, until_s)
        return pickle.loads(_read(self._process.stdout.fileno(), int.from_bytes(head, "big"), until_s))

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "emberline.delivery.workshop"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
            start_new_session=True,
        )

    def close(self) -> None:
        """End the process. It may be started again."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _read(handle: int, count: int, until_s: float) -> bytes:
    data = bytearray()
    while len(data) < count:
        if not select.select([handle], [], [], max(0.0, until_s - time.monotonic()))[0]:
            raise TimeoutError
        chunk = os.read(handle, count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return bytes(data)


def main() -> None:
    """The process: takes orders from the standard input until that ends, as it does when the daemon is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)  # detection comes first
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no answer
    while len(head := sys.stdin.buffer.read(LENGTH_BYTES)) == LENGTH_BYTES:
        order: Order = pickle.loads(sys.stdin.buffer.read(int.from_bytes(head, "big")))
        result: Result
        try:
            result = render(order.scene, order.about, order.directory, order.look)
        except Exception as error:
            result = [], [f"files of {order.scene.wanted.channel}: {type(error).__name__}: {error}"]
        data = pickle.dumps(result)
        _write_all(answers, len(data).to_bytes(LENGTH_BYTES, "big") + data)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


if __name__ == "__main__":
    main()
