"""All that perceives one channel: the background, and the pipelines that its rules need."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from detectors.background import Background
from detectors.classification import confidence, testify
from detectors.measuring import FoundBox
from detectors.pipeline import Pipeline, Segment, Settings, segmented
from detectors.regions import Region
from detectors.segmentation import Blob
from detectors.target import Target
from detectors.track import Track
from kernel.detector import Frame, Percept
from kernel.events import (
    Body,
    Box,
    DetectedObject,
    HoldOffEnded,
    HoldOffStarted,
    ObjectsDetected,
    TrackEnded,
    TrackStarted,
    TrackUpdated,
)
from kernel.site.model import ChannelKind, TargetName
from kernel.state import StateDamaged, as_state

MakeBackground = Callable[[ChannelKind], Background]


class SightState(msgspec.Struct, frozen=True):
    """What a sight remembers; the parts are their owners'. `pipelines` are in the order of the rules."""

    last_id: int
    held_off: str | None
    restart_reason: str | None
    frame_size: tuple[int, int] | None
    orphans: list[Track]
    classes: dict[int, str]
    background: Any
    pipelines: list[tuple[Settings, Any]]


class Sighting(msgspec.Struct, frozen=True):
    """What a frame showed before anything in it was followed: `blobs` in the order of the pipelines, None while the
    background is learnt."""

    number: int
    captured_ns: int
    blobs: tuple[tuple[Blob, ...], ...] | None


def new_background(kind: ChannelKind) -> Background:
    """A background that this sight alone learns."""
    return Background(thermal=kind == "thermal")


def learn(background: Background, frame: Frame) -> np.ndarray:
    """Fold a frame into the background; its score map, (height, width) uint8."""
    return background.perceive(frame.pixels, frame.captured_ns, frame.shutter == "corrected")


