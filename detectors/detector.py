"""All that sees one channel: what is perceived of it, and the rules that this is held against."""

from collections.abc import Mapping
from typing import Any

import msgspec

from detectors.motion import MotionWatch
from detectors.pipeline import Settings, settings_of
from detectors.recognition import Recognition
from detectors.rules import RuleBook, Verdict
from detectors.sight import Sight
from detectors.target import Target
from detectors.watch import Watch
from kernel.detector import Frame, Percept, RuleHit
from kernel.events import ObjectsRecognised, SceneChanged, TamperEnded
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
        self._sight.restart(reason)
        if reason != "reconnect":
            self._watch.restart()

    def perceive(self, frame: Frame) -> Percept:
        """Fold one frame into background, tracks, view and motion."""
        viewed = self._watch.perceive(frame)
        for event in viewed:
            if type(event) in RELEARNT:
                self._sight.restart(RELEARNT[type(event)])
        percept = self._sight.perceive(frame)
        if self._book_size != self._sight.size:
            self._open_book(self._sight.size)
        moved = self._motion.perceive(frame, self._sight.score)
        self._recognition.note(frame.captured_ns, percept.boxes)
        return Percept((*viewed, *percept.events, *moved), percept.boxes, percept.ended)

    def recognise(self, captured_ns: int, found: ObjectsRecognised) -> None:
        """Take in what a model found in the frame captured at `captured_ns`."""
        for finding in self._recognition.findings(captured_ns, found):
            self._sight.testify(*finding)

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
