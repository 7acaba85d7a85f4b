"""Where a driver that nobody here started may connect: over the network with CURVE keys, or on this machine.

Over tcp:// a driver is known by its key; nobody else gets as far as a message. On this machine it is known by a token
in a private file of a private directory. RFC 26 (CurveZMQ) and RFC 27 (ZAP) of ZeroMQ say how keys are checked.
"""

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import zmq
import zmq.utils.monitor
from zmq.utils import z85

from devices.curve import DAEMON, load_pair, load_public
from devices.secrets import SecretError
from devices.wire import MAX_ENDPOINT_CHARS, MAX_FRAME_BYTES, QUEUE_MESSAGES, Message, WireError, encode

TOKEN_NAME = "token"
MAX_PEERS = 16
HANDSHAKE_MS = 5000
HELPING_MESSAGES = 64
ZAP_ENDPOINT = "inproc://zeromq.zap.01"
_TCP = re.compile(r"tcp://(\[[0-9A-Fa-f:]+\]|[0-9A-Za-z.-]+|\*):(\d{1,5})")
_FAILED = zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL


class Refusal(msgspec.Struct, frozen=True):
    """Somebody was turned away at the door."""

    who: str
    address: str
    detail: str


def endpoints(address: str) -> tuple[str, str]:
    """The facts and the commands endpoint of `tcp://ADDRESS:PORT` or `ipc:///DIRECTORY`. Raises `WireError`."""
    found = _TCP.fullmatch(address)
    if found is not None and 1 <= int(found[2]) < 65535:
        return address, f"tcp://{found[1]}:{int(found[2]) + 1}"
    facts, commands = f"{address}/facts", f"{address}/commands"
    if not address.startswith("ipc:///") or len(commands) > MAX_ENDPOINT_CHARS:
        raise WireError(f"{address}: tcp://ADDRESS:PORT or ipc:///DIRECTORY is needed, at most 90 characters")
    return facts, commands


class Door:
    """Two open sockets for one driver, named `name`. `close` shuts them.

    Raises `WireError` or `SecretError` where the address or the keys cannot be used.
    """

    def __init__(self, address: str, name: str, keys: Path | None) -> None:
        facts, commands = endpoints(address)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._admitted = b""
        self._daemon = b""
        self.refusals: list[Refusal] = []
        try:
            if address.startswith("ipc:"):
                self.token = _private_token(Path(address.removeprefix("ipc://")))
                self._zap = None
            else:
                self.token = name.encode()
                self._zap = self._guard(name, keys)
            self._facts, self._watched_facts = self._bind(zmq.PULL, facts)
            self._commands, self._watched_commands = self._bind(zmq.ROUTER, commands)
        except zmq.ZMQError as error:
            self._context.destroy(linger=0)
            raise WireError(f"{address}: {error}") from None
        except BaseException:
            self._context.destroy(linger=0)
            raise

    def _guard(self, name: str, keys: Path | None) -> zmq.Socket[bytes]:
        if keys is None:
            raise SecretError("tcp:// needs CURVE keys")
        self._daemon = load_pair(keys, DAEMON).secret
        self._admitted = load_public(keys, name)
        zap = self._context.socket(zmq.REP)
        zap.bind(ZAP_ENDPOINT)
        return zap

    def _bind(self, kind: int, endpoint: str) -> tuple[zmq.Socket[bytes], zmq.Socket[bytes]]:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        socket.setsockopt(zmq.RCVHWM, QUEUE_MESSAGES)
        socket.setsockopt(zmq.BACKLOG, MAX_PEERS)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        if self._zap is not None:
            socket.curve_server = True
            socket.curve_secretkey = self._daemon
            socket.zap_domain = b"emberline"
        watched = socket.get_monitor_socket(_FAILED)
        socket.bind(endpoint)
        return socket, watched

    def wait(self, timeout_s: float) -> None:
        """Return when something has arrived, or after `timeout_s`."""
        poller = zmq.Poller()
        for socket in (self._facts, self._commands, self._zap):
            if socket is not None:
                poller.register(socket, zmq.POLLIN)
        poller.poll(max(1, int(1000 * timeout_s)))

    def helping(self) -> Iterator[tuple[bytes | None, Sequence[zmq.Frame]]]:
        """What has arrived: the way back (None from the facts socket) and the parts of the message."""
        self._check_keys()
        self._note_failed_handshakes()
        for socket, routed in ((self._commands, True), (self._facts, False)):
            for _ in range(HELPING_MESSAGES):
                try:
                    parts = socket.recv_multipart(zmq.NOBLOCK, copy=False)
                except zmq.Again:
                    break
                yield (parts[0].bytes, parts[1:]) if routed else (None, parts)

    def _check_keys(self) -> None:
        """Answer ZeroMQ's questions who may come in: the one driver whose public key is here."""
        while self._zap is not None and self._zap.poll(0):
            version, request, _, address, _, mechanism, *credentials = self._zap.recv_multipart()
            key = z85.encode(credentials[0]) if mechanism == b"CURVE" and len(credentials) == 1 else b""
            good = bool(key) and secrets.compare_digest(key, self._admitted)
            if not good:
                where = address.decode("ascii", "replace")
                self.refusals.append(Refusal(key.decode() or "no key", where, "unknown key"))
            status = (b"200", b"OK") if good else (b"400", b"unknown key")
            self._zap.send_multipart([version, request, *status, key if good else b"", b""])

    def _note_failed_handshakes(self) -> None:
        for watched in (self._watched_facts, self._watched_commands):
            while watched.poll(0):
                event = zmq.utils.monitor.recv_monitor_message(watched)
                where = event["endpoint"].decode("ascii", "replace")
                self.refusals.append(Refusal("nobody known", where, "without CURVE, or for another daemon's key"))

    def send(self, route: bytes, message: Message) -> None:
        """Send to the driver at `route`; what cannot be sent is dropped."""
        with suppress(zmq.ZMQError):
            self._commands.send_multipart([route, encode(message)], zmq.NOBLOCK)

    def close(self) -> None:
        """Shut the door."""
        for socket in (self._facts, self._commands):
            socket.disable_monitor()
        self._context.destroy(linger=0)


def _private_token(directory: Path) -> bytes:
    """Make the private directory with a fresh token in it, and give the token. Raises `SecretError`."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
        if not directory.is_dir() or directory.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise SecretError(f"{directory}: must be a directory of the daemon's user that nobody else can enter")
        token = secrets.token_hex(16)
        (directory / TOKEN_NAME).unlink(missing_ok=True)
        file = os.open(directory / TOKEN_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w") as handle:
            handle.write(token)
    except OSError as error:
        raise SecretError(f"{directory}: {error.strerror}") from None
    return token.encode()
