"""The daemon: a thin loop that admits what the drivers report, writes it down, and only then acts."""

import time
from typing import Protocol

import msgspec

from devices import reports as r
from devices.host import DriverHost
from devices.wire import Pace
from emberline.channel_line import ChannelLine
from emberline.control import Answer, ControlSocket, Handlers
from emberline.defaults import with_defaults
from emberline.live_rows import answer_rows
from emberline.versions import versions
from kernel import events as e
from kernel.carried import carried_over
from kernel.commands import BadCommand, check_command
from kernel.engine import Engine, recorded_site
from kernel.log.contract import EventLog
from kernel.outputs import ALARM_OUTPUT
from kernel.payloads import DamagedFrame, EncodedFrame
from kernel.recorder import Recorder
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Site
from kernel.site.reader import SiteErrors

TOLD = (e.AlarmRaised, e.AlarmRepeated, e.AlarmCleared, e.OutputActivated, e.OutputReleased)
"""The events that an onlooker is told of, once they are committed."""
OUTPUTS = "outputs"
"""The driver of the site's alarm outputs."""
POLL_S = 0.05
FAREWELL_S = 2.0
"""How long the outputs get to confirm what the session's end asks of them."""


class RunSummary(msgspec.Struct):
    """What a run came to; `failure` says why it could not go on."""

    frames: int = 0
    lost: int = 0
    alarms: int = 0
    actions: int = 0
    confirmed: int = 0
    outcome: str = ""
    failure: str | None = None


class Onlooker(Protocol):
    """Whoever watches the daemon."""

    def tell(self, event: e.Event) -> None:
        """Hear of one of the events `TOLD`; it is committed."""
        ...

    def progress(self, summary: RunSummary, time_ns: int) -> None:
        """Hear how far the run has come, in logical time."""
        ...


