"""The detectors with their defaults on real recordings: what must hold. Figures beyond that are in docs/accuracy.md."""

from pathlib import Path

import pytest

from detectors.background import Background
from detectors.scene_modes import SCENE_MODES
from detectors.segmentation import foreground
from support.clips import alarms, crossing, frames_of
from support.sites import whole_frame

ANIMALS = ("caco_possum_trap", "caco_hedgehog_b")
WINDY = ("caco_noise_02", "caco_noise_03", "caco_noise_05")


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
    found = alarms(crossing(), frames_of(shared_data / "intel_car_road" / "car-detection.mp4"))
    truth = [(82, "b_to_a"), (206, "a_to_b"), (213, "b_to_a"), (332, "a_to_b")]
    assert [hit.detail for _, hit in found] == [direction for _, direction in truth]
    assert all(abs(n - frame) <= 12 for (n, _), (frame, _) in zip(found, truth, strict=True))


@pytest.mark.parametrize("mode", SCENE_MODES)
@pytest.mark.parametrize("clip", [*ANIMALS, "caco_noise_03"])
def test_what_is_foreground_at_a_sensitivity_is_at_every_higher_one(clip: str, mode: str, shared_data: Path) -> None:
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
