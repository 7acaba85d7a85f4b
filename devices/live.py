"""What drivers of live cameras are built on: `run_live` sends frames as they come, and keeps trying to get the camera.

The camera is read in a thread of its own, so that a source that hangs neither delays heartbeats nor the driver's end.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator

from devices.backoff import Backoff
from devices.driver import Line, run
from devices.source import QUEUE_FULL, FrameMessage, packed
from devices.wire import FramesDropped, SourceLost, plain_text
from kernel.media import MediaError, Packet, Shot

FRAMES_WAITING = 32
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 4.0
"""With the time that connecting takes, a camera that is there again is found within 5 s."""
RETRY_WINDOW_S = 30.0
PATIENCE_S = 1.0
SLICE_S = 0.1

Connect = Callable[[], Iterator[Shot | Packet]]


class SourceAway(Exception):
    """The camera cannot be reached, or stopped to send; the message says why, without any secret.

    `wait_s` is the least time until it should be tried again, whatever the usual waits are.
    """

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class _Interrupted:
    """The source went away for this reason; reading goes on."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def run_live(connect: Connect, capabilities: dict[str, str]) -> int:
    """Run a driver of a live camera. Returns the process's exit status.

    `connect` gives the frames of one connection; it raises `SourceAway`, or `MediaError` for what cannot be used.
    After either, and where the frames end, it is called again, after a wait of 0.5 s that doubles up to 4 s.
    """

    def talk(line: Line) -> None:
        line.hello(capabilities)
        while line.pace is None:
            line.serve(SLICE_S)
        if line.pace == "max":
            line.end("a live camera cannot be read at speed max", error=True)
        reader = _Reader(connect)
        sender = Sender(line)
        while True:
            line.serve()
            item = reader.next(SLICE_S)
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, _Interrupted):
                sender.interrupted(item.reason)
            elif item is not None:
                sender.send(item)

    return run(talk)


class _Reader:
    """The thread that connects, reads and connects again; what it finds waits in a bounded queue."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._found: queue.Queue[Shot | Packet | _Interrupted | BaseException] = queue.Queue(FRAMES_WAITING)
        self._backoff = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S, RETRY_WINDOW_S)
        threading.Thread(target=self._run, name="camera", daemon=True).start()

    def next(self, timeout_s: float) -> Shot | Packet | _Interrupted | BaseException | None:
        """What was found next; None where nothing was within `timeout_s`."""
        try:
            return self._found.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def _run(self) -> None:
        while True:
            reason, least_wait_s = "the camera ended the stream", 0.0
            try:
                for frame in self._connect():
                    self._found.put(frame)
            except SourceAway as away:
                reason, least_wait_s = str(away), away.wait_s
            except MediaError as error:
                reason = str(error)
            except BaseException as error:  # a bug: the main thread ends the driver with it
                self._found.put(error)
                return
            self._found.put(_Interrupted(reason))
            time.sleep(max(least_wait_s, self._backoff.after_end(time.monotonic())))


class Sender:
    """Sends frames; where the daemon does not keep up for a second, they are dropped and counted.

    A packet needs those before it, so after a dropped one all are dropped up to the next key packet.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._number = 0
        self._dropped = 0
        self._awaits_key = True
        self._begun = False
        self._dropped_last = False
        self._away = ""

    def send(self, frame: Shot | Packet) -> None:
        """Send the frame, or count it as dropped. What comes before the first key packet was never whole."""
        if isinstance(frame, Packet) and self._awaits_key and not frame.key:
            self._dropped += self._begun
            self._number += self._begun
            return
        message, payload = packed(self._number, frame)
        self._number += 1
        self._begun = True
        if self._told_of_drops() and self._sent(message, payload):
            self._away, self._awaits_key = "", False
        else:
            self._dropped += 1
            self._awaits_key = isinstance(frame, Packet)

    def lost(self, count: int, reason: str) -> None:
        """So many frames never reached this driver."""
        self._told_of_drops()
        self._line.send(FramesDropped(count, plain_text(reason)))
        self._number += count
        self._awaits_key = True

    def _sent(self, message: FrameMessage, payload: bytes | memoryview) -> bool:
        """Cameras send in bursts, above all at first, so a full queue is waited for a little."""
        until_s = time.monotonic() + (0.0 if self._dropped_last else PATIENCE_S)
        while not self._line.try_send(message, payload):
            if time.monotonic() >= until_s:
                self._dropped_last = True
                return False
            self._line.serve(0.005)
        self._dropped_last = False
        return True

    def interrupted(self, reason: str) -> None:
        """Say that the source is away, and why, where that is news."""
        reason = plain_text(reason)
        self._told_of_drops()
        if reason != self._away:
            self._line.send(SourceLost(reason))
        self._away, self._awaits_key, self._begun = reason, True, False

    def _told_of_drops(self) -> bool:
        if self._dropped and self._line.try_send(FramesDropped(self._dropped, QUEUE_FULL)):
            self._dropped = 0
        return self._dropped == 0
