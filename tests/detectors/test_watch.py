"""Tampering and scene change: each kind is told of with its name, and nothing else is taken for one."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from detectors.detector import ChannelDetector
from detectors.watch import Watch
from kernel.detector import Frame
from kernel.events import HoldOffEnded, HoldOffStarted, SceneChanged, TamperEnded, TamperStarted
from kernel.site.model import Channel
from kernel.site.reader import read_site
from kernel.state import decode_state, encode_state
from support import views
from support.clips import frames_of
from support.views import FPS, STARTS_S, Effect, frames

LABEL = (slice(0, 100), slice(0, 560))
BOTH = pytest.mark.parametrize("thermal", [False, True], ids=["optical", "thermal"])


def channel(tamper: int | None = 50, scene_change: int | None = 50, area: object = ()) -> Channel:
    text = '[[channel]]\nid = "c"\nkind = "optical"\nsource = "file:x.mp4"\n'
    if tamper is not None:
        text += f"[channel.tamper]\nsensitivity = {tamper}\narea = {[list(p) for p in area]}\n"
    if scene_change is not None:
        text += f"[channel.scene_change]\nsensitivity = {scene_change}\n"
    return read_site(text).channels[0]


def told(watch: Watch, shown: object) -> list[tuple[str, str, float]]:
    """Kind, how, and seconds since the effect set in."""
    return [
        (type(body).__name__, body.how, frame.captured_ns / 1e9 - STARTS_S)
        for frame in shown
        for body in watch.perceive(frame)
    ]


def of(effect: Effect, thermal: bool, lasts_s: float = 1.0, **settings: object) -> list[tuple[str, str, float]]:
    return told(Watch(channel(**settings)), frames(effect, thermal, lasts_s))


@BOTH
@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_cover_from_any_side_is_told_within_a_second_of_full_effect(side: str, thermal: bool) -> None:
    ((kind, how, after),) = of(views.covered_from(side), thermal)
    assert (kind, how) == ("TamperStarted", "covered")
    assert 0 < after <= 2.0


@BOTH
@pytest.mark.parametrize(
    ("effect", "how"),
    [
        (views.sprayed, "covered"),
        (views.darkened, "covered"),
        (views.defocused, "defocused"),
        (views.dazzled, "blinded"),
    ],
)
@pytest.mark.parametrize("lasts_s", [0.1, 1.0])
def test_each_way_of_tampering_is_told_by_its_name(effect: Effect, how: str, lasts_s: float, thermal: bool) -> None:
    ((kind, found, after),) = of(effect, thermal, lasts_s)
    assert (kind, found) == ("TamperStarted", how)
    assert 0 < after <= lasts_s + 1.0


@BOTH
@pytest.mark.parametrize("part", [0.05, 0.1, 0.2, 0.3])
def test_a_camera_turned_by_a_part_of_the_picture_has_moved(part: float, thermal: bool) -> None:
    ((kind, how, after),) = of(views.turned(right=part), thermal, 0.5)
    assert (kind, how) == ("SceneChanged", "moved")
    assert 0 < after <= 1.5


@BOTH
def test_a_camera_tilted_has_moved_too(thermal: bool) -> None:
    assert [t[:2] for t in of(views.turned(down=-0.12), thermal, 0.5)] == [("SceneChanged", "moved")]


@BOTH
def test_a_view_of_which_nothing_is_left_is_turned(thermal: bool) -> None:
    assert [t[:2] for t in of(views.elsewhere, thermal, 0.1)] == [("SceneChanged", "turned")]


@BOTH
@pytest.mark.parametrize(
    "effect",
    [
        views.nothing,
        views.knocked,
        views.passer_by,
        views.exposed(0.6, 0.1),
        views.exposed(1.4, 0.0),
        views.exposed(1.0, 0.08),
    ],
    ids=["nothing", "knocked", "passer-by", "less gain", "more gain", "brighter"],
)
def test_what_leaves_the_view_as_it_was_is_neither(effect: Effect, thermal: bool) -> None:
    assert of(effect, thermal, 2.0, tamper=50, scene_change=50) == []


@pytest.mark.parametrize("effect", [views.covered_from("left"), views.defocused, views.turned(right=0.1)])
def test_a_higher_sensitivity_tells_no_later(effect: Effect) -> None:
    moments = [of(effect, False, 2.0, tamper=s, scene_change=s) for s in (1, 20, 50, 80, 100)]
    first = [m[0][2] if m else float("inf") for m in moments]
    assert first == sorted(first, reverse=True)
    assert moments[-1]


def test_sensitivity_0_is_off() -> None:
    assert of(views.covered_from("left"), False, tamper=0, scene_change=0) == []
    assert of(views.turned(right=0.1), False, tamper=0, scene_change=0) == []


def test_only_the_area_counts_for_tampering() -> None:
    def upper_half(world: np.ndarray, far: float) -> np.ndarray:
        view = views.looking(world)
        view[:60] = view[:60] * (1 - far) + 0.3 * far
        return view

    upper = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.45), (0.0, 0.45))
    lower = ((0.0, 0.55), (1.0, 0.55), (1.0, 1.0), (0.0, 1.0))
    assert [t[1] for t in of(upper_half, False, scene_change=None, area=upper)] == ["covered"]
    assert of(upper_half, False, scene_change=None, area=lower) == []
    assert of(upper_half, False, scene_change=None) == []


def test_without_a_table_for_it_a_scene_change_is_not_told_and_is_no_tampering_either() -> None:
    assert of(views.turned(right=0.2), False, scene_change=None) == []


def test_without_a_table_for_it_tampering_is_not_told_and_is_no_scene_change_either() -> None:
    assert of(views.covered_from("left"), False, tamper=None) == []


def test_tampering_ends_once_the_view_is_back() -> None:
    def for_a_while(world: np.ndarray, far: float) -> np.ndarray:
        return views.covered_from("right")(world, 1.0 if 0 < far < 0.5 else 0.0)

    started, ended = told(Watch(channel()), frames(for_a_while, False, 4.0, total_s=9.0))
    assert started[:2] == ("TamperStarted", "covered")
    assert ended[:2] == ("TamperEnded", "covered")
    assert ended[2] == pytest.approx(2.0 + 1.0, abs=0.3), "a second after the cover was gone"


def test_detection_waits_for_the_new_background_after_a_scene_change() -> None:
    detector = ChannelDetector(channel(), ())
    events = [(f.number, e) for f in frames(views.turned(right=0.1), False, 0.1) for e in detector.perceive(f).events]
    (changed,) = [n for n, e in events if isinstance(e, SceneChanged)]
    held_off = [e for n, e in events if isinstance(e, HoldOffStarted | HoldOffEnded) and n <= changed][-1]
    assert held_off == HoldOffStarted("scene changed")
    assert any(isinstance(e, HoldOffEnded) and 0 < n - changed <= FPS for n, e in events)


def test_night_falling_by_the_cameras_own_word_is_no_scene_change() -> None:
    shown = list(frames(views.elsewhere, False, 0.1))
    dusk = [msgspec.structs.replace(f, night=f.captured_ns >= (STARTS_S + 0.1) * 1e9) for f in shown]
    assert told(Watch(channel()), dusk) == []


@pytest.mark.parametrize("split", [5, 20, 42, 55])
def test_a_watch_goes_on_from_its_state(split: int) -> None:
    shown: list[Frame] = list(frames(views.covered_from("left"), False))
    whole, first, second = Watch(channel()), Watch(channel()), Watch(channel())
    expected = told(whole, shown)
    before = told(first, shown[:split])
    second.restore(decode_state(encode_state(first.state()), object))
    assert before + told(second, shown[split:]) == expected
    assert encode_state(second.state()) == encode_state(whole.state())


def masked(source: Path) -> list[Frame]:
    """The clip without the label that is burnt in late."""
    shown: list[Frame] = []
    for frame in frames_of(source):
        pixels = frame.pixels.copy()
        pixels[LABEL] = 0
        shown.append(msgspec.structs.replace(frame, pixels=pixels))
    return shown


@pytest.mark.parametrize(
    ("clip", "file", "how", "starts", "full"),
    [
        ("tamper_occlusion", "Occlusion.mp4", "covered", 62, 115),
        ("tamper_defocus", "Defocusing.mp4", "defocused", 30, 50),
    ],
)
def test_real_tampering_is_told_within_a_second_of_full_effect(
    clip: str, file: str, how: str, starts: int, full: int, shared_data: Path
) -> None:
    watch = Watch(channel())
    shown = masked(shared_data / clip / file)
    found = [(f.number, type(e), e.how) for f in shown for e in watch.perceive(f)]
    assert [(kind, h) for _, kind, h in found] == [(TamperStarted, how)]
    assert starts - 8 < found[0][0] <= full + 30


@pytest.mark.parametrize(
    "clip", ["caco_cat", "caco_hedgehog_b", "fever_person", "fever_coffee", "caco_noise_02", "caco_rat"]
)
def test_targets_near_and_far_wind_and_shutter_corrections_are_no_tampering(clip: str, shared_data: Path) -> None:
    watch = Watch(channel())
    assert [e for f in frames_of(shared_data / clip / "source.cptv") for e in watch.perceive(f)] == []


def test_a_hand_before_a_window_is_no_tampering(shared_data: Path) -> None:
    watch = Watch(channel())
    found = [e for f in frames_of(shared_data / "opencv_tree" / "tree.avi") for e in watch.perceive(f)]
    assert [e for e in found if isinstance(e, TamperStarted | TamperEnded | SceneChanged)] == []
