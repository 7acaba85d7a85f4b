"""One chain from score map to targets, for all rules that share its settings."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
import numpy as np

from detectors.geometry import rasterise
from detectors.measuring import FoundBox, measurements
from detectors.scene_modes import SCENE_MODES
from detectors.segmentation import Blob, segment
from detectors.target import Target
from detectors.track import Track
from detectors.tracker import Tracker, TrackerState
from kernel.site.model import ChannelKind, Perspective, Polygon, Rule, SceneMode


class Settings(msgspec.Struct, frozen=True):
    """What a pipeline depends on; rules that agree in it share one."""

    scene_mode: SceneMode
    sensitivity: int
    background_interference_suppression: bool
    shield: tuple[Polygon, ...]
    perspective: Perspective | None = None


def settings_of(rule: Rule) -> Settings:
    """The pipeline that a rule needs."""
    calm, shield = rule.background_interference_suppression, rule.shield
    return Settings(rule.scene_mode, rule.sensitivity, calm, shield, rule.perspective)


Segment = Callable[[np.ndarray, Settings], tuple[Blob, ...]]
"""The blobs of a score map, (height, width) uint8, under some settings."""


def segmented(score: np.ndarray, settings: Settings) -> tuple[Blob, ...]:
    """The blobs of a score map, (height, width) uint8, outside the shield."""
    return segment(unshielded(score, settings.shield), settings.sensitivity, SCENE_MODES[settings.scene_mode])


def unshielded(score: np.ndarray, shield: tuple[Polygon, ...]) -> np.ndarray:
    """The score map with nothing under the shield."""
    height, width = score.shape
    return np.where(_shielded(shield, width, height), np.uint8(0), score) if shield else score


class Pipeline:
    """Segmentation and tracking under one setting, on a channel of one kind."""

    def __init__(
        self, settings: Settings, kind: ChannelKind, next_id: Callable[[], int], segment: Segment = segmented
    ) -> None:
        self.settings = settings
        self._segment = segment
        self._tracker = Tracker(SCENE_MODES[settings.scene_mode], kind, next_id, settings.perspective)

    def blobs(self, score: np.ndarray) -> tuple[Blob, ...]:
        """What stands out in a score map, (height, width) uint8."""
        return self._segment(score, self.settings)

    def follow(
        self, blobs: tuple[Blob, ...], captured_ns: int, frame_size: tuple[int, int], boxes: Sequence[FoundBox] = ()
    ) -> tuple[list[Track], list[Track]]:
        """Fold a frame's blobs, and the boxes that a model found in it, in. Gives the tracks confirmed and ended now.

        `frame_size` is (width, height).
        """
        seen = self._tracker.expected(captured_ns) if boxes else ()
        measured = measurements(blobs, boxes, seen)
        return self._tracker.follow(measured, captured_ns, frame_size, blobs if boxes else ())

    def expected(self, captured_ns: int) -> tuple[Blob, ...]:
        """Where the confirmed targets should be in a frame captured then."""
        return self._tracker.expected(captured_ns)

    def wait(self, captured_ns: int) -> list[Track]:
        """The detector cannot see just now: tracks coast. Gives those that ended."""
        return self._tracker.wait(captured_ns)

    def end_all(self) -> list[Track]:
        return self._tracker.end_all()

    def tracks(self) -> list[Track]:
        """The confirmed tracks in the order of their numbers."""
        return self._tracker.confirmed

    def targets(self, frame_size: tuple[int, int]) -> tuple[Target, ...]:
        """The confirmed tracks as the rules see them; `frame_size` is (width, height)."""
        return tuple(
            Target(t.id, t.target, t.box(*frame_size), t.seen, t.first_seen_ns, t.last_seen_ns, t.score)
            for t in self.tracks()
        )

    @property
    def idle(self) -> bool:
        """Whether nothing is followed."""
        return self._tracker.idle

    def pass_over(self, captured_ns: int) -> None:
        """Frames without blobs went by while this was idle."""
        self._tracker.pass_over(captured_ns)

    def state(self) -> TrackerState:
        """The shield follows from the settings: the tracks are all that a pipeline remembers."""
        return self._tracker.state()

    def restore(self, state: object) -> None:
        self._tracker.restore(state)


@lru_cache(maxsize=64)
def _shielded(shield: tuple[Polygon, ...], width: int, height: int) -> np.ndarray:
    """Where the shield lies, (height, width) bool."""
    covered = np.zeros((height, width), np.bool_)
    for polygon in shield:
        covered |= rasterise(polygon, width, height)
    covered.flags.writeable = False
    return covered
