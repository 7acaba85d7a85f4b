"""The daemon: a thin loop that admits what the drivers report, writes it down, and only then acts."""

import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import msgspec

from devices import reports as r
from devices.host import DriverHost
from devices.process import DriverSpec
from devices.wire import Pace
from emberline.channel_line import ChannelLine
from emberline.control import Answer, ControlSocket, Handlers
from emberline.defaults import with_defaults
from emberline.delivery.courier import Courier
from emberline.delivery.settings import DRIVER_PREFIX
from emberline.live_rows import answer_rows
from emberline.operation.health import Health, last_alarm
from emberline.operation.operation import Operation
from emberline.recognising import Recognising
from emberline.storekeeper import Storekeeper
from emberline.versions import versions
from kernel import events as e
from kernel.carried import carried_over
from kernel.commands import BadCommand, check_command
from kernel.engine import Engine, recorded_site
from kernel.log.contract import EventLog
from kernel.outputs import ALARM_OUTPUT
from kernel.payloads import DamagedFrame, EncodedFrame
from kernel.recorder import NewFrame, Recorder
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Site
from kernel.site.reader import SiteErrors
from replay.labels import LABEL_COMMAND, REVIEW, ReviewError, judgement_in

DEVICES = (e.DeviceOnline, e.DeviceOffline, e.DeviceFault, e.FramesLost)
NOTED = (*DEVICES, e.ConfigChanged, e.ClockSet, e.FoldFailed, e.LoginFailed)
"""The events that an onlooker is told of once they happen to be committed."""
TOLD = (e.AlarmRaised, e.AlarmRepeated, e.AlarmCleared, e.OutputActivated, e.OutputReleased)
"""The events that an onlooker is told of, once they are committed."""
SIGNALS = (ALARM_OUTPUT, "light", "audible")
"""The kinds of linkage whose drivers get the action as it is."""
OUTPUTS = "outputs"
"""The driver of the site's alarm outputs."""
CONTACTS = "contacts"
"""The driver of the site's alarm inputs."""
POLL_S = 0.05
FAREWELL_S = 2.0
"""How long the outputs get to confirm what the session's end asks of them."""
LAST_DELIVERIES_S = 15.0
"""How long notices that can be delivered get before the end of a run whose sources have ended."""


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
        """Hear of one of the events `TOLD` or `NOTED`; it is committed."""
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
        operation: Operation,
        courier: Courier,
        storekeeper: Storekeeper,
        recognising: Recognising,
    ) -> None:
        self._site = site
        self._in_force = ""
        self._log = log
        self._host = host
        self._control = control
        self._speed: Pace = speed
        self._onlooker = onlooker
        self._operation = operation
        self._meter = operation.meter
        self._courier = courier
        self._storekeeper = storekeeper
        self._recognising = recognising
        self._recorder = Recorder(log, engine)
        self._lines: dict[str, ChannelLine] = {}
        self._set_channels()
        self._noted: deque[e.Event] = deque()
        self._polled_s = 0.0
        self._origin = 0
        self._began_ns = 0
        self._leave: str | None = None
        self._document: str | None = None
        self._handlers: Handlers = {
            "command": lambda body: self._obey(msgspec.msgpack.decode(body, type=e.CommandReceived)),
            "status": lambda _: Answer(True, data=msgspec.json.encode(self.health())),
            "rows": lambda body: answer_rows(log, body),
            "configure": lambda body: self._put_back(msgspec.msgpack.decode(body, type=e.ConfigChanged)),
        }
        self._next_site = site
        self._specs: Sequence[DriverSpec] = ()
        self.summary = RunSummary()

    def leave(self, reason: str) -> None:
        """Ask the loop to end the session; may be called from a signal handler."""
        self._leave = reason

    def reconfigure(self, site: Site, document: str, specs: Sequence[DriverSpec]) -> None:
        """Ask the loop to put other settings in force, and other drivers; may be called from a signal handler."""
        self._next_site, self._specs = site, specs
        self._document = document

    def run(self, document: str, who: str, civil_ns: int | None, until_end: bool) -> RunSummary:
        """Record the session until its sources end (`until_end`) or somebody asks it to leave.

        `civil_ns` is the civil time (ns since 1970, UTC) at which it begins, None if unknown.
        """
        self._begin(document, who, civil_ns)
        self._operation.manager.ready()
        while self._leave is None and not (until_end and self._all_ended()):
            reports = self._host.poll(POLL_S)
            self._polled_s = time.monotonic()
            for report in reports:
                self._take(report)
            self._admit_waiting()
            self._admit_found()
            self._control.answer_all(self._handlers)
            self._tick()
            self._keep_store()
            self._grant()
            self._tell_noted()
            self._operation.round(self.health)
            self._post()
            self._onlooker.progress(self.summary, self._recorder.time)
        self._operation.manager.stopping()
        self._last_deliveries()
        for source, body in self._storekeeper.last_facts(self._now()):
            self._admit(source, body)
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
            if self._speed == "realtime":
                self._operation.watch_clock(civil_ns - self._origin)
        self._courier.report(self._admit)
        self._courier.start()
        self._storekeeper.start()

    def _now(self) -> int:
        """Logical time now, in ns."""
        if self._speed == "max":
            return max(self._origin, self._recorder.time)
        return self._origin + time.monotonic_ns() - self._began_ns

    # What the drivers report

    def _take(self, report: r.Report) -> None:
        match report:
            case r.FrameArrived(driver=driver, frame=frame):
                if driver in self._lines:
                    self._lines[driver].arrive(frame)
            case r.WentOnline(driver=driver, capabilities=capabilities):
                self._meter.online(driver, True)
                self._admit(_source(driver), e.DeviceOnline(driver, capabilities))
                if driver in self._lines:
                    self._host.begin(driver, self._speed)
            case r.WentOffline(driver=driver, reason=reason):
                self._meter.online(driver, False)
                if driver in self._lines:
                    self._lines[driver].restart()
                    self._admit_waiting()
                self._admit(_source(driver), e.DeviceOffline(driver, reason))
            case r.Faulted(driver=driver, reason=reason):
                self._admit(_source(driver), e.DeviceFault(driver, reason))
            case r.Lost(driver=driver, count=count, reason=reason):
                self.summary.lost += count
                self._meter.lost(driver, count)
                self._admit(_source(driver), e.FramesLost(count, reason))
            case r.LoginRefused(driver=driver, who=who, address=address, detail=detail):
                self._admit(_source(driver), e.LoginFailed(who, address, detail))
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
        if self._courier.is_mine(answer):
            self.summary.confirmed += answer.ok
            self._courier.answered(answer, self._admit)
        elif answer.ok:
            self.summary.confirmed += 1
            self._admit(f"linkage.{answer.output}", e.ActionFinished(answer.output, answer.ordinal))
        else:
            self._admit(f"linkage.{answer.output}", e.ActionFailed(answer.output, answer.ordinal, answer.reason))

    def _all_ended(self) -> bool:
        return all(line.ended and not line.waiting for line in self._lines.values())

    # Notices

    def _post(self) -> None:
        """Hand the drivers what is ready to be delivered."""
        for delivery in self._courier.due(self._admit):
            self._host.act(delivery.driver, delivery.request, delivery.within_s)
        for trouble in self._courier.troubles():
            self._admit("courier", e.DeviceFault("courier", trouble))

    def _last_deliveries(self) -> None:
        """Before the session ends: what can be delivered is, within a limit that is short where somebody waits."""
        self._courier.no_more_frames()
        until = time.monotonic() + (LAST_DELIVERIES_S if self._leave is None else FAREWELL_S)
        while (self._courier.is_busy() or self._host.actions_under_way) and time.monotonic() < until:
            self._post()
            for report in self._host.poll(POLL_S):
                if isinstance(report, r.ActionAnswered):
                    self._answered(report)

    # From frames to facts

    def _admit_waiting(self) -> None:
        """Admit the frames that wait: as they came live, in captured order over all channels at speed max.

        Those of different channels that follow each other are perceived at the same time.
        """
        together: dict[str, NewFrame] = {}
        while (next_line := self._next_line()) is not None:
            channel, line = next_line
            frame = line.waiting.popleft()
            if channel in together or isinstance(frame, DamagedFrame):
                self._admit_together(together)
            arrived = self._now()
            offset = self._origin + frame.captured_ns
            captured = offset if self._speed == "max" else line.mapped(frame.captured_ns, arrived)
            time_ns = captured if self._speed == "max" else arrived
            if isinstance(frame, DamagedFrame):
                self._lose_frame(channel)
                self._admit(CHANNEL_SOURCE + channel, e.FramesLost(1, "damaged"), time_ns)
            elif self._storekeeper.takes(channel, frame.key):
                together[channel] = _new_frame(channel, frame, captured, time_ns)
            else:
                self._lose_frame(channel)
        self._admit_together(together)

    def _admit_together(self, frames: dict[str, NewFrame]) -> None:
        """Admit frames by their channels, in this order, and empty the dictionary."""
        for channel, unit in zip(frames, self._recorder.admit_frames(list(frames.values())), strict=True):
            self.summary.frames += 1
            self._meter.frame(channel)
            self._follow(unit)
            self._meter.decisions.note(time.monotonic() - self._polled_s)
            self._recognising.take(unit, frames[channel].pixels)
            if self._speed == "max":
                self._admit_found()
        frames.clear()

    def _lose_frame(self, channel: str) -> None:
        self.summary.lost += 1
        self._meter.lost(channel, 1)

    def _next_line(self) -> tuple[str, ChannelLine] | None:
        live = [(id, line) for id, line in self._lines.items() if line.waiting or not line.ended]
        waiting = [(id, line) for id, line in live if line.waiting]
        if not waiting or (self._speed == "max" and len(waiting) < len(live)):
            return None
        return min(waiting, key=lambda item: (item[1].waiting[0].captured_ns, item[1].order))

    def _admit_found(self) -> None:
        """What the models have found by now."""
        for source, body in self._recognising.found():
            self._admit(source, body)

    def _keep_store(self) -> None:
        """Record what the storekeeper has to tell: what went, and whether there is room."""
        for source, body in self._storekeeper.facts(self._now()):
            self._admit(source, body)

    def _grant(self) -> None:
        if self._speed == "max":
            for id, line in self._lines.items():
                credit = 0 if line.ended else line.credit()
                if credit:
                    self._host.grant(id, credit)

    def _tick(self) -> None:
        """Put settings in force that were asked for, and let timers fire while nothing else happens."""
        if self._document is not None:
            self._reload(self._document)
        stepped = self._operation.clock_step(self._now())
        if stepped is not None:
            offset_ns, step_ns = stepped
            self._admit("site", e.ClockSet(offset_ns, f"the clock was set by {step_ns / 1e9:+.3f} s"))
        due = self._recorder.next_due()
        if self._speed == "realtime" and due is not None and due <= self._now():
            self._admit("session", e.Ticked())

    def _reload(self, document: str) -> None:
        """Other settings, and where a source is another one, another driver."""
        self._document = None
        self._operation.manager.reloading()
        before = {c.id for c in self._site.channels} | {OUTPUTS, CONTACTS}
        self._site = self._next_site
        self._host.set_drivers(self._specs, before)
        self._set_channels()
        self._configure(document, "reload")
        self._operation.manager.ready()

    def _set_channels(self) -> None:
        """A line for each channel of the site; one that is there goes on."""
        lines = self._lines
        self._lines = {c.id: lines.get(c.id) or ChannelLine(n) for n, c in enumerate(self._site.channels)}
        self._meter.set_channels(list(self._lines))

    def _configure(self, document: str, who: str) -> None:
        for order, channel in enumerate(self._site.channels):
            self._lines[channel.id].order = order
            self._lines[channel.id].mask(channel.privacy_mask)
        self._in_force = document
        self._storekeeper.follow(self._site.recording)
        self._recognising.configure(self._site)
        self._admit("site", e.ConfigChanged(document, who))
        for spec in self._courier.configure(self._site):
            self._host.add(spec)

    def _obey(self, command: e.CommandReceived) -> Answer:
        """An operator's command: a fact, and what follows from it."""
        if command.name == LABEL_COMMAND:
            return self._review(command)
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

    def _review(self, command: e.CommandReceived) -> Answer:
        """Somebody judges an alarm: a fact too, of its own kind."""
        try:
            review = judgement_in(self._log, command)
        except ReviewError as error:
            return Answer(False, str(error))
        self._admit(REVIEW, review)
        self._log.sync()
        return Answer(True, f"{review.rule}#{review.ordinal}: {review.label}")

    def _admit(self, source: str, body: e.Body, time_ns: int | None = None) -> None:
        self._follow(self._recorder.admit(self._now() if time_ns is None else time_ns, source, body))

    def _follow(self, unit: Sequence[e.Event]) -> None:
        """What follows from a unit outside the fold: once it is committed, it may leave the daemon."""
        for event in unit:
            self._storekeeper.note(event)
        outward = [event for event in unit if isinstance(event.body, (*TOLD, e.ActionRequested))]
        if outward:
            began_s = time.monotonic()
            self._log.sync()
            self._meter.commits.note(time.monotonic() - began_s)
        self._noted.extend(event for event in unit if isinstance(event.body, NOTED))
        for event in unit:
            self._courier.observe(event)
        for event in outward:
            self._carry_out(event)

    def _carry_out(self, event: e.Event) -> None:
        """Let a committed event leave the daemon."""
        if isinstance(event.body, e.ActionRequested):
            self.summary.actions += 1
            self._ask(event.body)
            self._meter.actions.note(time.monotonic() - self._polled_s)
        else:
            if isinstance(event.body, e.AlarmRaised):
                self.summary.alarms += 1
                self._meter.last_alarm = last_alarm(event, event.body)
            self._onlooker.tell(event)

    def _ask(self, action: e.ActionRequested) -> None:
        """Have the driver of the outputs carry out an action; what it cannot has failed."""
        driver = DRIVER_PREFIX + action.output
        if action.kind == ALARM_OUTPUT and not self._host.knows(driver):
            driver = OUTPUTS
        if action.kind in SIGNALS and self._host.knows(driver):
            self._host.act(driver, action)
        elif not self._courier.takes(action):
            failed = e.ActionFailed(action.output, action.ordinal, f"no driver for {action.kind}")
            self._admit(f"linkage.{action.output}", failed, self._recorder.time)

    def _tell_noted(self) -> None:
        while self._noted and self._noted[0].seq <= self._log.committed:
            self._onlooker.tell(self._noted.popleft())

    def health(self) -> Health:
        """How the daemon is."""
        waiting = {id: len(line.waiting) for id, line in self._lines.items()}
        now_ns = self._now()
        civil_ns = self._operation.civil_ns(now_ns)
        directory, alarms = self._operation.directory, self.summary.alarms
        return self._meter.account(self._log, directory, self._host, waiting, now_ns, civil_ns, alarms)

    def _farewell(self) -> None:
        """Wait a little for the outputs to confirm what the session's end asked of them."""
        until = time.monotonic() + FAREWELL_S
        asked = self.summary.actions - self.summary.confirmed
        while asked > 0 and time.monotonic() < until:
            for delivery in self._courier.due():
                self._host.act(delivery.driver, delivery.request, delivery.within_s)
            answers = [a for a in self._host.poll(POLL_S) if isinstance(a, r.ActionAnswered)]
            for answer in answers:
                if self._courier.is_mine(answer):
                    self._courier.answered(answer, None)
            asked -= len(answers)
            self.summary.confirmed += sum(a.ok for a in answers)


def _new_frame(channel: str, frame: EncodedFrame, captured_ns: int, time_ns: int) -> NewFrame:
    body = msgspec.structs.replace(frame.fact(), captured_ns=captured_ns)
    return NewFrame(time_ns, CHANNEL_SOURCE + channel, body, frame.payload, frame.pixels)


def _source(driver: str) -> str:
    if driver.startswith(DRIVER_PREFIX):
        return driver
    return f"device.{driver}" if driver in (OUTPUTS, CONTACTS) else CHANNEL_SOURCE + driver
