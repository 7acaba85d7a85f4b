"""The Engine: one deterministic fold from facts to derived events, the same live, in replay and in a what-if.

    for each fact:  advance(time)  →  perceive(frame)  →  decide(fact)

`advance` fires the timers due up to the fact, `perceive` folds a frame into its channel alone (so channels may run in
parallel), `decide` is serial and draws the conclusions. The Engine of a session begins with its SessionStarted and
reads nothing but the facts and pixels it is handed.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import numpy as np

from kernel import events as e
from kernel.arming import CivilClock
from kernel.detector import Detector, Percept, Settled, frame_of
from kernel.drafting import Drafts
from kernel.linkage import Linkage, LinkageState
from kernel.references import CHANNEL_SOURCE, Draft, LiveReferences, live_references
from kernel.site.model import Channel, Rule, Site
from kernel.site.reader import parse_site
from kernel.state import StateDamaged, decode_state, encode_state, state_sha256
from kernel.timers import Key, Timers

DIGEST_EVERY = 256
"""Frames of a channel between two StateDigested."""

MakeDetector = Callable[[Channel, tuple[Rule, ...]], Detector]
ReadSite = Callable[[str], Site]


def recorded_site(document: str) -> Site:
    """The site as its recorded document says."""
    return parse_site(document)[0]


class FoldState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that the fold remembers of a session and that does not depend on how its log is laid out.

    Its encoding is what StateDigested and StateKept digest. `detectors` are their own affair.
    """

    ordinal: int
    time: int
    frames: dict[str, int]
    quarantined: list[str]
    linkage: LinkageState
    timers: list[tuple[int, Key]]
    detectors: dict[str, Any]


