"""The courier: has what alarms set off delivered, whatever the servers do, without holding up the daemon.

    ActionRequested, committed ─► outbox, pictures and clips ─► driver ─► ActionFinished
                                  (the preparer's thread)       (back-off, one at a time for each output)

Captured pictures need no driver: they are put on a shelf below the log's directory.

Each output has a queue of its own, so that a server that is down holds up nobody else. An action is over when it was
delivered, when another attempt makes no sense, or after a day.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from devices.process import DriverSpec
from devices.reports import ActionAnswered
from emberline.delivery.lane import Lane
from emberline.delivery.outbox import MAX_ENTRIES, Done, Outbox, Request
from emberline.delivery.preparer import Preparer
from emberline.delivery.settings import DRIVER_PREFIX, delivery_spec, envelope_of
from kernel import events as e
from kernel.captures import CAPTURE
from kernel.log.contract import EventLog
from kernel.site.model import Site

ATTEMPT_S = 90.0
"""The driver has so long to answer: more than the time that it allows itself."""
LIFE_SIGN, LIFE_SIGN_S = "life_sign", 20.0
"""A sign of life is not kept: one that comes late says nothing."""
GIVE_UP_S = 24 * 3600.0


class Delivery(msgspec.Struct, frozen=True):
    """What the daemon is to ask a driver for. Its ordinal is the seq of the action, which no other has."""

    driver: str
    request: e.ActionRequested
    within_s: float


class Courier:
    """Made before the session begins; `start` takes up what an earlier one left.

    `drivers` maps the kinds of linkage that it delivers to their drivers' modules; `base` is where relative paths in
    the settings begin. All methods are for the daemon's thread.
    """

    def __init__(self, log: EventLog, directory: Path, base: Path, drivers: Mapping[str, str]) -> None:
        self._base = base
        self._drivers = drivers
        self._outbox = Outbox(directory)
        self._preparer = Preparer(log, directory, self._outbox, self._prepares)
        self._lanes: dict[str, Lane] = {}
        self._settings: dict[str, Path] = {}
        self._session = 0
        self._life_signs: deque[tuple[int, e.ActionRequested]] = deque(maxlen=64)
        self._signs_under_way: dict[tuple[str, int], int] = {}
        self._refused: deque[Request] = deque()

    def __enter__(self) -> "Courier":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def observe(self, event: e.Event) -> None:
        """Take note of an event of the running session; it is committed, or will be before anything of it leaves."""
        self._preparer.observe(event)
        body = event.body
        if isinstance(body, e.SessionStarted):
            self._session = event.seq
        elif isinstance(body, e.ActionRequested) and self._prepares(body):
            self._accept(Request(event.seq, body.output, body.ordinal, body.kind, self._session, time.time()))
        elif isinstance(body, e.ActionRequested) and self.takes(body):
            self._life_signs.append((event.seq, body))

    def _accept(self, request: Request) -> None:
        waiting = self._preparer.in_hand + sum(len(lane.ready) for lane in self._lanes.values())
        if waiting < MAX_ENTRIES:
            self._preparer.submit(request)
        else:
            self._refused.append(request)

    def takes(self, action: e.ActionRequested) -> bool:
        """Whether the action is one for the courier."""
        return action.kind in self._drivers or action.kind == CAPTURE

    def _prepares(self, action: e.ActionRequested) -> bool:
        return self.takes(action) and action.command != LIFE_SIGN

    def configure(self, site: Site) -> list[DriverSpec]:
        """Deliver with these settings from now on, what is waiting too. Returns the drivers that this takes."""
        self._preparer.configure(site)
        self._settings = {
            link.id: self._outbox.write_settings(link.id, envelope_of(site, link, self._base))
            for link in site.linkages
            if link.kind in self._drivers
        }
        known = self._settings
        return [delivery_spec(link, self._drivers, known[link.id]) for link in site.linkages if link.id in known]

    def start(self) -> None:
        """Begin; first with what earlier sessions left."""
        self._preparer.start()

    def due(self, admit: Callable[[str, e.Body], None] | None = None) -> Iterator[Delivery]:
        """What is to be asked of the drivers now. What cannot be asked of any is over."""
        for path, request in self._preparer.ready():
            if request.output in self._settings:
                self._lanes.setdefault(request.output, Lane()).ready.append((path, request))
            else:
                self._over(path, request, f"there is no linkage {request.output} that delivers any more", admit)
        if admit is not None:
            self._record_refused(admit)
            self._record_shelved(admit)
        yield from self._due_life_signs()
        now_s = time.monotonic()
        for output, lane in self._lanes.items():
            if output in self._settings and lane.flying is None and lane.ready and now_s >= lane.not_before_s:
                lane.flying = lane.ready.popleft()
                path, request = lane.flying
                words = {"notice": str(path), "settings": str(self._settings[output])}
                asked = e.ActionRequested(output, request.seq, request.kind, "deliver", words)
                yield Delivery(DRIVER_PREFIX + output, asked, ATTEMPT_S)

    def _record_refused(self, admit: Callable[[str, e.Body], None]) -> None:
        while self._refused:
            request = self._refused.popleft()
            body = e.ActionFailed(request.output, request.ordinal, f"{MAX_ENTRIES} notices are waiting already")
            admit(DRIVER_PREFIX + request.output, body)

    def _record_shelved(self, admit: Callable[[str, e.Body], None]) -> None:
        for one in self._preparer.shelved():
            for kept in one.kept:
                admit(DRIVER_PREFIX + one.request.output, kept)
            self._over(one.path, one.request, one.reason, admit)

    def _due_life_signs(self) -> Iterator[Delivery]:
        while self._life_signs:
            seq, sign = self._life_signs.popleft()
            if sign.output in self._settings:
                self._signs_under_way[sign.output, seq] = sign.ordinal
                words = {**sign.parameters, "settings": str(self._settings[sign.output])}
                asked = msgspec.structs.replace(sign, ordinal=seq, parameters=words)
                yield Delivery(DRIVER_PREFIX + sign.output, asked, LIFE_SIGN_S)

    def is_mine(self, answer: ActionAnswered) -> bool:
        """Whether the answer is to something that `due` gave."""
        if (answer.output, answer.ordinal) in self._signs_under_way:
            return True
        lane = self._lanes.get(answer.output)
        return lane is not None and lane.flying is not None and lane.flying[1].seq == answer.ordinal

    def answered(self, answer: ActionAnswered, admit: Callable[[str, e.Body], None] | None) -> None:
        """Take a driver's answer. What follows becomes a fact; without `admit` it is kept for the next session."""
        ordinal = self._signs_under_way.pop((answer.output, answer.ordinal), None)
        if ordinal is not None:
            if admit is not None:
                admit(DRIVER_PREFIX + answer.output, _outcome(answer.output, ordinal, answer.reason, 0))
            return
        lane = self._lanes[answer.output]
        assert lane.flying is not None
        (path, request), lane.flying = lane.flying, None
        late = time.time() - request.since_s > GIVE_UP_S
        if answer.ok or not answer.again or late:
            lane.failures = 0 if answer.ok else lane.failures
            self._over(path, request, "" if answer.ok else answer.reason, admit)
            return
        lane.ready.append((path, request))
        wait_s = lane.failed(time.monotonic())
        if admit is not None:
            reason = f"not delivered, next attempt in {wait_s:g} s: {answer.reason}"[:1000]
            admit(DRIVER_PREFIX + answer.output, e.DeviceFault(DRIVER_PREFIX + answer.output, reason))

    def report(self, admit: Callable[[str, e.Body], None]) -> None:
        """Admit what became known outside a session."""
        for path, request in list(self._outbox.entries()):
            done = self._outbox.settled(path)
            if done is not None:
                self._over(path, request, done.reason, admit)

    def troubles(self) -> Iterator[str]:
        """What went wrong with the outbox itself."""
        return self._preparer.troubles()

    def _over(self, path: Path, request: Request, reason: str, admit: Callable[[str, e.Body], None] | None) -> None:
        if admit is None:
            self._outbox.settle(path, Done(reason))
            return
        earlier = 0 if request.session == self._session else request.seq
        admit(DRIVER_PREFIX + request.output, _outcome(request.output, request.ordinal, reason, earlier))
        self._outbox.remove(path)

    def is_busy(self) -> bool:
        """Whether something is being prepared or delivered that no failure holds up."""
        lanes = [lane for lane in self._lanes.values() if lane.failures == 0 and (lane.ready or lane.flying)]
        return self._preparer.in_hand > 0 or bool(lanes)

    def no_more_frames(self) -> None:
        """The sources have ended: nothing that is not there by now will come."""
        self._preparer.no_more_frames()

    def close(self) -> None:
        """Leave off. What is not delivered stays in the outbox."""
        self._preparer.close()


def _outcome(output: str, ordinal: int, reason: str, earlier: int) -> e.Body:
    if reason:
        return e.ActionFailed(output, ordinal, reason, earlier)
    return e.ActionFinished(output, ordinal, earlier)
