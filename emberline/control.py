"""How requests reach the running daemon: a ZeroMQ socket in a private directory, named in the log's.

A request has two parts: its name and a msgpack body; what the names are is the daemon's table. Whoever may read the log
directory's CONTROL file and enter the socket's directory may ask and command: both are private to the daemon's user.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import zmq

from emberline.errors import Unusable
from kernel.events import CommandReceived

CONTROL_NAME = "CONTROL"
ANSWER_WITHIN_MS = 10_000
MAX_BYTES = 2 * 1024 * 1024
"""Of a request; a site document is the largest."""
AT_ONCE = 8
"""Requests that are answered before the daemon looks after its cameras again."""


class Answer(msgspec.Struct, frozen=True):
    """What the daemon says to a request; `data` is the msgpack of what was asked for, if anything was."""

    done: bool
    words: str = ""
    data: bytes = b""


class NobodyAnswers(Unusable):
    """No daemon runs on the log, or it does not answer."""


Handlers = Mapping[str, Callable[[bytes], Answer]]
"""What answers the request of each name, from its body. `msgspec.DecodeError` says that the body is none."""


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

    def answer_all(self, handlers: Handlers) -> None:
        """Answer the requests that have arrived, a bounded number of them."""
        for _ in range(AT_ONCE):
            if not self._socket.poll(0):
                return
            answer = _answer(self._socket.recv_multipart(), handlers)
            self._socket.send(msgspec.msgpack.encode(answer))


def _answer(parts: list[bytes], handlers: Handlers) -> Answer:
    if len(parts) != 2:
        return Answer(False, f"a request has two parts, this one {len(parts)}")
    name = parts[0][:40].decode(errors="replace")
    handler = handlers.get(name)
    if handler is None:
        return Answer(False, f"this daemon knows no request {name!r}; it knows {', '.join(handlers)}")
    try:
        return handler(parts[1])
    except msgspec.DecodeError as error:
        return Answer(False, f"not a request of {name!r}: {error}")


class ControlClient:
    """The asking end. Raises `NobodyAnswers` where no daemon runs on this log."""

    def __init__(self, log: Path) -> None:
        try:
            endpoint = (log / CONTROL_NAME).read_text()
        except OSError:
            raise NobodyAnswers(f"no daemon is running on {log}") from None
        self._log = log
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REQ)
        try:
            self._socket.setsockopt(zmq.LINGER, 0)
            self._socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise NobodyAnswers(f"the daemon on {log} cannot be reached: {error}") from None

    def __enter__(self) -> "ControlClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()
        self._context.term()

    def ask(self, name: str, body: msgspec.Struct) -> Answer:
        """One request and its answer.

        Raises `NobodyAnswers` where none comes, and then the client is of no more use; `Unusable` where the daemon
        refuses.
        """
        try:
            self._socket.send_multipart([name.encode(), msgspec.msgpack.encode(body)])
            if not self._socket.poll(ANSWER_WITHIN_MS):
                raise NobodyAnswers(f"no daemon answers on {self._log}: it has ended without cleaning up, or hangs")
            answer = msgspec.msgpack.decode(self._socket.recv(), type=Answer)
        except zmq.ZMQError as error:
            raise NobodyAnswers(f"the daemon on {self._log} cannot be reached: {error}") from None
        if not answer.done:
            raise Unusable(answer.words)
        return answer


def send_command(log: Path, command: CommandReceived) -> str:
    """Have the daemon that writes `log` carry out the command; what it answers.

    Raises `Unusable` where no daemon runs on this log, or it refuses.
    """
    with ControlClient(log) as client:
        return client.ask("command", command).words
