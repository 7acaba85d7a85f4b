"""Pixel truth against masks: counts pooled over the frames of a clip, and their F-measure."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from emberline.foreground_masks import ForegroundMasks
from kernel.site.model import ChannelKind, SceneMode
from replay.adapters import Sequence, open_dataset
from support.clips import frames_of

MOVING, UNKNOWN, OUTSIDE = 255, 170, 85


class Counts(msgspec.Struct):
    """Pixels of all frames together."""

    hit: int = 0
    false: int = 0
    missed: int = 0

    def add(self, found: np.ndarray, truth: np.ndarray) -> None:
        """`found` is (height, width) bool; `truth` a CDnet mask, uint8, of which 85 and 170 say nothing."""
        counted = (truth != UNKNOWN) & (truth != OUTSIDE)
        moving = truth == MOVING
        self.hit += int(np.count_nonzero(found & moving))
        self.false += int(np.count_nonzero(found & counted & ~moving))
        self.missed += int(np.count_nonzero(~found & moving))

    @property
    def f_measure(self) -> float:
        total = 2 * self.hit + self.false + self.missed
        return 2 * self.hit / total if total else 0.0


class MaskedClip(msgspec.Struct, frozen=True):
    """A clip with masks: `truth` maps frame numbers (0-based) to mask files."""

    name: str
    source: Path
    truth: dict[int, Path]
    kind: ChannelKind
    mode: SceneMode


def masked(sequence: Sequence, mode: SceneMode) -> MaskedClip:
    """A sequence of a public data set, in the scene mode that suits it."""
    return MaskedClip(sequence.name, sequence.source, sequence.masks, sequence.kind, mode)


def remote_scene(data: Path) -> list[MaskedClip]:
    """The remote-scene infrared clips, every frame with truth."""
    folders = sorted(data.glob("rsir_*"))
    return [masked(clip, "distant_view") for folder in folders for clip in open_dataset("remote_scene_ir", folder)]


def highway(data: Path) -> MaskedClip:
    (clip,) = open_dataset("cdnet2014", data / "cdnet_highway")
    return masked(clip, "general")


def waving_trees(data: Path) -> MaskedClip:
    folder = data / "wallflower_waving_trees"
    return MaskedClip(
        "wallflower_waving_trees",
        folder / "frames",
        {247: folder / "hand_segmented_00247.png"},
        "optical",
        "leaves_interfered",
    )


def all_masked(data: Path) -> list[MaskedClip]:
    return [*remote_scene(data), highway(data), waving_trees(data)]


def score(clip: MaskedClip, found: Iterator[np.ndarray]) -> Counts:
    """Hold the masks of a clip's frames, bool, in their order, against its truth."""
    counts = Counts()
    last = max(clip.truth)
    for number, mask in enumerate(found):
        if number in clip.truth:
            counts.add(mask, np.asarray(Image.open(clip.truth[number]).convert("L")))
        if number == last:
            break
    return counts


def ours(clip: MaskedClip, mode: SceneMode | None = None, kind: ChannelKind | None = None) -> Iterator[np.ndarray]:
    """What `emberline foreground` writes, from the first frame on."""
    masks = ForegroundMasks(kind or clip.kind, mode or clip.mode, 50)
    for _, mask in masks.all_masks(frames_of(clip.source)):
        if mask is not None:
            yield mask > 0
