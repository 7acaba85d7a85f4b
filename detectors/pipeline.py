"""One chain from score map to targets, for all rules that share its settings."""

from collections.abc import Callable

import msgspec
import numpy as np

from detectors.geometry import rasterise
from detectors.scene_modes import SCENE_MODES
from detectors.segmentation import segment
from detectors.target import Target
from detectors.track import Track
from detectors.tracker import Tracker, TrackerState
from kernel.site.model import Polygon, Rule, SceneMode


class Settings(msgspec.Struct, frozen=True):
    """What a pipeline depends on; rules that agree in it share one."""

    scene_mode: SceneMode
    sensitivity: int
    background_interference_suppression: bool
    shield: tuple[Polygon, ...]


def settings_of(rule: Rule) -> Settings:
    """The pipeline that a rule needs."""
    return Settings(rule.scene_mode, rule.sensitivity, rule.background_interference_suppression, rule.shield)


class Pipeline:
    """Segmentation and tracking under one setting."""

    def __init__(self, settings: Settings, next_id: Callable[[], int]) -> None:
        self.settings = settings
        self._parameters = SCENE_MODES[settings.scene_mode]
        self._tracker = Tracker(self._parameters, next_id)
        self._shield: np.ndarray | None = None

    def follow(self, score: np.ndarray, captured_ns: int) -> tuple[list[Track], list[Track]]:
        """Fold a frame's score map, (height, width) uint8, in. Gives the tracks confirmed and ended now."""
        height, width = score.shape
        if self.settings.shield:
            score = np.where(self._shielded(width, height), np.uint8(0), score)
        blobs = segment(score, self.settings.sensitivity, self._parameters)
        return self._tracker.follow(blobs, captured_ns, (width, height))

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

    def state(self) -> TrackerState:
        """The shield follows from the settings: the tracks are all that a pipeline remembers."""
        return self._tracker.state()

    def restore(self, state: object) -> None:
        self._tracker.restore(state)

    def _shielded(self, width: int, height: int) -> np.ndarray:
        """Where the shield lies, (height, width) bool."""
        if self._shield is not None and self._shield.shape == (height, width):
            return self._shield
        covered = np.zeros((height, width), np.bool_)
        for polygon in self.settings.shield:
            covered |= rasterise(polygon, width, height)
        self._shield = covered
        return covered
