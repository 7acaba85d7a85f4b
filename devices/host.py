"""The driver host: starts the local drivers, listens to them, and tells the daemon in reports what became of them."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from devices.actions import PendingActions
from devices.hearing import Hearing
from devices.process import DriverSpec
from devices.reports import ActionAnswered, Ended, Report, WentOffline, WentOnline
from devices.supervised import Supervised, Timing
from devices.switchboard import Switchboard
from devices.wire import (
    HEARTBEAT_EVERY_S,
    Act,
    Credit,
    Heartbeat,
    Message,
    Pace,
    Start,
    Stop,
    WireError,
    decode_to_driver,
    encode,
    plain_text,
)
from kernel.events import ActionRequested

STOP_S = 3.0
"""How long `stop` waits for the drivers before it ends them by force."""
TEND_EVERY_S = 0.1


class DriverState(msgspec.Struct, frozen=True):
    """A driver as it is now: its process, whether it said hello, and how often it was started."""

    id: str
    pid: int | None
    online: bool
    starts: int


class HostError(Exception):
    """The host cannot be used as asked; the message says what and why."""


class DriverHost:
    """Runs drivers as processes of their own and turns what they say into reports.

    All methods are for one thread. Between `start` and `stop`, `poll` must be called at least every few seconds: it
    also keeps up the heartbeat, restarts drivers and notices silence.

    Parameters
    ----------
    specs
        The drivers; ids must differ.
    directory
        Where the private directory of the sockets is made; the system's temporary directory if not given.
    timing
        How patient the host is.

    Raises
    ------
    HostError
        Where two drivers have the same id, or an id is empty or longer than 64 characters.
    """

    def __init__(
        self, specs: Sequence[DriverSpec], directory: Path | None = None, timing: Timing | None = None
    ) -> None:
        self._timing = timing or Timing()
        _check_ids(specs)
        self._drivers = {spec.id: Supervised(spec, self._timing) for spec in specs}
        self._leaving: list[Supervised] = []
        self._where = directory
        self._board: Switchboard | None = None
        self._actions = PendingActions()
        self._retired: deque[bytes] = deque(maxlen=1000)
        self._reports: list[Report] = []
        self._hearing = Hearing(self._drivers, self._retired)
        self._next_heartbeat_s = self._next_tend_s = 0.0

    def __enter__(self) -> "DriverHost":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def malformed(self) -> Counter[str]:
        """How many messages were refused, by driver; UNKNOWN for those without a valid token."""
        return self._hearing.malformed

    @property
    def actions_under_way(self) -> int:
        """How many actions are not yet answered."""
        return len(self._actions)

    @property
    def facts(self) -> str:
        """The endpoint of the facts socket."""
        return self._open_board().facts

    @property
    def commands(self) -> str:
        """The endpoint of the commands socket."""
        return self._open_board().commands

    def pid(self, driver: str) -> int | None:
        """The process id of the driver, None while it is not running."""
        process = self._driver(driver).process
        return None if process is None else process.pid

    def drivers(self) -> list[DriverState]:
        """All drivers, in the order in which they were named."""
        return [DriverState(id, self.pid(id), d.talk.online, d.starts) for id, d in self._drivers.items()]

    def set_drivers(self, specs: Sequence[DriverSpec], instead_of: Iterable[str]) -> None:
        """Run these drivers instead of those with the ids `instead_of`; drivers with other ids go on.

        One whose spec is as before goes on undisturbed. One that is replaced reports WentOffline and, once its
        successor is there, WentOnline. Raises `HostError` where two ids are the same.
        """
        _check_ids(specs)
        wanted = {spec.id: spec for spec in specs}
        for id in [*instead_of, *wanted]:
            supervised = self._drivers.get(id)
            if supervised is not None and wanted.get(id) != supervised.spec:
                self._dismiss(supervised, "it is replaced" if id in wanted else "it is no longer wanted")
        for id, spec in wanted.items():
            self._drivers.setdefault(id, Supervised(spec, self._timing))

    def _dismiss(self, supervised: Supervised, reason: str) -> None:
        """Have a driver end by itself, and by force if it does not; what it still says has no effect."""
        id = supervised.spec.id
        del self._drivers[id]
        self._retired.append(supervised.token)
        self._reports.append(WentOffline(id, reason))
        self._reports.extend(self._actions.drop(id, f"driver {id} has ended: {reason}"))
        self._command(supervised, Stop())
        if supervised.process is not None:
            supervised.process.terminate()
        supervised.part(time.monotonic())
        self._leaving.append(supervised)

    def start(self) -> None:
        """Open the sockets and start the drivers. Raises `HostError` where the directory or sockets cannot be made."""
        if self._board is not None:
            raise HostError("the driver host is already started")
        if any(supervised.over for supervised in self._drivers.values()):
            raise HostError("the driver host was stopped; make a new one")
        try:
            self._board = Switchboard(self._where)
        except OSError as error:
            raise HostError(f"no private directory for the drivers' sockets: {error}") from None
        except WireError as error:
            raise HostError(f"no sockets for the drivers: {error}") from None
        self._tend(time.monotonic())

    def knows(self, driver: str) -> bool:
        """Whether there is a driver with this id."""
        return driver in self._drivers

    def add(self, spec: DriverSpec) -> None:
        """Run another driver from now on. One that is known by its id is left as it is."""
        if spec.id not in self._drivers:
            self._drivers[spec.id] = Supervised(spec, self._timing)

    def begin(self, driver: str, pace: Pace) -> None:
        """Let the driver send frames; to be called after each WentOnline. Without effect on one that is offline."""
        supervised = self._driver(driver)
        if supervised.talk.begin(pace):
            self._insist(supervised, Start(pace))
            if pace == "max" and supervised.talk.credit:
                self._insist(supervised, Credit(supervised.talk.credit))

    def grant(self, driver: str, frames: int) -> None:
        """Let the driver send `frames` more at pace max; before `begin` they are kept for it. WentOffline voids all."""
        supervised = self._driver(driver)
        if supervised.talk.grant(frames):
            self._insist(supervised, Credit(frames))

    def act(self, driver: str, request: ActionRequested, within_s: float | None = None) -> None:
        """Have the driver carry out an action; exactly one ActionAnswered follows within `timing.action_s`.

        `within_s` grants it another time. While the driver is offline the action waits for it; one that it left
        unanswered is sent again under its key.
        """
        act = Act(request.output, request.ordinal, request.kind, request.command, request.parameters)
        supervised = self._driver(driver)
        refusal = f"driver {driver} has ended" if supervised.over else _unfit(act)
        if refusal is None:
            limit_s = self._timing.action_s if within_s is None else within_s
            refusal = self._actions.add(driver, act, time.monotonic() + limit_s)
        if refusal is not None:
            self._reports.append(ActionAnswered(act.output, act.ordinal, False, refusal, True))
        self._send_actions(supervised)

    def poll(self, timeout_s: float) -> list[Report]:
        """What the drivers reported, in order of arrival; waits up to `timeout_s` for something to report."""
        board = self._open_board()
        until_s = time.monotonic() + timeout_s
        while True:
            for route, parts in board.helping():
                supervised, reports = self._hearing.hear(route, parts)
                for report in reports:
                    self._report(supervised, report)
            now_s = time.monotonic()
            if now_s >= self._next_tend_s:
                self._tend(now_s)
            if self._reports or now_s >= until_s:
                break
            board.wait(min(until_s, self._next_tend_s) - now_s)
        reports, self._reports = self._reports, []
        return reports

    def stop(self) -> None:
        """End all drivers, by force after 3 s, and remove the sockets. Stopping twice is allowed."""
        if self._board is None:
            return
        everyone = [*self._drivers.values(), *self._leaving]
        for supervised in everyone:
            self._command(supervised, Stop())
            if supervised.process is not None:
                supervised.process.terminate()
        until_s = time.monotonic() + STOP_S
        while time.monotonic() < until_s and any(d.process and d.process.running() for d in everyone):
            time.sleep(0.01)
        for supervised in everyone:
            supervised.discard()
            supervised.over = True
        self._board.close()
        self._board = None

    # What comes in

    def _report(self, supervised: Supervised | None, report: Report) -> None:
        if supervised is None:
            self._reports.append(report)
            return
        if isinstance(report, ActionAnswered) and not self._actions.answered(supervised.spec.id, report):
            return  # said twice, or too late
        self._reports.append(report)
        if isinstance(report, WentOnline):
            self._send_actions(supervised)
        if isinstance(report, Ended):
            self._command(supervised, Stop())
            supervised.part(time.monotonic())
            self._over(supervised, report.reason)

    # What goes out

    def _command(self, supervised: Supervised, message: Message) -> bool:
        if supervised.route is None or self._board is None:
            return False
        return self._board.send(supervised.route, message)

    def _insist(self, supervised: Supervised, message: Message) -> None:
        if not self._command(supervised, message):
            self._lose(supervised, "it takes no commands", time.monotonic())

    def _send_actions(self, supervised: Supervised) -> None:
        if supervised.talk.online and not supervised.talk.ended:
            for pending in self._actions.unsent(supervised.spec.id):
                pending.sent = self._command(supervised, pending.act)

    # What is due

    def _tend(self, now_s: float) -> None:
        self._next_tend_s = now_s + TEND_EVERY_S
        beat = now_s >= self._next_heartbeat_s
        if beat:
            self._next_heartbeat_s = now_s + HEARTBEAT_EVERY_S
        self._leaving = [supervised for supervised in self._leaving if not supervised.gone(now_s)]
        for supervised in self._drivers.values():
            if supervised.process is None and not supervised.over and now_s >= supervised.start_at_s:
                self._launch(supervised, now_s)
            trouble = supervised.trouble(now_s)
            if trouble is not None:
                self._lose(supervised, trouble, now_s)
            supervised.leave(now_s)
            if beat:
                self._command(supervised, Heartbeat())
            self._send_actions(supervised)
        self._reports.extend(self._actions.expired(now_s))

    def _launch(self, supervised: Supervised, now_s: float) -> None:
        try:
            supervised.launch(self.facts, self.commands, now_s)
        except OSError as error:
            self._lose(supervised, f"cannot be started: {error}", now_s)

    def _lose(self, supervised: Supervised, reason: str, now_s: float) -> None:
        """The present start of the driver is over, unasked: report it, and arrange for the next."""
        supervised.discard()
        self._retired.append(supervised.token)
        self._actions.driver_lost(supervised.spec.id)
        self._reports.append(WentOffline(supervised.spec.id, plain_text(reason)))
        if supervised.spec.restart:
            supervised.start_at_s = now_s + supervised.backoff.after_end(now_s)
        else:
            self._reports.append(Ended(supervised.spec.id, plain_text(reason), True))
            self._over(supervised, reason)

    def _over(self, supervised: Supervised, reason: str) -> None:
        supervised.over = True
        self._reports.extend(self._actions.drop(supervised.spec.id, f"driver {supervised.spec.id} has ended: {reason}"))

    def _driver(self, id: str) -> Supervised:
        if id not in self._drivers:
            raise HostError(f"no driver {id!r}; there are: {', '.join(self._drivers) or 'none'}")
        return self._drivers[id]

    def _open_board(self) -> Switchboard:
        if self._board is None:
            raise HostError("the driver host is not started")
        return self._board


def _check_ids(specs: Sequence[DriverSpec]) -> None:
    if len({spec.id for spec in specs}) != len(specs):
        raise HostError(f"driver ids must differ: {', '.join(spec.id for spec in specs)}")
    for spec in specs:
        if not 1 <= len(spec.id) <= 64:
            raise HostError(f"driver id {spec.id!r}: 1 to 64 characters are allowed")


def _unfit(act: Act) -> str | None:
    """Why the driver would not understand the action, if so."""
    try:
        decode_to_driver(encode(act))
    except WireError as error:
        return plain_text(str(error))
    return None
