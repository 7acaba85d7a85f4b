"""Speed of the whole detection step, background to rules, beside cv2's MOG2 + opening + connected components.

One thread each, the same frames in the same run: `make bench`. MOG2 takes no 16-bit frames and gets their 8-bit form.
"""

import cv2
import numpy as np
import pytest

from detectors.detector import ChannelDetector
from kernel.detector import Frame
from kernel.site.reader import read_site
from support.mix import mix
from support.sites import whole_frame

SIZES = {"640x512 16-bit": (640, 512, np.uint16), "1280x720 8-bit": (1280, 720, np.uint8)}
KINDS = ("idle", "target", "leaves")
FPS = 25
LEARN = 40
"""Frames of the idle scene shown before the clock starts."""


@pytest.fixture(scope="module", params=SIZES)
def scenes(request: pytest.FixtureRequest) -> tuple[str, dict[str, list[np.ndarray]]]:
    width, height, dtype = SIZES[request.param]
    return request.param, mix(width, height, dtype)


def emberline_step(deep: bool):
    site = read_site(whole_frame(kind="thermal" if deep else "optical"))
    detector = ChannelDetector(site.channels[0], site.rules)
    armed = {rule.id: 0 for rule in site.rules}
    number = 0

    def step(pixels: np.ndarray) -> None:
        nonlocal number
        captured = number * 1_000_000_000 // FPS
        detector.perceive(Frame(number, captured, pixels))
        detector.judge(captured, armed)
        number += 1

    return step


def mog2_step(deep: bool):
    cv2.setNumThreads(1)
    model = cv2.createBackgroundSubtractorMOG2(detectShadows=False)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))

    def step(pixels: np.ndarray) -> None:
        grey = ((pixels - 2900) >> 2).astype(np.uint8) if deep else pixels
        mask = cv2.morphologyEx(model.apply(grey), cv2.MORPH_OPEN, kernel)
        cv2.connectedComponentsWithStats(mask)

    return step


STEPS = {"emberline": emberline_step, "cv2 MOG2": mog2_step}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", STEPS)
def test_speed(name: str, kind: str, scenes: tuple[str, dict[str, list[np.ndarray]]], benchmark) -> None:
    size, frames = scenes
    step = STEPS[name]("16-bit" in size)
    for frame in frames["idle"][:LEARN]:
        step(frame)
    upcoming = iter(frames[kind] * 3)
    benchmark.group = f"{size}, {kind}"
    benchmark.pedantic(lambda: step(next(upcoming)), rounds=len(frames[kind]), iterations=1, warmup_rounds=5)
