"""How an operator's commands reach the running daemon: a ZeroMQ socket in a private directory, named in the log's.

Whoever may read the log directory's CONTROL file and enter the socket's directory may command: both are private to the
daemon's user.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import zmq

from emberline.errors import Unusable
from kernel.events import CommandReceived

CONTROL_NAME = "CONTROL"
ANSWER_WITHIN_MS = 10_000
MAX_BYTES = 4096


class Answer(msgspec.Struct, frozen=True):
    """What the daemon says to a command."""

    done: bool
    words: str


class ControlSocket:
    """The daemon's end. `answer_all` must be called often."""

    def __init__(self, log: Path) -> None:
        self._name = log / CONTROL_NAME
        self._directory = Path(tempfile.mkdtemp(prefix="emberline-control-"))
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REP)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        endpoint = f"ipc://{self._directory}/socket"
        self._socket.bind(endpoint)
        file = os.open(self._name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w") as handle:
            handle.write(endpoint)

    def __enter__(self) -> "ControlSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._context.term()
        self._name.unlink(missing_ok=True)
        shutil.rmtree(self._directory, ignore_errors=True)

    def answer_all(self, obey: Callable[[CommandReceived], Answer]) -> None:
        """Take the commands that have arrived; `obey` carries one out and says what came of it."""
        while self._socket.poll(0):
            try:
                command = msgspec.msgpack.decode(self._socket.recv(), type=CommandReceived)
                answer = obey(command)
            except msgspec.DecodeError as error:
                answer = Answer(False, f"not a command: {error}")
            self._socket.send(msgspec.msgpack.encode(answer))


def send_command(log: Path, command: CommandReceived) -> str:
    """Have the daemon that writes `log` carry out the command; what it answers.

    Raises `Unusable` where no daemon runs on this log, or it refuses.
    """
    try:
        endpoint = (log / CONTROL_NAME).read_text()
    except OSError:
        raise Unusable(f"no daemon is running on {log}") from None
    context = zmq.Context()
    socket = context.socket(zmq.REQ)
    try:
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(endpoint)
        socket.send(msgspec.msgpack.encode(command))
        if not socket.poll(ANSWER_WITHIN_MS):
            raise Unusable(f"no daemon answers on {log}: it has ended without cleaning up, or hangs")
        answer = msgspec.msgpack.decode(socket.recv(), type=Answer)
    except zmq.ZMQError as error:
        raise Unusable(f"the daemon on {log} cannot be reached: {error}") from None
    finally:
        socket.close()
        context.term()
    if not answer.done:
        raise Unusable(answer.words)
    return answer.words
