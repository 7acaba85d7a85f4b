"""The thread that makes entries of the outbox ready: keeps them on disk, waits for their frames, has pictures drawn.

What an earlier run left is taken up first. A disk that fails is tried again, and nothing is forgotten meanwhile.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from devices.notice import BadNotice
from emberline.civil import Moments
from emberline.delivery.notices import event_at
from emberline.delivery.outbox import Done, Outbox, Request
from emberline.delivery.preparing import Plan, plan, prepare
from emberline.delivery.shelf import shelve
from emberline.delivery.workshop import Workshop
from kernel import events as e
from kernel.captures import CAPTURE
from kernel.log.contract import EventLog, LogError, Selection
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Site

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


class Shelved(msgspec.Struct, frozen=True):
    """An entry whose pictures lie on the shelf now, and what is to be recorded of it."""

    path: Path
    request: Request
    kept: list[e.PictureKept]
    reason: str


class _Waiting(msgspec.Struct):
    """An entry whose frames are not all there yet."""

    path: Path
    request: Request
    plan: Plan
    until_s: float


class Preparer:
    """`start` takes up what an earlier run left; all methods are for the daemon's thread.

    Parameters
    ----------
    log, directory : where events and frames are looked up, and below which the shelf lies.
    outbox : this thread puts entries into it, the daemon's removes them.
    takes : whether an action is one to prepare.
    """

    def __init__(
        self, log: EventLog, directory: Path, outbox: Outbox, takes: Callable[[e.ActionRequested], bool]
    ) -> None:
        self._log = log
        self._directory = directory
        self._outbox = outbox
        self._takes = takes
        self._inbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._ready: queue.SimpleQueue[tuple[Path, Request]] = queue.SimpleQueue()
        self._shelved: queue.SimpleQueue[Shelved] = queue.SimpleQueue()
        self._troubles: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._backlog: deque[Request | None] = deque()
        self._waiting: list[_Waiting] = []
        self._recent: dict[int, e.Event] = {}
        self._seen: dict[str, int] = {}
        self._session = 0
        self._site: Site | None = None
        self._moments = Moments()
        self._no_more_frames = False
        self._closing = False
        self._last_trouble = ""
        self._asked, self._found, self._handed_over = 0, 0, 0
        self._thread = threading.Thread(target=self._work, name="preparer", daemon=True)

    def observe(self, event: e.Event) -> None:
        """Take note of an event of the running session."""
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

    def configure(self, site: Site) -> None:
        """This is the site of the running session from now on."""
        self._moments = msgspec.structs.replace(self._moments, zone=site.timezone)
        self._site = site

    def submit(self, request: Request) -> None:
        """Have an action made ready."""
        self._asked += 1
        self._inbox.put(request)

    @property
    def in_hand(self) -> int:
        """How many actions were submitted or found, and not yet handed over by `ready` and `shelved`."""
        return self._asked + self._found - self._handed_over

    def ready(self) -> Iterator[tuple[Path, Request]]:
        """What has become ready for a driver, or can never be."""
        while not self._ready.empty():
            self._handed_over += 1
            yield self._ready.get()

    def shelved(self) -> Iterator[Shelved]:
        """Captured pictures that have been put on the shelf. Until that is recorded the outbox has them too."""
        while not self._shelved.empty():
            self._handed_over += 1
            yield self._shelved.get()

    def troubles(self) -> Iterator[str]:
        """What went wrong with the outbox itself."""
        while not self._troubles.empty():
            yield self._troubles.get()

    def start(self) -> None:
        """Begin; first with what earlier sessions left."""
        self._thread.start()

    def no_more_frames(self) -> None:
        """The sources have ended: nothing that is not there by now will come."""
        self._no_more_frames = True

    def close(self) -> None:
        """Leave off. What is not ready stays in the outbox."""
        if self._thread.is_alive():
            self._closing = True
            self._inbox.put(None)
            self._thread.join()

    # What follows runs in the thread

    def _work(self) -> None:
        workshop = Workshop()
        try:
            self._take_up()
            while self._round(workshop):
                pass
        except (OSError, LogError) as error:
            self._troubles.put(f"the outbox cannot be used, nothing more is delivered: {error}")
        finally:
            workshop.close()

    def _round(self, workshop: Workshop) -> bool:
        """Take in and prepare what is due; a disk that fails is tried again. False once it is to leave off."""
        try:
            going_on = self._take_in()
            for one in [one for one in self._waiting if self._is_due(one)]:
                prepare(self._log, self._outbox, one.path, one.request, one.plan, workshop)
                self._pass_on(one.path, one.request)
                self._waiting.remove(one)
        except OSError as error:
            if str(error) != self._last_trouble:
                self._troubles.put(f"the outbox cannot be written: {error}")
            self._last_trouble = str(error)
            time.sleep(DISK_WAIT_S)
            return not self._closing
        self._last_trouble = ""
        return going_on

    def _take_up(self) -> None:
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
                self._found += 1
                self._plan(path, request)

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
            if self._takes(body) and runs.get(session, False):
                self._outbox.put(Request(event.seq, body.output, body.ordinal, body.kind, session, time.time()))

    def _take_in(self) -> bool:
        """Put into the outbox what has come; False once it is to leave off. Where the disk fails it stays."""
        self._fetch(is_idle=not self._waiting and not self._backlog)
        taken = None
        try:
            while self._backlog and (request := self._backlog[0]) is not None:
                self._plan(self._outbox.put(request), request)
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

    def _plan(self, path: Path, request: Request) -> None:
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
        self._waiting.append(_Waiting(path, request, planned, time.monotonic() + longest_ns / 1e9 + FRAMES_LATE_S))

    def _cannot_be_made(self, path: Path, request: Request, reason: str) -> None:
        self._outbox.settle(path, Done(reason))
        if request.kind == CAPTURE:
            self._shelved.put(Shelved(path, request, [], reason))
        else:
            self._ready.put((path, request))

    def _is_due(self, one: _Waiting) -> bool:
        if self._no_more_frames or one.request.session != self._session or time.monotonic() >= one.until_s:
            return True
        return all(self._seen.get(channel, 0) >= at for channel, at in one.plan.waits_for().items())

    def _pass_on(self, path: Path, request: Request) -> None:
        """The entry is made: pictures of a capture stay here, all else is for a driver."""
        if request.kind != CAPTURE:
            self._ready.put((path, request))
            return
        try:
            kept, reason = shelve(self._directory, path, request.output, request.ordinal)
        except BadNotice as error:
            kept, reason = [], str(error)
        self._shelved.put(Shelved(path, request, kept, reason))
