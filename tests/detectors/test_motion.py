"""Motion detection, normal and expert: what moves, where, by day and by night."""

import numpy as np
import pytest

from detectors.detector import ChannelDetector
from kernel.detector import Frame
from kernel.events import Body, MotionEnded, MotionSeen, MotionStarted
from kernel.site.reader import read_site
from kernel.state import decode_state, encode_state
from support.recordings import walk

FRAME_NS = 111_000_000
LEFT, RIGHT = "[[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]", "[[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]"
EXPERT = """mode = "expert"
day_night = "DAY_NIGHT"
[[channel.motion.area]]
region = LEFT
DAY_LEFT
[[channel.motion.area]]
region = RIGHT
DAY_RIGHT
"""


def detector(motion: str, kind: str = "thermal") -> ChannelDetector:
    text = f'[[channel]]\nid = "c"\nkind = "{kind}"\nsource = "file:x.cptv"\n[channel.motion]\n{motion}'
    return ChannelDetector(read_site(text).channels[0], ())


def expert(left: str, right: str, day_night: str = "off") -> str:
    text = EXPERT.replace("DAY_NIGHT", day_night).replace("DAY_LEFT", left).replace("DAY_RIGHT", right)
    return text.replace("LEFT", LEFT).replace("RIGHT", RIGHT)


def told(it: ChannelDetector, frames: list[np.ndarray], first: int = 0, **more: object) -> list[tuple[int, Body]]:
    return [
        (n, e)
        for n, pixels in enumerate(frames, first)
        for e in it.perceive(Frame(n, n * FRAME_NS, pixels, **more)).events
        if isinstance(e, MotionStarted | MotionSeen | MotionEnded)
    ]


def started(events: list[tuple[int, Body]]) -> list[tuple[int, MotionStarted]]:
    return [(n, e) for n, e in events if isinstance(e, MotionStarted)]


def grey(frames: list[np.ndarray], level: int) -> list[np.ndarray]:
    return [np.clip((f.astype(int) - 3000) // 2 + level, 0, 255).astype(np.uint8) for f in frames]


def test_a_walk_is_one_motion_from_its_first_to_its_last_step() -> None:
    events = told(detector("dynamic_analysis = false"), walk(110))
    (first, began), (last, ended) = events
    assert isinstance(began, MotionStarted) and isinstance(ended, MotionEnded)
    assert 15 <= first <= 22
    assert 50 * FRAME_NS < ended.duration_ns < 75 * FRAME_NS
    assert last * FRAME_NS > first * FRAME_NS + ended.duration_ns


def test_an_empty_scene_does_not_move() -> None:
    assert told(detector("sensitivity = 80"), walk(150, enters=150)) == []


def test_dynamic_analysis_marks_what_moves_where_it_is() -> None:
    events = told(detector(""), walk(60))
    seen = [(n, e) for n, e in events if isinstance(e, MotionSeen)]
    assert len(seen) > 20
    for n, marked in seen[5:]:
        x, y, w, h = marked.boxes[0]
        expected = (-8 + 1.5 * (n - 15) + 4) / 96 * 1e6
        assert len(marked.boxes) == 1
        assert abs(x + w / 2 - expected) < 60_000
        assert 300_000 < y + h / 2 < 700_000


def test_sensitivity_0_is_off_and_so_is_a_disabled_table() -> None:
    assert told(detector("sensitivity = 0"), walk(60)) == []
    assert told(detector("enabled = false"), walk(60)) == []


def test_only_the_areas_count() -> None:
    everywhere = started(told(detector(""), walk(110)))
    right = started(told(detector(f"areas = [{RIGHT}]"), walk(110)))
    assert everywhere[0][0] + 20 < right[0][0]
    assert right[0][1].box[0] >= 500_000


@pytest.mark.parametrize("areas", ["", f"areas = [{RIGHT}]"])
def test_a_higher_sensitivity_sees_no_less(areas: str) -> None:
    counts = [len(told(detector(f"sensitivity = {s}\n{areas}"), walk(60))) for s in (1, 30, 60, 100)]
    assert counts == sorted(counts)
    assert counts[-1] > 0


def test_expert_areas_have_sensitivities_of_their_own_and_are_told_by_number() -> None:
    ((_, left),) = started(told(detector(expert("sensitivity = 60", "sensitivity = 60")), walk(110)))
    ((late, right),) = started(told(detector(expert("sensitivity = 0", "sensitivity = 60")), walk(110)))
    assert left.areas == (0,)
    assert right.areas == (1,)
    assert late > 40


def test_by_night_the_settings_of_the_night_count_as_the_camera_says() -> None:
    settings = expert("day_sensitivity = 60\nnight_sensitivity = 0", "sensitivity = 0", "auto")
    frames = grey(walk(60), 120)
    assert started(told(detector(settings, "optical"), frames, night=False))
    assert started(told(detector(settings, "optical"), frames, night=True)) == []


def test_a_camera_that_says_nothing_is_judged_by_its_picture() -> None:
    settings = expert("day_sensitivity = 0\nnight_sensitivity = 60", "sensitivity = 0", "auto")
    assert started(told(detector(settings, "optical"), grey(walk(60), 120))) == []
    assert started(told(detector(settings, "optical"), grey(walk(60), 5)))


def test_scheduled_days_go_by_the_clock_and_where_nobody_knows_the_time_it_is_day() -> None:
    settings = expert("day_sensitivity = 60\nnight_sensitivity = 0", "sensitivity = 0", "scheduled")
    settings = 'day_period = "07:00-19:00"\n' + settings
    frames = grey(walk(60), 120)
    assert started(told(detector(settings, "optical"), frames, civil_minute=7 * 60))
    assert started(told(detector(settings, "optical"), frames, civil_minute=19 * 60)) == []
    assert started(told(detector(settings, "optical"), frames))


@pytest.mark.parametrize("split", [3, 17, 30, 75])
def test_motion_goes_on_from_its_state(split: int) -> None:
    frames = walk(110)
    whole, first, second = detector(""), detector(""), detector("")
    expected = told(whole, frames)
    before = told(first, frames[:split])
    second.restore(decode_state(encode_state(first.state()), object))
    assert before + told(second, frames[split:], split) == expected
    assert encode_state(second.state()) == encode_state(whole.state())
