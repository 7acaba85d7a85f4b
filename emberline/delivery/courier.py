"""The courier: has what alarms set off delivered, whatever the servers do, without holding up the daemon.

    ActionRequested, committed ─► outbox ─► pictures and clips ─► driver ─► ActionFinished
                                    (a thread of its own)   (back-off, one at a time for each output)

Captured pictures need no driver: they are put on a shelf below the log's directory.

Each output has a queue of its own, so that a server that is down holds up nobody else. An action is over when it was
delivered, when another attempt makes no sense, or after a day.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from devices.notice import BadNotice
from devices.process import DriverSpec
from devices.reports import ActionAnswered
from emberline.civil import Moments
from emberline.delivery.lanes import Lane, Shelved, Waiting
from emberline.delivery.notices import event_at
from emberline.delivery.outbox import MAX_ENTRIES, Done, Outbox, Request
from emberline.delivery.preparing import plan, prepare
from emberline.delivery.settings import DRIVER_PREFIX, delivery_spec, envelope_of
from emberline.delivery.shelf import shelve
from emberline.delivery.workshop import Workshop
from kernel import events as e
from kernel.captures import CAPTURE
from kernel.log.contract import EventLog, LogError, Selection
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Site

ATTEMPT_S = 90.0
"""The driver has so long to answer: more than the time that it allows itself."""
LIFE_SIGN, LIFE_SIGN_S = "life_sign", 20.0
"""A sign of life is not kept: one that comes late says nothing."""
GIVE_UP_S = 24 * 3600.0
FRAMES_LATE_S = 10.0
"""Frames that are not there so long after they were due are not waited for any more."""
LOOK_S = 0.05
BATCH = 32
"""So many actions are taken in before what is due is made ready."""
REMEMBERED = 4096
TOLD_OF = (
    *(e.ActionRequested, e.AlarmRaised, e.AlarmRepeated, e.AlarmCleared, e.ExceptionRaised, e.ExceptionCleared),
    *(e.CommandReceived, e.FrameCaptured),
)
"""What notices are made of. The latest such events are kept in mind: with many alarms at once a query for each event
would be what takes longest."""
DISK_WAIT_S = 1.0


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
        self._log = log
        self._directory = directory
        self._base = base
        self._drivers = drivers
        self._outbox = Outbox(directory)
        self._inbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._prepared: queue.SimpleQueue[tuple[Path, Request]] = queue.SimpleQueue()
        self._shelved: queue.SimpleQueue[Shelved] = queue.SimpleQueue()
        self._backlog: deque[Request | None] = deque()
        self._recent: dict[int, e.Event] = {}
        self._lanes: dict[str, Lane] = {}
        self._settings: dict[str, Path] = {}
        self._site: Site | None = None
        self._moments = Moments()
        self._session = 0
        self._life_signs: deque[tuple[int, e.ActionRequested]] = deque(maxlen=64)
        self._signs_under_way: dict[tuple[str, int], int] = {}
        self._seen: dict[str, int] = {}
        self._no_more_frames = False
        self._unprepared = 0
        self._refused: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._closing = False
        self._last_trouble = ""
        self._trouble: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="courier", daemon=True)

    def __enter__(self) -> "Courier":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def observe(self, event: e.Event) -> None:
        """Take note of an event of the running session; it is committed, or will be before anything of it leaves."""
        body = event.body
        if isinstance(body, TOLD_OF):
            self._recent[event.seq] = event
            if len(self._recent) > REMEMBERED:
                self._recent.pop(next(iter(self._recent)))
        if isinstance(body, e.FrameCaptured):
            self._seen[event.source.removeprefix(CHANNEL_SOURCE)] = body.captured_ns
        elif isinstance(body, e.SessionStarted):
            self._session = event.seq
            self._moments = Moments(origin_ns=event.time)
        elif isinstance(body, e.ClockSet):
            self._moments = msgspec.structs.replace(self._moments, offset_ns=body.offset_ns)
        elif isinstance(body, e.ActionRequested) and self.takes(body) and body.command == LIFE_SIGN:
            self._life_signs.append((event.seq, body))
        elif isinstance(body, e.ActionRequested) and self.takes(body):
            self._unprepared += 1
            self._inbox.put(Request(event.seq, body.output, body.ordinal, body.kind, self._session, time.time()))

    def takes(self, action: e.ActionRequested) -> bool:
        """Whether the action is one for the courier."""
        return action.kind in self._drivers or action.kind == CAPTURE

    def configure(self, site: Site) -> list[DriverSpec]:
        """Deliver with these settings from now on, what is waiting too. Returns the drivers that this takes."""
        self._moments = msgspec.structs.replace(self._moments, zone=site.timezone)
        self._site = site
        self._settings = {
            link.id: self._outbox.write_settings(link.id, envelope_of(site, link, self._base))
            for link in site.linkages
            if link.kind in self._drivers
        }
        known = self._settings
        return [delivery_spec(link, self._drivers, known[link.id]) for link in site.linkages if link.id in known]

    def start(self) -> None:
        """Begin; first with what earlier sessions left."""
        self._thread.start()

    def due(self, admit: Callable[[str, e.Body], None] | None = None) -> Iterator[Delivery]:
        """What is to be asked of the drivers now. What cannot be asked of any is over."""
        while not self._prepared.empty():
            path, request = self._prepared.get()
            self._unprepared -= 1
            if request.output in self._settings:
                self._lanes.setdefault(request.output, Lane()).ready.append((path, request))
            else:
                self._over(path, request, f"there is no linkage {request.output} that delivers any more", admit)
        while not self._refused.empty():
            request = self._refused.get()
            self._unprepared -= 1
            if admit is not None:
                body = e.ActionFailed(request.output, request.ordinal, f"{MAX_ENTRIES} notices are waiting already")
                admit(DRIVER_PREFIX + request.output, body)
        if admit is not None:
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

    def _record_shelved(self, admit: Callable[[str, e.Body], None]) -> None:
        """What lies on the shelf becomes known to the log. Until then the outbox has it too."""
        while not self._shelved.empty():
            one = self._shelved.get()
            self._unprepared -= 1
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
        """Admit what became known outside a session, and what went wrong in the courier's own thread."""
        for path, request in list(self._outbox.entries()):
            done = self._outbox.settled(path)
            if done is not None:
                self._over(path, request, done.reason, admit)

    def troubles(self) -> Iterator[str]:
        """What went wrong with the outbox itself."""
        while not self._trouble.empty():
            yield self._trouble.get()

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
        return self._unprepared > 0 or bool(lanes)

    def no_more_frames(self) -> None:
        """The sources have ended: nothing that is not there by now will come."""
        self._no_more_frames = True

    def close(self) -> None:
        """Leave off. What is not delivered stays in the outbox."""
        if self._thread.is_alive():
            self._closing = True
            self._inbox.put(None)
            self._thread.join()

    # The courier's own thread: the outbox, and what is made for it

    def _work(self) -> None:
        workshop = Workshop()
        waiting: list[Waiting] = []
        try:
            self._take_up(waiting)
            while self._round(waiting, workshop):
                pass
        except (OSError, LogError) as error:
            self._trouble.put(f"the outbox cannot be used, nothing more is delivered: {error}")
        finally:
            workshop.close()

    def _round(self, waiting: list[Waiting], workshop: Workshop) -> bool:
        """Take in and prepare what is due; a disk that fails is tried again. False once the courier is to leave off."""
        try:
            going_on = self._take_in(waiting)
            for one in [one for one in waiting if self._is_due(one)]:
                self._prepare(one, workshop)
                waiting.remove(one)
        except OSError as error:
            if str(error) != self._last_trouble:
                self._trouble.put(f"the outbox cannot be written: {error}")
            self._last_trouble = str(error)
            time.sleep(DISK_WAIT_S)
            return not self._closing
        self._last_trouble = ""
        return going_on

    def _take_up(self, waiting: list[Waiting]) -> None:
        """What was left in the outbox, and what an earlier run asked for that did not get there.

        An import asks for nothing, and nor does what was recorded before there was an outbox.
        """
        watermark = self._outbox.watermark
        if watermark is None:
            self._outbox.mark(self._session)
        else:
            self._find_lost(watermark)
        for path, request in list(self._outbox.entries()):
            if request.session < self._session and self._outbox.settled(path) is None:
                self._unprepared += 1
                self._plan(path, request, waiting)

    def _find_lost(self, watermark: int) -> None:
        runs: dict[int, bool] = {}
        for event in self._log.read(Selection(last=self._session - 1, kinds=("SessionStarted",))):
            assert isinstance(event.body, e.SessionStarted)
            runs[event.seq] = event.body.mode == "run"
        known = Selection(first=watermark + 1, last=self._session - 1, kinds=("ActionRequested",))
        for event in self._log.read(known):
            body = event.body
            assert isinstance(body, e.ActionRequested)
            session = max((seq for seq in runs if seq < event.seq), default=0)
            if self.takes(body) and body.command != LIFE_SIGN and runs.get(session, False):
                self._outbox.put(Request(event.seq, body.output, body.ordinal, body.kind, session, time.time()))

    def _take_in(self, waiting: list[Waiting]) -> bool:
        """Put into the outbox what has come; False once the courier is to leave off. Where the disk fails it stays."""
        self._fetch(is_idle=not waiting and not self._backlog)
        taken = None
        try:
            while self._backlog and (request := self._backlog[0]) is not None:
                if self._unprepared + sum(len(lane.ready) for lane in list(self._lanes.values())) > MAX_ENTRIES:
                    self._refused.put(request)
                else:
                    self._plan(self._outbox.put(request), request, waiting)
                taken = self._backlog.popleft()
        finally:
            if taken is not None:
                self._outbox.mark(taken.seq)
        return not self._backlog

    def _fetch(self, is_idle: bool) -> None:
        """Take a batch of what has come out of the inbox; who is idle waits for it."""
        try:
            self._backlog.append(self._inbox.get(timeout=None if is_idle else LOOK_S))
            while len(self._backlog) < BATCH:
                self._backlog.append(self._inbox.get_nowait())
        except queue.Empty:
            return

    def _find(self, seq: int) -> e.Event:
        found = self._recent.get(seq)
        return event_at(self._log, seq) if found is None else found

    def _plan(self, path: Path, request: Request, waiting: list[Waiting]) -> None:
        if self._outbox.is_ready(path):
            self._pass_on(path, request)
            return
        current = None
        if request.session == self._session and self._site is not None:
            current = self._site, self._moments
        try:
            planned = plan(self._log, self._find, request, current)
        except KeyError as error:
            self._cannot_be_made(path, request, f"event {error} is not in the log any more")
            return
        longest_ns = max([0, *(at - planned.occasion.event.time for at in planned.waits_for().values())])
        waiting.append(Waiting(path, request, planned, time.monotonic() + longest_ns / 1e9 + FRAMES_LATE_S))

    def _cannot_be_made(self, path: Path, request: Request, reason: str) -> None:
        self._outbox.settle(path, Done(reason))
        if request.kind == CAPTURE:
            self._shelved.put(Shelved(path, request, [], reason))
        else:
            self._prepared.put((path, request))

    def _is_due(self, one: Waiting) -> bool:
        if self._no_more_frames or one.request.session != self._session or time.monotonic() >= one.until_s:
            return True
        return all(self._seen.get(channel, 0) >= at for channel, at in one.plan.waits_for().items())

    def _prepare(self, one: Waiting, workshop: Workshop) -> None:
        prepare(self._log, self._outbox, one.path, one.request, one.plan, workshop)
        self._pass_on(one.path, one.request)

    def _pass_on(self, path: Path, request: Request) -> None:
        """The entry is made: pictures of a capture stay here, all else is for a driver."""
        if request.kind != CAPTURE:
            self._prepared.put((path, request))
            return
        try:
            kept, reason = shelve(self._directory, path, request.output, request.ordinal)
        except BadNotice as error:
            kept, reason = [], str(error)
        self._shelved.put(Shelved(path, request, kept, reason))


def _outcome(output: str, ordinal: int, reason: str, earlier: int) -> e.Body:
    if reason:
        return e.ActionFailed(output, ordinal, reason, earlier)
    return e.ActionFinished(output, ordinal, earlier)
