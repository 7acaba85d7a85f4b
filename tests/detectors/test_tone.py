"""A camera's gain control moves the whole picture: neither the scene nor the text in it surprises, a target does."""

import numpy as np
from PIL import Image, ImageDraw

from detectors.background import Background
from detectors.integrate import UNIT, integrated
from detectors.tone import tone_of

STEP = 111_000_000
SIGNIFICANT = 80
FRAMES_BEFORE = 20


def scene(n: int) -> np.ndarray:
    """Flat ground with a narrow bright bank and a dark sky above, with the noise of frame `n`, (120, 160) float."""
    plain = np.full((120, 160), 70.0)
    plain[:8], plain[8:16] = 30, 110
    return plain + np.random.default_rng(n).normal(0, 0.7, plain.shape)


def shown(picture: np.ndarray, gain: float = 1.0, offset: float = 0.0) -> np.ndarray:
    """What the camera gives: 8 bits after gain control, with white text burnt in afterwards."""
    image = Image.fromarray(np.clip(picture * gain + offset, 0, 255).astype(np.uint8))
    ImageDraw.Draw(image).text((4, 100), "CAMERA 1 GATE", fill=255)
    return np.asarray(image)


def after_a_jump(change, gain: float, offset: float) -> np.ndarray:
    """The score map (120, 160) right after the gain jumped, with `change` made to the scene at that moment."""
    background = Background(thermal=True)
    for n in range(FRAMES_BEFORE):
        background.perceive(shown(scene(n)), n * STEP, False)
    last = scene(FRAMES_BEFORE)
    change(last)
    return background.perceive(shown(last, gain, offset), FRAMES_BEFORE * STEP, False)


def nothing(picture: np.ndarray) -> None:
    """No change to the scene."""


def test_gain_is_found_where_nearly_all_of_the_picture_is_of_one_brightness() -> None:
    mean = integrated(scene(0).astype(np.uint8)).astype(np.float32)
    tone = tone_of(integrated(np.rint(scene(1) * 0.85 + 10).astype(np.uint8)), mean, with_gain=True)
    assert abs(tone.gain - 0.85) < 0.03
    assert abs(tone.gain * 70 + tone.offset / UNIT - (0.85 * 70 + 10)) < 1


def test_a_target_over_a_third_of_the_picture_is_no_change_of_gain() -> None:
    mean = integrated(scene(0).astype(np.uint8)).astype(np.float32)
    picture = scene(1)
    picture[:, :53] = 140
    tone = tone_of(integrated(picture.astype(np.uint8)), mean, with_gain=True)
    assert abs(tone.gain - 1) < 0.02
    assert abs(tone.offset) < UNIT


def test_neither_the_scene_nor_burnt_in_text_surprises_when_the_gain_jumps() -> None:
    for gain, offset in ((0.85, 10), (1.2, -12), (0.6, 30)):
        score = after_a_jump(nothing, gain, offset)
        assert np.count_nonzero(score >= SIGNIFICANT) == 0, (gain, offset)


def test_a_target_that_comes_with_the_jump_surprises() -> None:
    def warm(picture: np.ndarray) -> None:
        picture[50:80, 60:80] = 120

    score = after_a_jump(warm, 0.85, 10)
    assert (score[52:78, 62:78] >= SIGNIFICANT).mean() > 0.95
    score[48:82, 58:82] = 0
    assert np.count_nonzero(score >= SIGNIFICANT) == 0


def test_a_target_before_the_text_is_seen_around_it_after_the_jump() -> None:
    background = Background(thermal=True)
    for n in range(FRAMES_BEFORE):
        background.perceive(shown(scene(n)), n * STEP, False)
    for n in range(FRAMES_BEFORE, FRAMES_BEFORE + 10):
        background.perceive(shown(scene(n), 0.85, 10), n * STEP, False)
    walked = scene(FRAMES_BEFORE + 10)
    walked[90:116, 40:56] = 130
    score = background.perceive(shown(walked, 0.85, 10), (FRAMES_BEFORE + 10) * STEP, False)
    assert (score[92:114, 42:54] >= SIGNIFICANT).mean() > 0.6
