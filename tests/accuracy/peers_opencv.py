"""OpenCV's background subtractors with their defaults, on the same clips in the same run."""

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np

from tests.accuracy.masks import MaskedClip

SHADOW = 127


def _cleaned(mask: np.ndarray) -> np.ndarray:
    """Median 3 and close 3, the usual clean-up."""
    return cv2.morphologyEx(cv2.medianBlur(mask, 3), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))


def _plain(mask: np.ndarray) -> np.ndarray:
    return mask


PEERS: dict[str, tuple[Callable[[], Any], Callable[[np.ndarray], np.ndarray]]] = {
    "MOG2": (cv2.createBackgroundSubtractorMOG2, _plain),
    "MOG2, median, close": (cv2.createBackgroundSubtractorMOG2, _cleaned),
    "KNN": (cv2.createBackgroundSubtractorKNN, _plain),
}


def peer_masks(clip: MaskedClip, name: str) -> Iterator[np.ndarray]:
    """The peer's foreground, bool, frame by frame, from the pictures in colour; shadows are not foreground."""
    make, clean = PEERS[name]
    subtractor = make()
    for picture in _pictures(clip):
        mask = subtractor.apply(picture)
        yield clean(np.where(mask > SHADOW, np.uint8(255), np.uint8(0))) > 0


def _pictures(clip: MaskedClip) -> Iterator[np.ndarray]:
    if clip.source.is_dir():
        for file in sorted(p for p in clip.source.iterdir() if p.suffix in (".jpg", ".png")):
            yield cv2.imread(str(file))
        return
    video = cv2.VideoCapture(str(clip.source))
    while True:
        there, picture = video.read()
        if not there:
            return
        yield picture
