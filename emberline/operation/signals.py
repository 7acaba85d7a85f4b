"""What signals ask of the daemon: to leave, or to read its site file again."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Protocol

LEAVING = (signal.SIGTERM, signal.SIGINT)


class LeftEarly(BaseException):
    """Somebody asked to leave before the session began. Not an `Exception`, so that nothing on the way swallows it."""


class Leaving(Protocol):
    """Whoever can be asked to end its session."""

    def leave(self, reason: str) -> None:
        """End it soon, for this reason."""
        ...


class Signals:
    """From now on SIGTERM, SIGINT and SIGHUP are this object's; for the main thread.

    Until `hand_over` there is no session to end: to leave then raises `LeftEarly` wherever the main thread is, be it
    in the midst of compiling, so that it ends at once and in order.
    """

    def __init__(self) -> None:
        self._daemon: Leaving | None = None
        self._reload: Callable[[], None] | None = None
        self._reload_asked = False
        for number in LEAVING:
            signal.signal(number, self._leave)
        signal.signal(signal.SIGHUP, self._hang_up)

    def hand_over(self, daemon: Leaving, reload: Callable[[], None]) -> None:
        """From now on ask `daemon` to leave, and call `reload` for SIGHUP."""
        self._daemon, self._reload = daemon, reload
        if self._reload_asked:
            reload()

    def _leave(self, number: int, _frame: FrameType | None) -> None:
        reason = f"stopped by {signal.Signals(number).name}"
        if self._daemon is not None:
            self._daemon.leave(reason)
            return
        for each in LEAVING:  # what is being cleared away is not to be interrupted
            signal.signal(each, signal.SIG_IGN)
        raise LeftEarly(reason)

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        if self._reload is None:
            self._reload_asked = True
        else:
            self._reload()
