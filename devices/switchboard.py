"""The daemon's ends of the wire: two sockets in a private directory, and what arrives at them, in bounded helpings."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import zmq

from devices.wire import MAX_FRAME_BYTES, QUEUE_MESSAGES, Message, WireError, check_endpoint, encode

HELPING_MESSAGES = 64
HELPING_BYTES = 64 * 1024 * 1024
"""One helping is about so much at most, so that a flood of frames cannot fill the memory."""

Arrival = tuple[bytes | None, Sequence[zmq.Frame]]
"""The way back to the sender (None on the facts socket), and the parts of its message."""


class Switchboard:
    """Open sockets for drivers; `close` removes them.

    Parameters
    ----------
    where
        The directory in which the private one is made; the system's temporary directory if not given.

    Raises
    ------
    OSError, WireError
        Where the directory or a socket cannot be made.
    """

    def __init__(self, where: Path | None) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="emberline-", dir=where))  # mode 0700
        self._context = zmq.Context()
        try:
            self.facts = check_endpoint(f"ipc://{self._directory}/facts")
            self.commands = check_endpoint(f"ipc://{self._directory}/commands")
            self._facts = self._bind(zmq.PULL, self.facts)
            self._commands = self._bind(zmq.ROUTER, self.commands)
        except (WireError, zmq.ZMQError) as error:
            self.close()
            raise WireError(str(error)) from None
        self._poller = zmq.Poller()
        self._poller.register(self._facts, zmq.POLLIN)
        self._poller.register(self._commands, zmq.POLLIN)

    def _bind(self, kind: int, endpoint: str) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        if kind == zmq.PULL:
            socket.setsockopt(zmq.RCVHWM, QUEUE_MESSAGES)
        else:
            socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        socket.bind(endpoint)
        return socket

    def wait(self, timeout_s: float) -> None:
        """Return when something has arrived, or after `timeout_s`."""
        self._poller.poll(max(1, int(1000 * timeout_s)))

    def helping(self) -> Iterator[Arrival]:
        """What has arrived: answers and signs of life first, then facts, each in order."""
        taken_bytes = 0
        for socket, routed in ((self._commands, True), (self._facts, False)):
            for _ in range(HELPING_MESSAGES):
                if taken_bytes > HELPING_BYTES:
                    return
                try:
                    parts = socket.recv_multipart(zmq.NOBLOCK, copy=False)
                except zmq.Again:
                    break
                taken_bytes += sum(len(part) for part in parts)
                yield (parts[0].bytes, parts[1:]) if routed else (None, parts)

    def send(self, route: bytes, message: Message) -> bool:
        """Send to the driver at `route`; False where its queue is full or it is gone."""
        try:
            self._commands.send_multipart([route, encode(message)], zmq.NOBLOCK)
        except zmq.ZMQError:
            return False
        return True

    def close(self) -> None:
        """Close the sockets and remove the directory."""
        self._context.destroy(linger=0)
        shutil.rmtree(self._directory, ignore_errors=True)