class Daemon:
    """One session of the daemon.

    At speed `realtime` logical time follows the monotonic clock; at `max` it is the frames' own time and several
    channels are merged by it, as an import does.
    """

    def __init__(
        self,
        site: Site,
        log: EventLog,
        engine: Engine,
        host: DriverHost,
        control: ControlSocket,
        speed: Pace,
        onlooker: Onlooker,
    ) -> None:
        self._site = site
        self._in_force = ""
        self._log = log
        self._host = host
        self._control = control
        self._speed: Pace = speed
        self._onlooker = onlooker
        self._recorder = Recorder(log, engine)
        self._lines = {c.id: ChannelLine(order) for order, c in enumerate(site.channels)}
        self._origin = 0
        self._began_ns = 0
        self._leave: str | None = None
        self._document: str | None = None
        self._handlers: Handlers = {
            "command": lambda body: self._obey(msgspec.msgpack.decode(body, type=e.CommandReceived)),
            "rows": lambda body: answer_rows(log, body),
            "configure": lambda body: self._put_back(msgspec.msgpack.decode(body, type=e.ConfigChanged)),
        }
        self.summary = RunSummary()

    def leave(self, reason: str) -> None:
        """Ask the loop to end the session; may be called from a signal handler."""
        self._leave = reason

    def reconfigure(self, site: Site, document: str) -> None:
        """Ask the loop to put other settings in force; may be called from a signal handler."""
        self._site = site
        self._document = document

    def run(self, document: str, who: str, civil_ns: int | None, until_end: bool) -> RunSummary:
        """Record the session until its sources end (`until_end`) or somebody asks it to leave.

        `civil_ns` is the civil time (ns since 1970, UTC) at which it begins, None if unknown.
        """
        self._begin(document, who, civil_ns)
        while self._leave is None and not (until_end and self._all_ended()):
            for report in self._host.poll(POLL_S):
                self._take(report)
            self._admit_waiting()
            self._control.answer_all(self._handlers)
            self._tick()
            self._grant()
            self._onlooker.progress(self.summary, self._recorder.time)
        self._admit("session", e.SessionEnded(self._leave or "end of recording"))
        self._farewell()
        self.summary.outcome = self._recorder.outcome.hexdigest()
        return self.summary

    def _begin(self, document: str, who: str, civil_ns: int | None) -> None:
        self._origin = max(self._log.head.time, civil_ns or 0)
        self._began_ns = time.monotonic_ns()
        carried, unconfirmed = carried_over(self._log)
        started = e.SessionStarted("run", e.SCHEMA_VERSION, versions(), tuple(self._lines), carried)
        self._admit("session", started)
        for action in unconfirmed:
            self.summary.actions += 1
            self._ask(action)
        for found in self._log.recovered:
            self._admit("log", e.LogRecovered(found.what, found.where, found.lost, found.detail))
        self._configure(document, who)
        if civil_ns is not None:
            self._admit("site", e.ClockSet(civil_ns - self._origin, "start of the run"))

    def _now(self) -> int:
        """Logical time now, in ns."""
        if self._speed == "max":
            return max(self._origin, self._recorder.time)
        return self._origin + time.monotonic_ns() - self._began_ns

    # What the drivers report

    def _take(self, report: r.Report) -> None:
        match report:
            case r.FrameArrived(driver=driver, frame=frame):
                self._lines[driver].arrive(frame)
            case r.WentOnline(driver=driver, capabilities=capabilities):
                self._admit(_source(driver), e.DeviceOnline(driver, capabilities))
                if driver in self._lines:
                    self._host.begin(driver, self._speed)
            case r.WentOffline(driver=driver, reason=reason):
                if driver in self._lines:
                    self._lines[driver].restart()
                    self._admit_waiting()
                self._admit(_source(driver), e.DeviceOffline(driver, reason))
            case r.Faulted(driver=driver, reason=reason):
                self._admit(_source(driver), e.DeviceFault(driver, reason))
            case r.Lost(driver=driver, count=count, reason=reason):
                self.summary.lost += count
                self._admit(_source(driver), e.FramesLost(count, reason))
            case r.Ended(driver=driver, reason=reason, error=error):
                self._end_of_source(driver, reason, error)
            case r.ContactMoved(driver=driver, number=number, closed=closed):
                self._admit(_source(driver), e.AlarmInputChanged(number, closed))
            case r.ActionAnswered():
                self._answered(report)

    def _end_of_source(self, driver: str, reason: str, error: bool) -> None:
        if error:
            self._admit(_source(driver), e.DeviceFault(driver, reason))
            self.summary.failure = reason
        if driver in self._lines:
            self._lines[driver].end()

    def _answered(self, answer: r.ActionAnswered) -> None:
        if answer.ok:
            self.summary.confirmed += 1
            self._admit(f"linkage.{answer.output}", e.ActionFinished(answer.output, answer.ordinal))
        else:
            self._admit(f"linkage.{answer.output}", e.ActionFailed(answer.output, answer.ordinal, answer.reason))

    def _all_ended(self) -> bool:
        return all(line.ended and not line.waiting for line in self._lines.values())

    # From frames to facts

    def _admit_waiting(self) -> None:
        """Admit the frames that wait: as they came live, in captured order over all channels at speed max."""
        while (next_line := self._next_line()) is not None:
            channel, line = next_line
            frame = line.waiting.popleft()
            arrived = self._now()
            offset = self._origin + frame.captured_ns
            captured = offset if self._speed == "max" else line.mapped(frame.captured_ns, arrived)
            self._admit_frame(channel, frame, captured, captured if self._speed == "max" else arrived)

    def _next_line(self) -> tuple[str, ChannelLine] | None:
        live = [(id, line) for id, line in self._lines.items() if line.waiting or not line.ended]
        waiting = [(id, line) for id, line in live if line.waiting]
        if not waiting or (self._speed == "max" and len(waiting) < len(live)):
            return None
        return min(waiting, key=lambda item: (item[1].waiting[0].captured_ns, item[1].order))

    def _admit_frame(self, channel: str, frame: EncodedFrame | DamagedFrame, captured_ns: int, time_ns: int) -> None:
        source = CHANNEL_SOURCE + channel
        if isinstance(frame, DamagedFrame):
            self.summary.lost += 1
            self._admit(source, e.FramesLost(1, "damaged"), time_ns)
        else:
            self.summary.frames += 1
            body = msgspec.structs.replace(frame.fact(), captured_ns=captured_ns)
            self._admit(source, body, time_ns, frame)

    def _grant(self) -> None:
        if self._speed == "max":
            for id, line in self._lines.items():
                credit = 0 if line.ended else line.credit()
                if credit:
                    self._host.grant(id, credit)

    def _tick(self) -> None:
        """Put settings in force that were asked for, and let timers fire while nothing else happens."""
        if self._document is not None:
            self._configure(self._document, "reload")
            self._document = None
        due = self._recorder.next_due()
        if self._speed == "realtime" and due is not None and due <= self._now():
            self._admit("session", e.Ticked())

    def _configure(self, document: str, who: str) -> None:
        self._in_force = document
        self._admit("site", e.ConfigChanged(document, who))

    def _obey(self, command: e.CommandReceived) -> Answer:
        """An operator's command: a fact, and what follows from it."""
        try:
            check_command(command, self._site)
        except BadCommand as error:
            return Answer(False, str(error))
        self._admit("operator", command)
        if command.name == "restore-defaults":
            document = with_defaults(self._in_force)
            self._site = recorded_site(document)
            self._configure(document, command.who)
        self._log.sync()
        return Answer(True, f"done: {' '.join((command.name, *command.arguments))}")

    def _put_back(self, earlier: e.ConfigChanged) -> Answer:
        """Put an earlier document in force."""
        try:
            site = recorded_site(earlier.document)
        except SiteErrors as errors:
            return Answer(False, f"this document does not fit this version: {errors}")
        if {c.id: c.source for c in site.channels} != {c.id: c.source for c in self._site.channels}:
            return Answer(False, "its channels or their sources are others than those that the daemon runs")
        self._site = site
        self._configure(earlier.document, earlier.who)
        self._log.sync()
        return Answer(True, "in force")

    def _admit(self, source: str, body: e.Body, time_ns: int | None = None, frame: EncodedFrame | None = None) -> None:
        payload, pixels = (None, None) if frame is None else (frame.payload, frame.pixels)
        unit = self._recorder.admit(self._now() if time_ns is None else time_ns, source, body, payload, pixels)
        outward = [event for event in unit if isinstance(event.body, (*TOLD, e.ActionRequested))]
        if outward:
            self._log.sync()
        for event in outward:
            self._carry_out(event)

    def _carry_out(self, event: e.Event) -> None:
        """Let a committed event leave the daemon."""
        if isinstance(event.body, e.ActionRequested):
            self.summary.actions += 1
            self._ask(event.body)
        else:
            self.summary.alarms += isinstance(event.body, e.AlarmRaised)
            self._onlooker.tell(event)

    def _ask(self, action: e.ActionRequested) -> None:
        """Have the driver of the outputs carry out an action; what it cannot has failed."""
        if action.kind == ALARM_OUTPUT:
            self._host.act(OUTPUTS, action)
        else:
            self._answered(r.ActionAnswered(action.output, action.ordinal, False, f"no driver for {action.kind}"))

    def _farewell(self) -> None:
        """Wait a little for the outputs to confirm what the session's end asked of them."""
        until = time.monotonic() + FAREWELL_S
        asked = self.summary.actions - self.summary.confirmed
        while asked > 0 and time.monotonic() < until:
            answers = [a for a in self._host.poll(POLL_S) if isinstance(a, r.ActionAnswered)]
            asked -= len(answers)
            self.summary.confirmed += sum(a.ok for a in answers)


def _source(driver: str) -> str:
    return f"device.{OUTPUTS}" if driver == OUTPUTS else CHANNEL_SOURCE + driver