class EngineState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An encoded `FoldState`, and what else a new Engine needs to go on: where the session began, the recorded
    settings (None before the first), and the causes of the timers, by fact_no or ordinal, and of the frames that wait.
    """

    fold: bytes
    origin: int
    document: str | None
    causes: list[int]
    waiting: dict[str, dict[int, int]] = {}

    @property
    def sha256(self) -> str:
        """The state digest, equal in every run mode."""
        return state_sha256(self.fold)


class Engine:
    """The fold of one session.

    Parameters
    ----------
    make_detector : how to get a detector for a channel and its rules.
    read_site : how to read a ConfigChanged document; a what-if passes one that changes what it says.
    """

    def __init__(self, make_detector: MakeDetector, read_site: ReadSite = recorded_site) -> None:
        self._make_detector = make_detector
        self._read_site = read_site
        self._timers = Timers()
        self._drafts = Drafts()
        self._linkage = Linkage(self._timers, self._drafts)
        self._document: str | None = None
        self._site: Site | None = None
        self._detectors: dict[str, Detector] = {}
        self._quarantined: set[str] = set()
        self._frames: dict[str, int] = {}
        self._waiting: dict[str, dict[int, int]] = {}
        """By channel and number of the frame: its fact, while its tracks wait for a recogniser."""
        self._origin = 0

    def handle(self, fact: e.Event, pixels: np.ndarray | None = None) -> tuple[list[Draft], list[Draft]]:
        """Fold one fact: the timers that fire ahead of it, and what it brings about.

        `pixels` are those of a FrameCaptured, (height, width) uint8 or uint16; None where the frame is damaged.
        """
        percept = self.perceive(fact.source, fact.time, fact.body, pixels)
        return self.advance(fact.time), self.decide(fact, percept)

    def next_due(self) -> int | None:
        """The logical time at which the next timer is due."""
        due = self._timers.next_due()
        return None if due is None else due + self._origin

    def advance(self, time: int) -> list[Draft]:
        """Fire the timers due up to and including logical time `time`, each at its own due time."""
        for timer in self._timers.pop_due(time - self._origin):
            self._drafts.time = timer.due
            self._linkage.fire(timer)
        return self._drafts.take()

    def perceive(self, source: str, time: int, body: e.Body, pixels: np.ndarray | None) -> Percept | Exception | None:
        """Fold a frame into its channel. What the detector raises is handed to `decide`, which quarantines it.

        May run in several threads, for one frame of a channel each, and ahead of the facts between that frame and the
        last one decided where those are frames of other channels.
        """
        channel = source.removeprefix(CHANNEL_SOURCE)
        if not isinstance(body, e.FrameCaptured) or pixels is None or not self._sees(channel):
            return None
        number = self._frames.get(channel, 0)
        try:
            minute = self._linkage.minute_of_day(time - self._origin)
            return self._detectors[channel].perceive(frame_of(body, number, self._origin, pixels, minute))
        except Exception as error:
            return error

    def decide(self, fact: e.Event, percept: Percept | Exception | None) -> list[Draft]:
        """Draw the conclusions from a fact. Facts must come in order; `percept` is what `perceive` gave for it."""
        cause = -fact.fact_no
        channel = fact.source.removeprefix(CHANNEL_SOURCE)
        if isinstance(fact.body, e.SessionStarted):
            self._origin = fact.time
            self._linkage.carry(fact.body.carried)
        self._drafts.time = fact.time - self._origin
        match fact.body:
            case e.ConfigChanged():
                self._document = fact.body.document
                self._configure(self._read_site(fact.body.document), cause)
            case e.ClockSet():
                self._linkage.set_clock(CivilClock(fact.body.offset_ns + self._origin), cause)
            case e.FrameCaptured():
                self._decide_frame(channel, fact.body, percept, cause)
            case e.ObjectsRecognised():
                self._recognise(channel, fact.body, cause)
            case e.DeviceOffline():
                self._lose(channel, cause)
            case e.CommandReceived():
                self._obey(fact.body, cause)
            case e.SessionEnded():
                self._end(cause)
            case _:
                pass
        self._linkage.hear(fact, cause)
        return self._drafts.take()

    def pass_over(self, channel: str, frames: int) -> None:
        """So many frames of the channel went by that showed nothing, while no timer and no StateDigested fell due.

        The same as handling each of them, as long as all alarms of the channel have ended.
        """
        self._frames[channel] = self._frames.get(channel, 0) + frames

    def waiting_for(self) -> list[int]:
        """The fact_nos of the frames whose tracks wait for a recogniser."""
        return [-cause for numbers in self._waiting.values() for cause in numbers.values()]

    def references(self) -> LiveReferences:
        """What later derived events may still point to."""
        ordinals, frames = self._linkage.references()
        latest = [(channel, count - 1) for channel, count in self._frames.items()]
        waiting = [(channel, number) for channel, numbers in self._waiting.items() for number in numbers]
        causes = [cause for numbers in self._waiting.values() for cause in numbers.values()]
        return live_references(ordinals, frames + latest + waiting, self._timers.causes() + causes)

    def state(self) -> EngineState:
        """All that `restore` needs, as it is between two facts."""
        fold = self._fold_state(self._detectors)
        return EngineState(fold, self._origin, self._document, self._timers.causes(), self._waiting)

    def restore(self, state: EngineState) -> None:
        """Go on where the Engine was that gave `state`; this one is new, and made with the same parameters.

        Raises `StateDamaged` where it is no state of this software.
        """
        fold = decode_state(state.fold, FoldState)
        site = None if state.document is None else self._read_site(state.document)
        self._document, self._site, self._origin = state.document, site, state.origin
        self._drafts.ordinal, self._drafts.time, self._frames = fold.ordinal, fold.time, fold.frames
        self._quarantined, self._waiting = set(fold.quarantined), state.waiting
        self._timers.restore(fold.timers, state.causes)
        self._linkage.restore(fold.linkage, site)
        channels = () if site is None else site.channels
        if site is None or list(fold.detectors) != [channel.id for channel in channels]:
            if fold.detectors:
                raise StateDamaged("the state is of other channels than the settings have")
            return
        for channel in channels:
            detector = self._make_detector(channel, site.rules_of(channel.id))
            detector.restore(fold.detectors[channel.id])
            self._detectors[channel.id] = detector

    # What each fact brings about

    def _configure(self, site: Site, cause: int) -> None:
        self._settle_all(cause)
        self._site = site
        self._quarantined.clear()
        before, self._detectors = self._detectors, {}
        for channel in site.channels:
            rules = site.rules_of(channel.id)
            if channel.id in before:
                before[channel.id].configure(channel, rules)
            self._detectors[channel.id] = before.get(channel.id) or self._make_detector(channel, rules)
        self._linkage.set_site(site, cause)

    def _decide_frame(
        self, channel: str, body: e.FrameCaptured, percept: Percept | Exception | None, cause: int
    ) -> None:
        number = self._frames.get(channel, 0)
        self._frames[channel] = number + 1
        try:
            if isinstance(percept, Exception):
                raise percept
            if percept is not None:
                if not percept.followed:
                    self._waiting.setdefault(channel, {})[number] = cause
                self._conclude(channel, Settled(number, body.captured_ns - self._origin, percept), cause)
                self._settle(channel)
        except Exception as error:
            self._quarantine(channel, error, cause)
        if (number + 1) % DIGEST_EVERY == 0 and self._sees(channel):
            digest = state_sha256(self._fold_state([channel]))
            self._drafts.emit(CHANNEL_SOURCE + channel, e.StateDigested(digest), cause)

    def _settle(self, channel: str, at_once: bool = False) -> None:
        """Draw the conclusions from the frames whose tracks need not wait for a recogniser any more.

        They were brought about by those frames, however much later they are drawn.
        """
        if channel not in self._waiting:
            return
        detector, causes = self._detectors[channel], self._waiting[channel]
        while (frame := detector.settled(at_once)) is not None:
            self._conclude(channel, frame, causes[frame.number])
        self._waiting[channel] = {number: causes[number] for number in detector.unsettled()}

    def _settle_all(self, cause: int, channels: Iterable[str] | None = None) -> None:
        """What comes next must not find frames that wait."""
        for channel in list(self._detectors) if channels is None else channels:
            if self._sees(channel):
                try:
                    self._settle(channel, at_once=True)
                except Exception as error:
                    self._quarantine(channel, error, cause)

    def _conclude(self, channel: str, frame: Settled, cause: int) -> None:
        number, percept = frame.number, frame.percept
        ended: dict[int, int] = dict.fromkeys(percept.ended, cause)
        for derived in percept.events:
            event = self._drafts.emit(CHANNEL_SOURCE + channel, derived, cause)
            if isinstance(derived, e.TrackEnded):
                ended[derived.track] = event
            self._linkage.detected(channel, derived, number, event)
        if not percept.followed:
            return
        self._linkage.follow(channel, dict(percept.boxes), ended, number)
        assert self._site is not None
        rules = {rule.id for rule in self._site.rules_of(channel)}
        armed = {id: since for id, since in self._linkage.armed_since().items() if id in rules}
        hits = self._detectors[channel].judge(frame.captured_ns, armed)
        for hit in hits:
            self._linkage.hit(hit, number, cause)
        late = {hit.track: ended[hit.track] for hit in hits if hit.track in ended}
        if late:  # a hit that had waited for a recogniser until its target was gone: its alarm ends with it
            self._linkage.follow(channel, dict(percept.boxes), late, number)

    def _recognise(self, channel: str, found: e.ObjectsRecognised, cause: int) -> None:
        if self._sees(channel):
            try:
                self._detectors[channel].recognise(found.captured_ns - self._origin, found)
                self._settle(channel)
            except Exception as error:
                self._quarantine(channel, error, cause)

    def _lose(self, channel: str, cause: int) -> None:
        """A camera went away: its alarms cannot be followed, its background is old when it comes back."""
        if channel in self._detectors:
            self._settle_all(cause, [channel])
            self._linkage.lose_channel(channel, "device_offline", cause)
            self._detectors[channel].restart("reconnect")

    def _obey(self, command: e.CommandReceived, cause: int) -> None:
        """Carry out an operator's command."""
        if command.name == "restart-vca":
            self._settle_all(cause)
        self._linkage.obey(command, self._frames, cause)
        if command.name == "restart-vca":
            self._quarantined.clear()
            for channel, detector in self._detectors.items():
                self._linkage.lose_channel(channel, "command", cause)
                detector.restart("restart VCA")

    def _end(self, cause: int) -> None:
        self._settle_all(cause)
        self._linkage.end(cause)
        self._drafts.emit("session", e.StateDigested(state_sha256(self._fold_state(self._detectors))), cause)

    # Helpers

    def _sees(self, channel: str) -> bool:
        return channel in self._detectors and channel not in self._quarantined

    def _quarantine(self, channel: str, error: Exception, cause: int) -> None:
        """The channel is no longer looked at: nothing of it can go on."""
        self._quarantined.add(channel)
        self._waiting.pop(channel, None)
        failed = e.FoldFailed(channel, f"{type(error).__name__}: {error}"[:500])
        event = self._drafts.emit(CHANNEL_SOURCE + channel, failed, cause)
        self._linkage.lose_channel(channel, "fold_failed", event)

    def _fold_state(self, channels: Iterable[str]) -> bytes:
        """All that linkage keeps, and the detectors of these channels, encoded."""
        return encode_state(
            FoldState(
                ordinal=self._drafts.ordinal,
                time=self._drafts.time,
                frames=self._frames,
                quarantined=sorted(self._quarantined),
                linkage=self._linkage.state(),
                timers=self._timers.state(),
                detectors={channel: self._detectors[channel].state() for channel in channels},
            )
        )
