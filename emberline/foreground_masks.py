"""The segmentation of a recording, frame after frame, as the rules' pipelines see it.

Live, nothing can be foreground until the background is learnt. A recording is there as a whole, so that its beginning
need not be lost: the background is taken from the first `LOOK_AHEAD_NS`, and then the frames are scored from the first
one on. Thereafter the model goes on as it does live.
"""

from collections.abc import Iterator

import numpy as np

from detectors.background import Background
from detectors.geometry import rasterise
from detectors.scene_modes import SCENE_MODES
from detectors.segmentation import foreground
from emberline.recorded_frames import Damaged
from kernel.detector import Frame
from kernel.site.model import ChannelKind, Polygon, SceneMode

LOOK_AHEAD_NS = 10_000_000_000
LOOK_AHEAD_BYTES = 256 * 1024 * 1024
SAMPLES = 31
"""So many of the frames looked at ahead, evenly spread, make the background."""
FEWEST_SAMPLES = 5
"""The median of fewer frames is no background: the model learns as it does live."""


class ForegroundMasks:
    """Background and segmentation of one channel; nothing is foreground while the background is learnt."""

    def __init__(
        self, kind: ChannelKind, scene_mode: SceneMode, sensitivity: int, shield: tuple[Polygon, ...] = ()
    ) -> None:
        self._background = Background(thermal=kind == "thermal")
        self._parameters = SCENE_MODES[scene_mode]
        self._sensitivity = sensitivity
        self._shield = shield

    def all_masks(self, frames: Iterator[Frame | Damaged]) -> Iterator[tuple[Frame | Damaged, np.ndarray | None]]:
        """Every frame with its mask, None where it is damaged; the background looks ahead."""
        waiting = _looked_at(frames)
        self._begin_from([frame for frame in waiting if isinstance(frame, Frame)])
        waiting.reverse()
        while waiting:
            yield self._with_mask(waiting.pop())
        for frame in frames:
            yield self._with_mask(frame)

    def mask(self, frame: Frame) -> np.ndarray:
        """The next frame's foreground, (height, width) uint8 of 0 and 255."""
        score = self._background.perceive(frame.pixels, frame.captured_ns, frame.shutter == "corrected")
        height, width = score.shape
        for polygon in self._shield:
            score = np.where(rasterise(polygon, width, height), np.uint8(0), score)
        return foreground(score, self._sensitivity, self._parameters)

    def _with_mask(self, frame: Frame | Damaged) -> tuple[Frame | Damaged, np.ndarray | None]:
        return frame, self.mask(frame) if isinstance(frame, Frame) else None

    def _begin_from(self, frames: list[Frame]) -> None:
        alike = [frame for frame in frames if frame.pixels.shape == frames[0].pixels.shape]
        if len(alike) >= FEWEST_SAMPLES:
            chosen = sorted({i * (len(alike) - 1) // (SAMPLES - 1) for i in range(SAMPLES)})
            self._background.begin_from([alike[i].pixels for i in chosen], frames[0].captured_ns)


def _looked_at(frames: Iterator[Frame | Damaged]) -> list[Frame | Damaged]:
    """The frames at the beginning, as many as may be looked at ahead."""
    taken: list[Frame | Damaged] = []
    first_ns: int | None = None
    size = 0
    for frame in frames:
        taken.append(frame)
        if isinstance(frame, Frame):
            first_ns = frame.captured_ns if first_ns is None else first_ns
            size += frame.pixels.nbytes
            if frame.captured_ns - first_ns >= LOOK_AHEAD_NS or size >= LOOK_AHEAD_BYTES:
                break
    return taken
