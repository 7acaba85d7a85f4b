"""The segmentation of a recording, frame after frame, as the rules' pipelines see it."""

import numpy as np

from detectors.background import Background
from detectors.geometry import rasterise
from detectors.scene_modes import SCENE_MODES
from detectors.segmentation import foreground
from kernel.detector import Frame
from kernel.site.model import ChannelKind, Polygon, SceneMode


class ForegroundMasks:
    """Background and segmentation of one channel; nothing is foreground while the background is learnt."""

    def __init__(
        self, kind: ChannelKind, scene_mode: SceneMode, sensitivity: int, shield: tuple[Polygon, ...] = ()
    ) -> None:
        self._background = Background(thermal=kind == "thermal")
        self._parameters = SCENE_MODES[scene_mode]
        self._sensitivity = sensitivity
        self._shield = shield

    def mask(self, frame: Frame) -> np.ndarray:
        """The next frame's foreground, (height, width) uint8 of 0 and 255."""
        score = self._background.perceive(frame.pixels, frame.captured_ns, frame.shutter == "corrected")
        height, width = score.shape
        for polygon in self._shield:
            score = np.where(rasterise(polygon, width, height), np.uint8(0), score)
        return foreground(score, self._sensitivity, self._parameters)
