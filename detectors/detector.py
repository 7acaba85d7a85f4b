"""All that sees one channel: background, the pipelines that its rules need, and the rules."""

from collections.abc import Mapping
from typing import Any

import msgspec

from detectors.background import Background
from detectors.classification import confidence
from detectors.pipeline import Pipeline, Settings, settings_of
from detectors.rules import RuleBook
from detectors.track import Track
from kernel.detector import Frame, Percept, RuleHit
from kernel.events import (
    Body,
    DetectedObject,
    HoldOffEnded,
    HoldOffStarted,
    ObjectsDetected,
    TrackEnded,
    TrackStarted,
    TrackUpdated,
)
from kernel.site.model import Channel, Rule
from kernel.state import StateDamaged, as_state


class DetectorState(msgspec.Struct, frozen=True):
    """What a channel's detector remembers; the parts are their owners'. `pipelines` are in the order of the rules."""

    last_id: int
    held_off: str | None
    restart_reason: str | None
    frame_size: tuple[int, int] | None
    orphans: list[Track]
    classes: dict[int, str]
    background: Any
    pipelines: list[tuple[Settings, Any]]
    book: Any


class ChannelDetector:
    """Satisfies `kernel.detector.Detector`. Track numbers count from 1 and are never used again."""

    def __init__(self, channel: Channel, rules: tuple[Rule, ...]) -> None:
        self._kind = channel.kind
        self._background = Background(thermal=channel.kind == "thermal")
        self._pipelines: dict[Settings, Pipeline] = {}
        self._rules: tuple[Rule, ...] = ()
        self._book: RuleBook | None = None
        self._frame_size: tuple[int, int] | None = None
        self._last_id = 0
        self._held_off: str | None = None
        self._restart_reason: str | None = "start"
        self._orphans: list[Track] = []
        self._classes: dict[int, str] = {}
        self.configure(channel, rules)

    def configure(self, channel: Channel, rules: tuple[Rule, ...]) -> None:
        """Take over settings; pipelines whose settings are still needed keep their tracks."""
        if channel.kind != self._kind:
            self._kind = channel.kind
            self._background = Background(thermal=channel.kind == "thermal")
            self.restart("configuration")
        wanted = [settings_of(rule) for rule in rules if rule.enabled]
        kept = {s: self._pipelines.get(s) or Pipeline(s, self._next_id) for s in wanted}
        for settings, pipeline in self._pipelines.items():
            if settings not in kept:
                self._orphans += pipeline.end_all()
        self._pipelines = kept
        self._background.keep_for_sway(any(s.background_interference_suppression for s in kept))
        self._rules = rules
        if self._book is not None:
            self._book.configure(rules)

    def restart(self, reason: str) -> None:
        """Learn the background afresh from the next frame on; all tracks end with it."""
        self._background.restart()
        self._restart_reason = reason
        for pipeline in self._pipelines.values():
            self._orphans += pipeline.end_all()

    def perceive(self, frame: Frame) -> Percept:
        """Fold one frame into background and tracks."""
        self._resize(frame)
        score = self._background.perceive(frame.pixels, frame.captured_ns, frame.shutter == "corrected")
        events = self._hold_off()
        ended, self._orphans = self._orphans, []
        for pipeline in self._pipelines.values():
            if self._background.learning:
                ended += pipeline.wait(frame.captured_ns)
                continue
            calm = pipeline.settings.background_interference_suppression
            seen = self._background.score_without_sway() if calm else score
            confirmed, over = pipeline.follow(seen, frame.captured_ns)
            ended += over
            events += [TrackStarted(t.id, frame.number, t.box(*self._size)) for t in confirmed]
        events += self._seen(frame) + [self._ended(track) for track in ended]
        boxes = {t.id: t.box(*self._size) for p in self._pipelines.values() for t in p.tracks()}
        return Percept(tuple(events), boxes, tuple(t.id for t in ended))

    def judge(self, captured_ns: int, armed: Mapping[str, int]) -> tuple[RuleHit, ...]:
        """Hold the tracks of the frame just perceived against the rules."""
        if self._book is None:
            return ()
        targets = {s: p.targets(self._size) for s, p in self._pipelines.items()}
        seen = {rule.id: targets[settings_of(rule)] for rule in self._rules if rule.enabled}
        return self._book.judge(seen, captured_ns, armed)

    def state(self) -> DetectorState:
        """Background, tracks and rule state."""
        return DetectorState(
            last_id=self._last_id,
            held_off=self._held_off,
            restart_reason=self._restart_reason,
            frame_size=self._frame_size,
            orphans=self._orphans,
            classes=self._classes,
            background=self._background.state(),
            pipelines=[(settings, pipeline.state()) for settings, pipeline in self._pipelines.items()],
            book=None if self._book is None else self._book.state(),
        )

    def restore(self, state: object) -> None:
        """Go on where the detector was that gave `state`; this one is new and has the same settings."""
        kept = as_state(state, DetectorState)
        self._last_id = kept.last_id
        self._held_off = kept.held_off
        self._restart_reason = kept.restart_reason
        self._orphans = kept.orphans
        self._classes = kept.classes
        self._background.restore(kept.background)
        if [settings for settings, _ in kept.pipelines] != list(self._pipelines):
            raise StateDamaged("the state is of other rules than these")
        for settings, pipeline in kept.pipelines:
            self._pipelines[settings].restore(pipeline)
        self._frame_size = kept.frame_size
        if kept.frame_size is not None:
            self._book = RuleBook(self._rules, kept.frame_size)
            self._book.restore(kept.book)

    @property
    def _size(self) -> tuple[int, int]:
        assert self._frame_size is not None, "asked for before the first frame"
        return self._frame_size

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _resize(self, frame: Frame) -> None:
        height, width = frame.pixels.shape
        if self._frame_size != (width, height):
            if self._frame_size is not None:
                self.restart("size")
            self._frame_size = (width, height)
            self._book = RuleBook(self._rules, self._frame_size)

    def _hold_off(self) -> list[Body]:
        """Say when detection waits for the background, and when it goes on."""
        if self._background.learning and self._held_off is None:
            self._held_off = self._restart_reason or "scene changed"
            self._restart_reason = None
            return [HoldOffStarted(self._held_off)]
        if not self._background.learning and self._held_off is not None:
            self._held_off = None
            return [HoldOffEnded()]
        return []

    def _seen(self, frame: Frame) -> list[Body]:
        """ObjectsDetected where something was seen, and TrackUpdated where a class settled or changed."""
        tracks = [t for p in self._pipelines.values() for t in p.tracks() if t.seen]
        events: list[Body] = []
        for track in tracks:
            if self._classes.get(track.id, "unknown") != track.target:
                self._classes[track.id] = track.target
                events.append(TrackUpdated(track.id, frame.number, track.target, confidence(track)))
        if tracks:
            objects = tuple(DetectedObject(t.id, t.target, t.box(*self._size), t.score) for t in tracks)
            events.append(ObjectsDetected(frame.number, objects))
        return events

    def _ended(self, track: Track) -> TrackEnded:
        self._classes.pop(track.id, None)
        return TrackEnded(track.id, track.target, track.last_seen_ns - track.first_seen_ns)
