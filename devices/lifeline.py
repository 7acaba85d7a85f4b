"""A driver's sign of life: a thread that sends heartbeats and ends the process once the daemon is gone."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import zmq

from devices.wire import HEARTBEAT_EVERY_S, Heartbeat, encode

HANG_S = 30.0
"""A driver whose main thread has not been seen for so long falls silent, so that the host replaces it."""
ORPHAN_S = 2.0
"""After the daemon is gone the main thread has so long to end the process by itself."""


class Destination(Protocol):
    """Where heartbeats go: the endpoint, the driver's token, and the keys that a socket may need."""

    @property
    def facts(self) -> str: ...

    @property
    def token(self) -> str: ...

    def prepare(self, socket: zmq.Socket[bytes]) -> None:
        """Give the socket its keys."""
        ...


class Lifeline:
    """Sends a Heartbeat every 0.5 s for as long as the main thread calls `touch`, opening a source being a long pause.

    Parameters
    ----------
    context
        The driver's ZeroMQ context.
    to
        Where to send.
    on_orphaned
        Called in this thread when the parent process is gone.
    """

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], to: "Destination", on_orphaned: Callable[[], None]
    ) -> None:
        self._context = context
        self._to = to
        self._on_orphaned = on_orphaned
        self._parent = os.getppid()
        self._touched_s = time.monotonic()
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lifeline", daemon=True)
        self._thread.start()

    def touch(self) -> None:
        """The main thread is well."""
        self._touched_s = time.monotonic()

    def finish(self) -> None:
        """Send no more."""
        self._finished.set()
        self._thread.join()

    def _run(self) -> None:
        with self._context.socket(zmq.PUSH) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.SNDHWM, 4)
            self._to.prepare(socket)
            socket.connect(self._to.facts)
            while not self._finished.wait(HEARTBEAT_EVERY_S):
                if os.getppid() != self._parent:
                    self._orphaned()
                    return
                if time.monotonic() - self._touched_s < HANG_S:
                    self._beat(socket)

    def _beat(self, socket: zmq.Socket[bytes]) -> None:
        with suppress(zmq.Again):  # where the daemon is busy, what is queued already tells it enough
            socket.send_multipart([self._to.token.encode(), encode(Heartbeat())], zmq.NOBLOCK)

    def _orphaned(self) -> None:
        self._on_orphaned()
        if not self._finished.wait(ORPHAN_S):
            os._exit(1)  # the main thread hangs, and nobody is left to end this process
