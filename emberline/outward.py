"""What leaves the daemon once it is committed: actions, notices, and words to an onlooker."""

import time
from collections import deque
from collections.abc import Sequence

from devices import reports as r
from devices.host import DriverHost
from emberline.admission import Admission
from emberline.delivery.courier import Courier
from emberline.delivery.settings import DRIVER_PREFIX
from emberline.driver_facts import OUTPUTS
from emberline.onlooking import NOTED, TOLD, Onlooker, RunSummary
from emberline.operation.health import Meter, last_alarm
from kernel import events as e
from kernel.outputs import ALARM_OUTPUT

SIGNALS = (ALARM_OUTPUT, "light", "audible")
"""The kinds of linkage whose drivers get the action as it is."""
POLL_S = 0.05
FAREWELL_S = 2.0
"""How long the outputs get to confirm what the session's end asks of them."""
LAST_DELIVERIES_S = 15.0
"""How long notices that can be delivered get before the end of a run whose sources have ended."""


class Outward:
    """Lets what was concluded take effect. `polled_s` is when the frames now folded came in."""

    def __init__(
        self,
        admission: Admission,
        host: DriverHost,
        courier: Courier,
        onlooker: Onlooker,
        meter: Meter,
        summary: RunSummary,
    ) -> None:
        self._admission = admission
        self._log = admission.log
        self._host = host
        self._courier = courier
        self._onlooker = onlooker
        self._meter = meter
        self._summary = summary
        self._noted: deque[e.Event] = deque()
        self.polled_s = 0.0

    def follow(self, unit: Sequence[e.Event]) -> None:
        """What follows from a unit outside the fold: once it is committed, it may leave the daemon."""
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

    def ask(self, action: e.ActionRequested) -> None:
        """Have the driver of the output carry out an action; what it cannot has failed."""
        self._summary.actions += 1
        driver = DRIVER_PREFIX + action.output
        if action.kind == ALARM_OUTPUT and not self._host.knows(driver):
            driver = OUTPUTS
        if action.kind in SIGNALS and self._host.knows(driver):
            self._host.act(driver, action)
        elif not self._courier.takes(action):
            failed = e.ActionFailed(action.output, action.ordinal, f"no driver for {action.kind}")
            self._admission.fact(f"linkage.{action.output}", failed, self._admission.recorder.time)

    def answered(self, answer: r.ActionAnswered) -> None:
        """A driver says what became of an action."""
        source = f"linkage.{answer.output}"
        if self._courier.is_mine(answer):
            self._summary.confirmed += answer.ok
            self._courier.answered(answer, self._admission.fact)
        elif answer.ok:
            self._summary.confirmed += 1
            self._admission.fact(source, e.ActionFinished(answer.output, answer.ordinal))
        else:
            self._admission.fact(source, e.ActionFailed(answer.output, answer.ordinal, answer.reason))

    def post(self) -> None:
        """Hand the drivers what is ready to be delivered."""
        for delivery in self._courier.due(self._admission.fact):
            self._host.act(delivery.driver, delivery.request, delivery.within_s)
        for trouble in self._courier.troubles():
            self._admission.fact("courier", e.DeviceFault("courier", trouble))

    def tell_noted(self) -> None:
        """Tell the onlooker of what is committed by now."""
        while self._noted and self._noted[0].seq <= self._log.committed:
            self._onlooker.tell(self._noted.popleft())

    def last_deliveries(self, somebody_waits: bool) -> None:
        """Before the session ends: what can be delivered is, within a limit that is short where somebody waits."""
        self._courier.no_more_frames()
        until = time.monotonic() + (FAREWELL_S if somebody_waits else LAST_DELIVERIES_S)
        while (self._courier.is_busy() or self._host.actions_under_way) and time.monotonic() < until:
            self.post()
            for report in self._host.poll(POLL_S):
                if isinstance(report, r.ActionAnswered):
                    self.answered(report)

    def farewell(self) -> None:
        """After the session: wait a little for the outputs to confirm what its end asked of them."""
        until = time.monotonic() + FAREWELL_S
        asked = self._summary.actions - self._summary.confirmed
        while asked > 0 and time.monotonic() < until:
            for delivery in self._courier.due():
                self._host.act(delivery.driver, delivery.request, delivery.within_s)
            answers = [a for a in self._host.poll(POLL_S) if isinstance(a, r.ActionAnswered)]
            for answer in answers:
                if self._courier.is_mine(answer):
                    self._courier.answered(answer, None)
            asked -= len(answers)
            self._summary.confirmed += sum(a.ok for a in answers)

    def _carry_out(self, event: e.Event) -> None:
        """Let a committed event leave the daemon."""
        if isinstance(event.body, e.ActionRequested):
            self.ask(event.body)
            self._meter.actions.note(time.monotonic() - self.polled_s)
            return
        if isinstance(event.body, e.AlarmRaised):
            self._summary.alarms += 1
            self._meter.last_alarm = last_alarm(event, event.body)
        self._onlooker.tell(event)
