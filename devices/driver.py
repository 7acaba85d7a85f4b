"""What every driver is built on: its line to the daemon. A driver for an output is a call of `run_output`; one for a
source of frames builds on `devices.source`.
"""

import os
import signal
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

import msgspec
import zmq

from devices.curve import DAEMON, load_pair, load_public
from devices.lifeline import Lifeline
from devices.process import ENV_COMMANDS, ENV_DRIVER, ENV_FACTS, ENV_KEYS, ENV_TOKEN
from devices.secrets import SecretError
from devices.wire import (
    DAEMON_SILENCE_S,
    MAX_FRAME_BYTES,
    PROTOCOL,
    QUEUE_MESSAGES,
    Act,
    ActionDone,
    ActionRefused,
    ContactChanged,
    Credit,
    Fault,
    FromDriver,
    Hello,
    Pace,
    SourceEnded,
    SourceLost,
    Start,
    Stop,
    WireError,
    check_endpoint,
    decode_to_driver,
    encode,
    plain_text,
)

SLICE_S = 0.25
REMEMBERED_ACTIONS = 4096


class Stopped(BaseException):
    """The driver is to end: the daemon said so, or is gone. Not an `Exception`, so that no reader swallows it."""


class ActionError(Exception):
    """An action cannot be carried out; the message says why, for the log."""


class Settings(msgspec.Struct, frozen=True):
    """Where the daemon listens and who this driver is to it."""

    driver: str
    token: str
    facts: str
    commands: str
    keys: str = ""
    """The directory of CURVE keys, for tcp://."""

    @staticmethod
    def from_environment() -> "Settings":
        """What the driver host put into the environment; the token is taken out of it.

        Raises `WireError` where it is not there, or names an endpoint that is not allowed.
        """
        found = {name: os.environ.get(name, "") for name in (ENV_DRIVER, ENV_TOKEN, ENV_FACTS, ENV_COMMANDS)}
        os.environ.pop(ENV_TOKEN, None)
        keys = os.environ.get(ENV_KEYS, "")
        if keys:  # the key proves who it is
            found[ENV_TOKEN] = found[ENV_DRIVER]
        if not all(found.values()):
            raise WireError("a driver is started by the Emberline daemon, or told where to connect: docs/wire.md")
        facts, commands = (check_endpoint(found[name], keys=bool(keys)) for name in (ENV_FACTS, ENV_COMMANDS))
        return Settings(found[ENV_DRIVER], found[ENV_TOKEN], facts, commands, keys)

    def prepare(self, socket: zmq.Socket[bytes]) -> None:
        """Give a socket its keys, where there are any. Raises `SecretError` where they cannot be used."""
        if self.keys:
            pair = load_pair(Path(self.keys), self.driver)
            socket.curve_publickey, socket.curve_secretkey = pair.public, pair.secret
            socket.curve_serverkey = load_public(Path(self.keys), DAEMON)


