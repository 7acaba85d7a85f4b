"""All that sees one channel: what is perceived of it, and the rules that this is held against."""

from collections.abc import Mapping
from typing import Any

import msgspec

from detectors.motion import MotionWatch
from detectors.pipeline import Settings, settings_of
from detectors.recognition import Recognition
from detectors.regions import in_millionths, regions
from detectors.rules import RuleBook, Verdict
from detectors.sight import Sight
from detectors.target import Target
from detectors.watch import Watch
from kernel.detector import Frame, Percept, RuleHit, Settled
from kernel.events import LookRequested, ObjectsRecognised, SceneChanged, TamperEnded
from kernel.site.model import Channel, Rule
from kernel.state import as_state

RELEARNT = {SceneChanged: "scene changed", TamperEnded: "tampering ended"}
"""After these the background is another one, and why detection waits for it."""


class DetectorState(msgspec.Struct, frozen=True):
    """What a channel's detector remembers; the parts are their owners'."""

    sight: Any
    book: Any
    view: Any
    motion: Any
    recognition: Any = None


class ChannelDetector:
    """Satisfies `kernel.detector.Detector`. A sweep passes a `sight` that several detectors share."""

    def __init__(self, channel: Channel, rules: tuple[Rule, ...], sight: Sight | None = None) -> None:
        self._sight = Sight(channel.kind, wanted_by(rules)) if sight is None else sight
        self._rules: tuple[Rule, ...] = rules
        self._book: RuleBook | None = None
        self._book_size: tuple[int, int] | None = None
        self._watch = Watch(channel)
        self._motion = MotionWatch(channel)
        self._recognition = Recognition(channel.recogniser)

    def configure(self, channel: Channel, rules: tuple[Rule, ...]) -> None:
        """Take over settings; pipelines whose settings are still needed keep their tracks."""
        self._sight.configure(channel.kind, wanted_by(rules))
        self._watch.configure(channel)
        self._motion.configure(channel)
        self._recognition.configure(channel.recogniser)
        self._rules = rules
        if self._book is not None:
            self._book.configure(rules)

    def restart(self, reason: str) -> None:
        """Learn the background afresh from the next frame on; all tracks end with it.

        The view is kept over a lost connection: a camera that was turned meanwhile is told of.
        """
        self._recognition.behind.drop()
        self._sight.restart(reason)
        if reason != "reconnect":
            self._watch.restart()

    def perceive(self, frame: Frame) -> Percept:
        """Fold one frame into background, tracks, view and motion."""
        viewed = self._watch.perceive(frame)
        for event in viewed:
            if type(event) in RELEARNT:
                self._recognition.behind.drop()
                self._sight.restart(RELEARNT[type(event)])
        percept = self._look_first(frame) if self._recognition.tracking else self._sight.perceive(frame)
        if self._book_size != self._sight.size:
            self._open_book(self._sight.size)
        moved = self._motion.perceive(frame, self._sight.score)
        if percept.followed:
            self._recognition.note(frame.captured_ns, percept.boxes)
        return msgspec.structs.replace(percept, events=(*viewed, *percept.events, *moved))

    def recognise(self, captured_ns: int, found: ObjectsRecognised) -> None:
        """Take in what a model found in the frame captured at `captured_ns`."""
        if not self._recognition.is_of_it(found):
            return
        if not self._recognition.behind.answer(captured_ns, found):
            self._testify(captured_ns, found)

    def settled(self, at_once: bool = False) -> Settled | None:
        """Follow the tracks in the first frame of those that wait for the model, if it need not wait any more."""
        ready = self._recognition.behind.next(self._recognition.wait_ns, at_once or not self._recognition.tracking)
        if ready is None:
            return None
        number, captured_ns = ready.sighting.number, ready.sighting.captured_ns
        percept = self._sight.follow(ready.sighting, self._recognition.boxes(ready.answers, self._sight.size))
        self._recognition.note(captured_ns, percept.boxes)
        for answer in ready.answers:
            self._testify(captured_ns, answer)
        return Settled(number, captured_ns, percept)

    def unsettled(self) -> tuple[int, ...]:
        """The numbers of the frames that wait."""
        return self._recognition.behind.numbers

    def judge(self, captured_ns: int, armed: Mapping[str, int]) -> tuple[RuleHit, ...]:
        """Hold the tracks of the frame just perceived against the rules."""
        if self._book is None:
            return ()
        seen = self._seen()
        hits = self._book.judge(seen, captured_ns, armed)
        return self._recognition.released(hits, self._rules, seen, captured_ns, armed)

    def examine(self, captured_ns: int, armed: Mapping[str, int]) -> tuple[Verdict, ...]:
        """What each rule makes of each target of the frame just perceived, with its gates; to be asked before `judge`.

        Changes nothing.
        """
        return () if self._book is None else self._book.examine(self._seen(), captured_ns, armed)

    def state(self) -> DetectorState:
        """Background, tracks and rule state."""
        book = None if self._book is None else self._book.state()
        parts = self._watch.state(), self._motion.state(), self._recognition.state()
        return DetectorState(self._sight.state(), book, *parts)

    def restore(self, state: object) -> None:
        """Go on where the detector was that gave `state`; this one is new and has the same settings."""
        kept = as_state(state, DetectorState)
        self._sight.restore(kept.sight)
        self._watch.restore(kept.view)
        self._motion.restore(kept.motion)
        self._recognition.restore(kept.recognition)
        if kept.book is not None:
            self._open_book(self._sight.size).restore(kept.book)

    def _look_first(self, frame: Frame) -> Percept:
        """Fold a frame into the background, and ask for the model's view of what moves before that is followed."""
        height, width = frame.pixels.shape
        if self._book_size != (width, height):
            self._recognition.behind.drop()
        events, sighting = self._sight.look(frame)
        moving = self._sight.moving(sighting)
        asked = tuple(in_millionths(part, width, height) for part in regions(moving, width, height))
        self._recognition.behind.add(sighting, asked)
        if asked:
            events.append(LookRequested(frame.number, asked))
        return Percept(tuple(events), {}, (), followed=False)

    def _testify(self, captured_ns: int, found: ObjectsRecognised) -> None:
        for finding in self._recognition.findings(captured_ns, found):
            self._sight.testify(*finding)

    def _seen(self) -> dict[str, tuple[Target, ...]]:
        """The targets as each enabled rule sees them."""
        targets = self._sight.targets()
        return {rule.id: targets[settings_of(rule)] for rule in self._rules if rule.enabled}

    def _open_book(self, frame_size: tuple[int, int]) -> RuleBook:
        self._book, self._book_size = RuleBook(self._rules, frame_size), frame_size
        return self._book


def wanted_by(rules: tuple[Rule, ...]) -> tuple[Settings, ...]:
    """The settings that the rules need, each once, in their order: all that a sight depends on beside the kind."""
    return tuple(dict.fromkeys(settings_of(rule) for rule in rules if rule.enabled))
