"""What systemd is told, by the protocol of sd_notify(3): datagrams to the socket that it names in the environment."""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress


class ServiceManager:
    """Speaks to the service manager if there is one; otherwise all calls do nothing.

    What it reads is taken out of the environment, so that the drivers do not speak to it as well.
    """

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        self._every_s = _half_the_watchdog(os.environ)
        for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
            os.environ.pop(name, None)
        self._next_s = 0.0

    def ready(self) -> None:
        """The cameras are being watched."""
        self._tell("READY=1")

    def alive(self, status: str = "") -> None:
        """The loop went round; to be called often."""
        if self._every_s is not None and time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + self._every_s
            self._tell("WATCHDOG=1", *([f"STATUS={status}"] if status else []))

    def reloading(self) -> None:
        """Other settings are being put in force; `ready` follows."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The session is being ended."""
        self._tell("STOPPING=1")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to_manager:
            to_manager.setblocking(False)
            with suppress(OSError):  # a manager that does not listen must not end the daemon
                to_manager.sendto("\n".join(lines).encode(), address)


def _half_the_watchdog(environment: Mapping[str, str]) -> float | None:
    """How often a sign of life is due, in s; None where none is asked for."""
    text = environment.get("WATCHDOG_USEC", "")
    meant_for = environment.get("WATCHDOG_PID", "")
    if not text.isdigit() or int(text) == 0 or (meant_for and meant_for != str(os.getpid())):
        return None
    return int(text) / 2_000_000
