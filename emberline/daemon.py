"""The daemon: a thin loop that admits what the drivers report, writes it down, and only then acts."""

import time
from collections.abc import Sequence

from devices import reports as r
from devices.host import DriverHost
from devices.process import DriverSpec
from devices.wire import Pace
from emberline.admission import Admission
from emberline.control import ControlSocket
from emberline.delivery.courier import Courier
from emberline.driver_facts import CONTACTS, OUTPUTS, FactReport, fact_of, source_of
from emberline.intake import Intake
from emberline.onlooking import Onlooker, RunSummary
from emberline.operation.health import Health
from emberline.operation.operation import Operation
from emberline.outward import POLL_S, Outward
from emberline.recognising import Recognising
from emberline.requests import Requests
from emberline.storekeeper import Storekeeper
from emberline.versions import versions
from kernel import events as e
from kernel.carried import carried_over
from kernel.engine import Engine
from kernel.log.contract import EventLog
from kernel.site.model import Site


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
        self.site = site
        self.document = ""
        self.summary = RunSummary()
        self._log = log
        self._host = host
        self._control = control
        self._onlooker = onlooker
        self._operation = operation
        self._meter = operation.meter
        self._courier = courier
        self._storekeeper = storekeeper
        self._recognising = recognising
        self._admission = Admission(log, engine, speed)
        self._outward = Outward(self._admission, host, courier, onlooker, self._meter, self.summary)
        self._admission.follow = [storekeeper.note_all, self._outward.follow]
        self._intake = Intake(self._admission, host, storekeeper, recognising, self._meter, self.summary)
        self._intake.set_channels(site.channels)
        self._handlers = Requests(self._admission, self, self.health).handlers()
        self._leave: str | None = None
        self._reload: tuple[Site, str, Sequence[DriverSpec]] | None = None

    def leave(self, reason: str) -> None:
        """Ask the loop to end the session; may be called from a signal handler."""
        self._leave = reason

    def reconfigure(self, site: Site, document: str, specs: Sequence[DriverSpec]) -> None:
        """Ask the loop to put other settings in force, and other drivers; may be called from a signal handler."""
        self._reload = site, document, specs

    def run(self, document: str, who: str, civil_ns: int | None, until_end: bool) -> RunSummary:
        """Record the session until its sources end (`until_end`) or somebody asks it to leave.

        `civil_ns` is the civil time (ns since 1970, UTC) at which it begins, None if unknown.
        """
        self._begin(document, who, civil_ns)
        self._operation.manager.ready()
        while self._leave is None and not (until_end and self._intake.all_ended()):
            self._round()
        self._operation.manager.stopping()
        self._outward.last_deliveries(somebody_waits=self._leave is not None)
        self._admission.facts(self._storekeeper.last_facts(self._admission.now))
        self._admission.fact("session", e.SessionEnded(self._leave or "end of recording"))
        self._outward.farewell()
        self.summary.outcome = self._admission.recorder.outcome.hexdigest()
        return self.summary

    def _begin(self, document: str, who: str, civil_ns: int | None) -> None:
        self._admission.begin(civil_ns)
        carried, unconfirmed = carried_over(self._log)
        started = e.SessionStarted("run", e.SCHEMA_VERSION, versions(), self._intake.channels, carried)
        self._admission.fact("session", started)
        for action in unconfirmed:
            self._outward.ask(action)
        for found in self._log.recovered:
            self._admission.fact("log", e.LogRecovered(found.what, found.where, found.lost, found.detail))
        self.configure(self.site, document, who)
        if civil_ns is not None:
            offset_ns = civil_ns - self._admission.origin
            self._admission.fact("site", e.ClockSet(offset_ns, "start of the run"))
            if self._admission.speed == "realtime":
                self._operation.watch_clock(offset_ns)
        self._courier.report(self._admission.fact)
        self._courier.start()
        self._storekeeper.start()

    def _round(self) -> None:
        """Once round the loop."""
        reports = self._host.poll(POLL_S)
        self._intake.polled_s = self._outward.polled_s = time.monotonic()
        for report in reports:
            self._take(report)
        self._intake.admit_waiting()
        self._intake.admit_found()
        self._control.answer_all(self._handlers)
        self._tick()
        self._admission.facts(self._storekeeper.facts(self._admission.now))
        self._intake.grant()
        self._outward.tell_noted()
        self._operation.round(self.health)
        self._outward.post()
        self._onlooker.progress(self.summary, self._admission.recorder.time)

    def _take(self, report: r.Report) -> None:
        """What a driver reports: a frame, an answer, or a fact."""
        if isinstance(report, r.FrameArrived):
            self._intake.arrive(report.driver, report.frame)
        elif isinstance(report, r.ActionAnswered):
            self._outward.answered(report)
        else:
            self._take_fact(report)

    def _take_fact(self, report: FactReport) -> None:
        """A fact of a driver, and what it means for its channel."""
        match report:
            case r.WentOnline() | r.WentOffline():
                self._meter.online(report.driver, isinstance(report, r.WentOnline))
            case r.Lost():
                self._intake.lost(report.driver, report.count)
            case r.Ended(error=True):
                self.summary.failure = report.reason
            case _:
                pass
        if isinstance(report, r.WentOffline):
            self._intake.offline(report.driver)
        body = fact_of(report)
        if body is not None:
            self._admission.fact(source_of(report.driver), body)
        if isinstance(report, r.WentOnline):
            self._intake.online(report.driver)
        elif isinstance(report, r.Ended):
            self._intake.end(report.driver)

    def _tick(self) -> None:
        """Put settings in force that were asked for, and let timers fire while nothing else happens."""
        if self._reload is not None:
            self._other_drivers(*self._reload)
        admission = self._admission
        stepped = self._operation.clock_step(admission.now)
        if stepped is not None:
            offset_ns, step_ns = stepped
            admission.fact("site", e.ClockSet(offset_ns, f"the clock was set by {step_ns / 1e9:+.3f} s"))
        due = admission.recorder.next_due()
        if admission.speed == "realtime" and due is not None and due <= admission.now:
            admission.fact("session", e.Ticked())

    def _other_drivers(self, site: Site, document: str, specs: Sequence[DriverSpec]) -> None:
        """Other settings, and where a source is another one, another driver."""
        self._reload = None
        self._operation.manager.reloading()
        self._host.set_drivers(specs, {c.id for c in self.site.channels} | {OUTPUTS, CONTACTS})
        self._intake.set_channels(site.channels)
        self.configure(site, document, "reload")
        self._operation.manager.ready()

    def configure(self, site: Site, document: str, who: str) -> None:
        """Put settings in force, for channels that have their drivers."""
        self.site, self.document = site, document
        self._intake.configure(site.channels)
        self._storekeeper.follow(site.recording)
        self._recognising.configure(site)
        self._admission.fact("site", e.ConfigChanged(document, who))
        for spec in self._courier.configure(site):
            self._host.add(spec)

    def health(self) -> Health:
        """How the daemon is."""
        now_ns = self._admission.now
        civil_ns = self._operation.civil_ns(now_ns)
        directory, alarms = self._operation.directory, self.summary.alarms
        return self._meter.account(self._log, directory, self._host, self._intake.waiting, now_ns, civil_ns, alarms)
