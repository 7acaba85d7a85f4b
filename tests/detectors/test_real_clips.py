"""The detectors with their defaults on real recordings: what must hold. Figures beyond that are in docs/accuracy.md."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from detectors.detector import ChannelDetector
from detectors.scene_modes import SCENE_MODES
from detectors.segmentation import foreground
from devices.recordings import open_source
from kernel.detector import Frame, RuleHit
from kernel.payloads import EncodedFrame, FrameEncoder
from kernel.site.reader import read_site
from support.sites import whole_frame

LINE = """
[[channel]]
id = "optical"
kind = "optical"
source = "file:unused.mp4"
[[rule]]
id = "all"
channel = "optical"
type = "line_crossing"
line = [[0.0, 0.5], [1.0, 0.5]]
anchor = "centre"
targets = ["human", "vehicle", "animal", "other"]
"""
ANIMALS = ("caco_possum_trap", "caco_hedgehog_b")
WINDY = ("caco_noise_02", "caco_noise_03", "caco_noise_05")


def frames_of(source: Path, fps: float | None = None, first: int = 0) -> Iterator[Frame]:
    encoder = FrameEncoder()
    number = 0
    for item in open_source(str(source), fps=fps, frames=(first, None)).read():
        for frame in encoder.feed(item):
            if isinstance(frame, EncodedFrame):
                yield Frame(number, frame.captured_ns, frame.pixels, frame.shutter)
                number += 1


def alarms(document: str, frames: Iterator[Frame]) -> list[tuple[int, RuleHit]]:
    """The first hit of each target, with the number of its frame."""
    site = read_site(document)
    detector = ChannelDetector(site.channels[0], site.rules)
    hits: dict[int, tuple[int, RuleHit]] = {}
    for frame in frames:
        detector.perceive(frame)
        for hit in detector.judge(frame.captured_ns, {"all": 0}):
            hits.setdefault(hit.track, (frame.number, hit))
    return list(hits.values())


@pytest.mark.parametrize("mode", SCENE_MODES)
@pytest.mark.parametrize("clip", ANIMALS)
def test_an_animal_alarms_in_every_scene_mode(clip: str, mode: str, shared_data: Path) -> None:
    assert alarms(whole_frame(scene_mode=f'"{mode}"'), frames_of(shared_data / clip / "source.cptv"))


@pytest.mark.parametrize("clip", WINDY)
def test_wind_blown_leaves_raise_nothing_in_leaves_interfered(clip: str, shared_data: Path) -> None:
    site = whole_frame(scene_mode='"leaves_interfered"')
    assert alarms(site, frames_of(shared_data / clip / "source.cptv")) == []


@pytest.mark.parametrize(
    "clip", ["fever_person", "caco_cat", "caco_small", "caco_hedgehog2", "caco_possum_trap", "caco_hedgehog_b"]
)
def test_every_target_is_found_once_in_leaves_interfered(clip: str, shared_data: Path) -> None:
    site = whole_frame(scene_mode='"leaves_interfered"')
    assert len(alarms(site, frames_of(shared_data / clip / "source.cptv"))) == 1


def test_a_walker_over_a_dune_at_two_frames_a_second_is_one_alarm(shared_data: Path) -> None:
    frames = frames_of(shared_data / "tno_dune" / "thermal", fps=2, first=1)
    assert len(alarms(whole_frame(), frames)) == 1


def test_four_cars_cross_a_line_each_within_12_frames_of_the_truth(shared_data: Path) -> None:
    found = alarms(LINE, frames_of(shared_data / "intel_car_road" / "car-detection.mp4"))
    truth = [(82, "b_to_a"), (206, "a_to_b"), (213, "b_to_a"), (332, "a_to_b")]
    assert [hit.detail for _, hit in found] == [direction for _, direction in truth]
    assert all(abs(n - frame) <= 12 for (n, _), (frame, _) in zip(found, truth, strict=True))


@pytest.mark.parametrize("mode", SCENE_MODES)
@pytest.mark.parametrize("clip", [*ANIMALS, "caco_noise_03"])
def test_what_is_foreground_at_a_sensitivity_is_at_every_higher_one(clip: str, mode: str, shared_data: Path) -> None:
    from detectors.background import Background

    background = Background(thermal=True)
    for frame in frames_of(shared_data / clip / "source.cptv"):
        score = background.perceive(frame.pixels, frame.captured_ns, frame.shutter == "corrected")
        if frame.number % 15:
            continue
        below = foreground(score, 0, SCENE_MODES[mode])
        assert not below.any(), "0 is off"
        for sensitivity in range(1, 101, 3):
            above = foreground(score, sensitivity, SCENE_MODES[mode])
            assert not (below & ~above).any(), f"frame {frame.number}, sensitivity {sensitivity}"
            below = above
