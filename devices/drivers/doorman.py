"""The driver of `zmq:` sources: lets in a driver that was started elsewhere, and passes on what it sends.

What listens to the network is thus a process of its own; the daemon hears only what this one has understood.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import zmq

from devices.backoff import Muffler
from devices.conversation import Conversation
from devices.door import Door
from devices.driver import Line, run
from devices.live import Sender
from devices.reports import Ended, Faulted, FrameArrived, Lost, Report, WentOffline
from devices.secrets import SecretError
from devices.wire import (
    DRIVER_SILENCE_S,
    HEARTBEAT_EVERY_S,
    Fault,
    Heartbeat,
    Hello,
    LoginRefused,
    Start,
    Stop,
    WireError,
    check_payload,
    decode_from_driver,
)

SLICE_S = 0.02


class Doorman:
    """Between the door and the daemon; one guest at a time."""

    def __init__(self, line: Line, door: Door, name: str) -> None:
        self._line, self._door, self._name = line, door, name
        self._sender = Sender(line)
        self._guest: Conversation | None = None
        self._route = b""
        self._heard_s = self._beat_s = 0.0
        self._refusals = Muffler(5, 10.0)
        self._garbage = Muffler(1, 10.0)

    def serve(self) -> None:
        """Run until the daemon says Stop."""
        self._sender.interrupted("no driver has connected yet")
        while True:
            self._line.serve()
            self._door.wait(SLICE_S)
            for route, parts in self._door.helping():
                self._take(route, parts)
            self._tell_refusals()
            self._tend(time.monotonic())

    def _take(self, route: bytes | None, parts: Sequence[zmq.Frame]) -> None:
        try:
            if len(parts) < 2 or parts[0].bytes != self._door.token:
                raise WireError("a message without this driver's token")
            message = decode_from_driver(parts[1].bytes)
            check_payload(message, [len(part) for part in parts[2:]])
            if isinstance(message, Hello) and route is not None:
                self._welcome(route)
            if self._guest is None:
                self._send_away(route)
                return
            reports = self._guest.receive(message, parts[2:])
        except WireError as error:
            held = self._garbage.admit(time.monotonic())
            if held is not None:
                self._line.send(Fault(f"malformed message: {error} ({held} before it were not reported)"[:1000]))
            return
        self._heard_s = time.monotonic()
        for report in reports:
            self._pass_on(report)
        if isinstance(message, Hello) and self._guest.begin("realtime"):
            self._door.send(self._route, Start("realtime"))

    def _welcome(self, route: bytes) -> None:
        if self._guest is not None:
            self._sender.interrupted("the driver has connected anew")
        self._guest, self._route = Conversation(self._name), route

    def _send_away(self, route: bytes | None) -> None:
        """A driver that goes on where it was taken for gone has to begin anew: whoever started it starts it again."""
        if route is not None:
            self._door.send(route, Stop())

    def _pass_on(self, report: Report) -> None:
        match report:
            case FrameArrived(frame=frame):
                self._sender.send(frame)
            case Lost(count=count, reason=reason):
                self._sender.lost(count, reason)
            case Faulted(reason=reason):
                self._line.send(Fault(reason))
            case WentOffline(reason=reason):
                self._sender.interrupted(reason)
            case Ended(reason=reason):
                self._part(reason)
            case _:
                pass

    def _part(self, reason: str) -> None:
        self._door.send(self._route, Stop())
        self._guest = None
        self._sender.interrupted(reason)

    def _tell_refusals(self) -> None:
        for refusal in self._door.refusals:
            if self._refusals.admit(time.monotonic()) is not None:
                self._line.send(LoginRefused(refusal.who, refusal.address, refusal.detail))
        self._door.refusals.clear()

    def _tend(self, now_s: float) -> None:
        if self._guest is None:
            return
        if now_s - self._heard_s > DRIVER_SILENCE_S:
            self._part(f"silent for {now_s - self._heard_s:.1f} s")
        elif now_s - self._beat_s >= HEARTBEAT_EVERY_S:
            self._beat_s = now_s
            self._door.send(self._route, Heartbeat())


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the door that the arguments name. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.doorman", description=__doc__)
    parser.add_argument("address", help="tcp://ADDRESS:PORT or ipc:///DIRECTORY")
    parser.add_argument("name", help="the driver that is let in")
    parser.add_argument("--keys", type=Path, help="a directory of CURVE keys, for tcp://")
    given = parser.parse_args(arguments)

    def talk(line: Line) -> None:
        line.hello({"driver": "doorman"})
        while line.pace is None:
            line.serve(0.1)
        if line.pace == "max":
            line.end("a driver that connects by itself cannot be read at speed max", error=True)
        try:
            door = Door(given.address, given.name, given.keys)
        except (WireError, SecretError) as error:
            raise OSError(str(error)) from None  # reported, and tried again
        try:
            Doorman(line, door, given.name).serve()
        finally:
            door.close()

    return run(talk)


if __name__ == "__main__":
    raise SystemExit(main())