class Line:
    """The driver's two sockets. All methods may raise `Stopped`; use it in one thread, as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._driver = settings.driver
        self._token = settings.token.encode()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._facts = self._connect(zmq.PUSH, settings.facts)
        self._commands = self._connect(zmq.DEALER, settings.commands)
        self._stop = False
        self._daemon_seen_s = time.monotonic()
        self.pace: Pace | None = None
        """How to send frames; None until the daemon said Start."""
        self.credit = 0
        """How many frames the daemon waits for, at pace max."""
        self.actions: deque[Act] = deque()
        """What is to be carried out, in order of arrival."""
        self._lifeline = Lifeline(self._context, settings, self._orphaned)

    def _connect(self, kind: int, endpoint: str) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 500)
        socket.setsockopt(zmq.SNDHWM, QUEUE_MESSAGES)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        self._settings.prepare(socket)
        socket.connect(endpoint)
        return socket

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._lifeline.finish()
        self._facts.close()
        self._commands.close()
        self._context.term()

    def hello(self, capabilities: Mapping[str, str]) -> None:
        """Say who this is and what it can do."""
        self._commands.send_multipart([self._token, encode(Hello(self._driver, PROTOCOL, dict(capabilities)))])

    def serve(self, timeout_s: float = 0.0) -> None:
        """Take in what the daemon says; waits up to `timeout_s` for something."""
        self._lifeline.touch()
        if self._stop:
            raise Stopped
        if self._commands.poll(int(timeout_s * 1000)):
            while self._commands.poll(0):
                self._hear(self._commands.recv_multipart())
        elif time.monotonic() - self._daemon_seen_s > DAEMON_SILENCE_S:
            raise Stopped

    def _hear(self, parts: list[bytes]) -> None:
        self._daemon_seen_s = time.monotonic()
        try:
            message = decode_to_driver(parts[0])
        except WireError as error:
            self.send(Fault(f"a command was not understood: {error}"[:1000]))
            return
        if isinstance(message, Stop):
            raise Stopped
        if isinstance(message, Start):
            self.pace = message.pace
        elif isinstance(message, Credit):
            self.credit += message.frames
        elif isinstance(message, Act):
            self.actions.append(message)

    def send(self, message: FromDriver, payload: bytes | memoryview | None = None) -> None:
        """Send on the facts socket, in order, however long the daemon takes."""
        while not self.try_send(message, payload):
            self.serve(0.01)

    def try_send(self, message: FromDriver, payload: bytes | memoryview | None = None) -> bool:
        """The same, but returns False instead of waiting where the queue is full. `payload` must not change later."""
        parts: list[bytes | memoryview] = [self._token, encode(message)]
        if payload is not None:
            parts.append(payload)
        try:
            self._facts.send_multipart(parts, zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return False
        return True

    def answer(self, message: ActionDone | ActionRefused | ContactChanged | SourceLost) -> None:
        """Answer an action, or tell of a contact or that contacts are away: on the commands socket, so after Hello."""
        self._commands.send_multipart([self._token, encode(message)])

    def end(self, reason: str, error: bool = False) -> None:
        """Say that the source has ended, and wait for Stop, so that nothing under way is lost. Never returns."""
        self.send(SourceEnded(plain_text(reason), error))
        while True:
            self.serve(SLICE_S)

    def stop(self) -> None:
        """Have the next `serve` raise `Stopped`; for signal handlers and other threads."""
        self._stop = True

    def _orphaned(self) -> None:
        self.stop()


def run(talk: Callable[[Line], None]) -> int:
    """Run a driver: `talk` uses the line until it returns or is stopped. Returns the process's exit status.

    What goes wrong in `talk` ends the driver with one line on stderr, which the host reports; it is started again.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        settings = Settings.from_environment()
        with Line(settings) as line:
            _stop_on_sigterm(line)
            talk(line)
    except Stopped:
        return 0
    except (WireError, SecretError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        print(f"error: {type(error).__name__}: {plain_text(str(error))}", file=sys.stderr)
        return 1
    return 0


def _stop_on_sigterm(line: Line) -> None:
    def on_sigterm(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        line.stop()
        raise Stopped

    signal.signal(signal.SIGTERM, on_sigterm)


def run_output(carry_out: Callable[[Act], None], capabilities: Mapping[str, str]) -> int:
    """Run a driver that carries out actions: each key once, acknowledged as often as it is asked for.

    `carry_out` raises `ActionError` where it must refuse. Returns the process's exit status.
    """

    def talk(line: Line) -> None:
        outcomes: OrderedDict[tuple[str, int], ActionDone | ActionRefused] = OrderedDict()
        line.hello(capabilities)
        while True:
            line.serve(SLICE_S)
            while line.actions:
                act = line.actions.popleft()
                key = (act.output, act.ordinal)
                if key not in outcomes:
                    outcomes[key] = _outcome(carry_out, act)
                if len(outcomes) > REMEMBERED_ACTIONS:
                    outcomes.popitem(last=False)
                line.answer(outcomes[key])

    return run(talk)


def _outcome(carry_out: Callable[[Act], None], act: Act) -> ActionDone | ActionRefused:
    try:
        carry_out(act)
    except ActionError as error:
        return ActionRefused(act.output, act.ordinal, plain_text(str(error)))
    return ActionDone(act.output, act.ordinal)