class Sight:
    """From frames to tracks; it depends on the channel's kind and on `wanted` alone, in that order, not on the rules.

    Track numbers count from 1 and are never used again. `make_background` and `segment` are how a sweep shares these
    stages between sights.
    """

    def __init__(
        self,
        kind: ChannelKind,
        wanted: tuple[Settings, ...],
        make_background: MakeBackground = new_background,
        segment: Segment = segmented,
    ) -> None:
        self._make_background, self._segment = make_background, segment
        self._kind = kind
        self._background = make_background(kind)
        self._pipelines: dict[Settings, Pipeline] = {}
        self._frame_size: tuple[int, int] | None = None
        self._last_id = 0
        self._held_off: str | None = None
        self._restart_reason: str | None = "start"
        self._orphans: list[Track] = []
        self._classes: dict[int, str] = {}
        self.configure(kind, wanted)

    def configure(self, kind: ChannelKind, wanted: tuple[Settings, ...]) -> None:
        """Take over settings; pipelines whose settings are still needed keep their tracks."""
        if kind != self._kind:
            self._kind = kind
            self._background = self._make_background(kind)
            self.restart("configuration")
            self._pipelines = {}
        kept = {s: self._pipelines.get(s) or Pipeline(s, kind, self._next_id, self._segment) for s in wanted}
        for settings, pipeline in self._pipelines.items():
            if settings not in kept:
                self._orphans += pipeline.end_all()
        self._pipelines = kept
        self._background.keep_for_sway(any(s.background_interference_suppression for s in kept))

    def restart(self, reason: str) -> None:
        """Learn the background afresh from the next frame on; all tracks end with it."""
        self._background.restart()
        self._restart_reason = reason
        for pipeline in self._pipelines.values():
            self._orphans += pipeline.end_all()

    def perceive(self, frame: Frame) -> Percept:
        """Fold one frame into background and tracks."""
        events, sighting = self.look(frame)
        percept = self.follow(sighting)
        return Percept((*events, *percept.events), percept.boxes, percept.ended)

    def look(self, frame: Frame) -> tuple[list[Body], Sighting]:
        """Fold one frame into the background alone; what it showed is to be followed later, frame by frame."""
        self._resize(frame)
        score = learn(self._background, frame)
        events = self._hold_off()
        if self._background.learning:
            return events, Sighting(frame.number, frame.captured_ns, None)
        blobs: list[tuple[Blob, ...]] = []
        for pipeline in self._pipelines.values():
            calm = pipeline.settings.background_interference_suppression
            blobs.append(pipeline.blobs(self._background.score_without_sway() if calm else score))
        return events, Sighting(frame.number, frame.captured_ns, tuple(blobs))

    def moving(self, sighting: Sighting) -> list[Region]:
        """Where something moves in a frame that is not followed yet, or a target should be, as far as is known."""
        width, height = self.size
        found: list[Region] = []
        for number, pipeline in enumerate(self._pipelines.values()):
            if sighting.blobs is not None:
                for one in (*sighting.blobs[number], *pipeline.expected(sighting.captured_ns)):
                    x0, y0, x1, y1 = max(0, one.x0), max(0, one.y0), min(width, one.x1), min(height, one.y1)
                    if x0 < x1 and y0 < y1:
                        found.append(Region(x0, y0, x1, y1))
        return list(dict.fromkeys(found))

    def follow(self, sighting: Sighting, boxes: Sequence[FoundBox] = ()) -> Percept:
        """Fold what a frame showed, and the boxes that a model found in it, into the tracks."""
        fresh: list[Track] = []
        ended, self._orphans = self._orphans, []
        for number, pipeline in enumerate(self._pipelines.values()):
            if sighting.blobs is None:
                ended += pipeline.wait(sighting.captured_ns)
                continue
            confirmed, over = pipeline.follow(sighting.blobs[number], sighting.captured_ns, self.size, boxes)
            ended += over
            fresh += confirmed
        tracks = [t for p in self._pipelines.values() for t in p.tracks()]
        places = {t.id: t.box(*self.size) for t in tracks}
        events: list[Body] = [TrackStarted(t.id, sighting.number, places[t.id]) for t in fresh]
        events += self._seen(sighting.number, [t for t in tracks if t.seen], places)
        events += [self._ended(track) for track in ended]
        return Percept(tuple(events), places, tuple(t.id for t in ended))

    def targets(self) -> dict[Settings, tuple[Target, ...]]:
        """The targets of the frame just perceived, as the rules with these settings see them."""
        return {s: p.targets(self.size) for s, p in self._pipelines.items()}

    def testify(self, track: int, target: TargetName, confidence: int) -> None:
        """Take in a recogniser's finding on a target; one that is gone meanwhile is passed over."""
        for pipeline in self._pipelines.values():
            for known in pipeline.tracks():
                if known.id == track:
                    testify(known, target, confidence)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames, in pixels."""
        assert self._frame_size is not None, "asked for before the first frame"
        return self._frame_size

    @property
    def score(self) -> np.ndarray:
        """How surprising each pixel of the frame just perceived is, (height, width) uint8 in tenths of σ."""
        return self._background.score

    @property
    def idle(self) -> bool:
        """Whether a frame without blobs would bring about nothing: no target is followed or still to be ended."""
        waiting = self._frame_size is None or self._orphans or self._held_off is not None or self._background.learning
        return not waiting and all(p.idle for p in self._pipelines.values())

    def pass_over(self, captured_ns: int) -> None:
        """Frames without blobs went by while this was idle, the last of them captured at `captured_ns`."""
        for pipeline in self._pipelines.values():
            pipeline.pass_over(captured_ns)

    def state(self) -> SightState:
        """Background and tracks."""
        return SightState(
            last_id=self._last_id,
            held_off=self._held_off,
            restart_reason=self._restart_reason,
            frame_size=self._frame_size,
            orphans=self._orphans,
            classes=self._classes,
            background=self._background.state(),
            pipelines=[(settings, pipeline.state()) for settings, pipeline in self._pipelines.items()],
        )

    def restore(self, state: object) -> None:
        """Go on where the sight was that gave `state`; this one is new and has the same settings."""
        kept = as_state(state, SightState)
        self._last_id = kept.last_id
        self._held_off = kept.held_off
        self._restart_reason = kept.restart_reason
        self._frame_size = kept.frame_size
        self._orphans = kept.orphans
        self._classes = kept.classes
        self._background.restore(kept.background)
        if [settings for settings, _ in kept.pipelines] != list(self._pipelines):
            raise StateDamaged("the state is of other rules than these")
        for settings, pipeline in kept.pipelines:
            self._pipelines[settings].restore(pipeline)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _resize(self, frame: Frame) -> None:
        height, width = frame.pixels.shape
        if self._frame_size != (width, height):
            if self._frame_size is not None:
                self.restart("size")
            self._frame_size = (width, height)

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

    def _seen(self, frame: int, tracks: list[Track], places: dict[int, Box]) -> list[Body]:
        """ObjectsDetected where tracks were seen, and TrackUpdated where a class settled or changed."""
        events: list[Body] = []
        for track in tracks:
            if self._classes.get(track.id, "unknown") != track.target:
                self._classes[track.id] = track.target
                events.append(TrackUpdated(track.id, frame, track.target, confidence(track)))
        if tracks:
            objects = tuple(DetectedObject(t.id, t.target, places[t.id], t.score) for t in tracks)
            events.append(ObjectsDetected(frame, objects))
        return events

    def _ended(self, track: Track) -> TrackEnded:
        self._classes.pop(track.id, None)
        return TrackEnded(track.id, track.target, track.last_seen_ns - track.first_seen_ns)
