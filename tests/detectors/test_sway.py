"""Background interference suppression: a texture that shifts by a pixel or two is passed over, a target is not."""

import numpy as np

from detectors.background import Background
from detectors.detector import ChannelDetector
from kernel.detector import Frame
from kernel.events import TrackStarted
from kernel.site.reader import read_site
from support.sites import whole_frame

STEP = 80_000_000


def swaying(frames: int, target_from: int | None = None) -> list[np.ndarray]:
    """Coarse grass in a quarter of the picture: still for 30 frames, then it shifts to and fro by up to two pixels."""
    rng = np.random.default_rng(2)
    grass = np.kron(rng.integers(40, 160, (60, 80)), np.ones((3, 3))).astype(int)[:140, :200]
    out = []
    for n in range(frames):
        shift = (0, 1, 2, 1, 0, -1, -2, -1)[n % 8] if n >= 30 else 0
        frame = np.full(grass.shape, 100) + rng.normal(0, 1.5, grass.shape).round().astype(int)
        frame[:, :50] += np.roll(grass, shift, axis=1)[:, :50] - 100
        if target_from is not None and n >= target_from:
            x = 3 * (n - target_from)
            frame[50:90, x : x + 16] = 230
        out.append(np.clip(frame, 0, 255).astype(np.uint8))
    return out


def tracks(frames: list[np.ndarray], suppressed: bool) -> int:
    setting = {"background_interference_suppression": str(suppressed).lower()}
    site = read_site(whole_frame(kind="optical", **setting))
    detector = ChannelDetector(site.channels[0], site.rules)
    percepts = [detector.perceive(Frame(n, n * STEP, f)) for n, f in enumerate(frames)]
    return sum(isinstance(e, TrackStarted) for p in percepts for e in p.events)


def test_swaying_grass_surprises_far_less() -> None:
    background = Background(thermal=False)
    background.keep_for_sway(True)
    for n, frame in enumerate(swaying(32)):
        score = background.perceive(frame, n * STEP, False)
    calm = background.score_without_sway()
    assert (calm <= score).all()
    assert (score >= 60).sum() > 200
    assert (calm >= 60).sum() * 10 < (score >= 60).sum()


def test_a_target_before_swaying_grass_is_still_one_track() -> None:
    assert tracks(swaying(90, target_from=35), suppressed=True) == 1


def test_grass_alone_is_no_target_where_it_is_suppressed() -> None:
    assert tracks(swaying(90), suppressed=True) == 0
