"""What the simulated yard promises: the same seed gives the same bytes, and its truth is what is to be seen."""

import json
import tomllib
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.recordings import open_source
from devices.simulator import (
    Simulation,
    labels,
    load_scene,
    open_simulation,
    read_scene,
    scene_names,
    truth,
    write_truth,
)
from devices.simulator.movement import Path as Way
from devices.simulator.scene import SCENES as SCENE_FILES
from devices.simulator.world import Channel
from kernel.media import MediaError, Recording, Shot

SCENES = scene_names()


def shots(recording: Recording) -> list[Shot]:
    return [shot for shot in recording.read() if isinstance(shot, Shot)]


def simulate(scene: str, frames: tuple[int, int], channel: str = "thermal", seed: int = 7) -> Simulation:
    options = {"seed": str(seed), "channel": channel}
    return open_simulation(f"sim:{scene}", scene, options, first=frames[0], last=frames[1])


def empty(scene: str, channel: Channel) -> Simulation:
    """The same scene with nobody in it."""
    content = msgspec.structs.replace(load_scene(scene), walker=[], vehicle=[], animal=[])
    return Simulation(content, channel, 7, began=None, seconds=40.0, first=0, last=None)


# --- The same again ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["thermal", "optical"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(channel: str) -> None:
    once, again, other = (
        [shot.pixels.tobytes() for shot in shots(simulate("yard", (80, 86), channel, seed))] for seed in (7, 7, 8)
    )
    assert once == again
    assert all(a != b for a, b in zip(once, other, strict=True))


@given(st.integers(0, 440))
@settings(max_examples=8, deadline=None)
def test_a_frame_does_not_depend_on_those_before_it(number: int) -> None:
    alone = shots(simulate("demo", (number, number + 1)))[0]
    in_company = shots(simulate("demo", (max(0, number - 3), number + 2)))[min(3, number)]
    assert alone.captured_ns == in_company.captured_ns == round(number * 1e9 / 9)
    assert alone.shutter == in_company.shutter
    np.testing.assert_array_equal(alone.pixels, in_company.pixels)


# --- What it looks like ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_gives_both_channels(scene: str) -> None:
    thermal, optical = shots(simulate(scene, (20, 22))), shots(simulate(scene, (20, 22), "optical"))
    content = load_scene(scene)
    assert {(s.pixels.shape, s.pixels.dtype.name) for s in thermal} == {
        ((content.thermal.height, content.thermal.width), "uint16")
    }
    assert {(s.pixels.shape, s.pixels.dtype.name, s.night) for s in optical} == {
        ((content.optical.height, content.optical.width), "uint8", content.light == "night")
    }


def test_the_noise_is_as_strong_as_the_scene_says() -> None:
    frames = np.stack([s.pixels for s in shots(simulate("demo", (1, 25)))]).astype(float)
    still = frames[:, 70:, :100]  # calm ground, nobody there yet
    sigma = np.median(np.diff(still, axis=0).std(axis=0)) / np.sqrt(2)
    assert sigma == pytest.approx(load_scene("demo").thermal.noise, rel=0.1)
    drift = still.mean(axis=(1, 2))
    assert np.abs(np.diff(drift)).max() < 1.5


def test_a_person_is_as_much_warmer_than_the_ground_as_people_are() -> None:
    simulation = simulate("yard", (95, 96))
    pixels = shots(simulation)[0].pixels.astype(int)
    x, y, w, h = simulation.sightings(95)[0].box
    assert 16 <= h <= 40
    inside = pixels[y : y + h, x : x + w]
    around = pixels[y : y + h, x + w + 3 : x + 2 * w + 3]
    assert 60 <= np.percentile(inside, 95) - np.median(around) <= 200


def test_the_shutter_freezes_the_picture_and_then_shifts_it() -> None:
    found = shots(simulate("yard", (259, 276)))
    states = [shot.shutter for shot in found]
    assert states == ["open"] * 2 + ["closed"] * 12 + ["corrected"] + ["open"] * 2
    for shot in found[2:14]:
        np.testing.assert_array_equal(shot.pixels, found[1].pixels)
    before, after = found[1].pixels.astype(int), found[14].pixels.astype(int)
    assert np.median(after - before) == pytest.approx(-18, abs=4)


def test_a_script_that_repeats_goes_on_with_other_noise() -> None:
    scene = load_scene("demo")
    length = round(scene.seconds * 9)
    longer = open_simulation(
        "sim:demo", "demo", {"seed": "7", "seconds": str(2 * scene.seconds)}, first=length, last=length + 1
    )
    assert open_simulation("sim:demo", "demo", {"seconds": str(2 * scene.seconds)}).frames == 2 * length
    again, first = shots(longer)[0], shots(simulate("demo", (0, 1)))[0]
    assert not np.array_equal(again.pixels, first.pixels)
    assert again.captured_ns == round(length * 1e9 / 9)


# --- Truth -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channel", "number"), [("thermal", 90), ("thermal", 110), ("optical", 120), ("optical", 150)])
def test_the_box_of_a_walker_is_where_the_picture_differs_from_the_empty_yard(channel: Channel, number: int) -> None:
    simulation = simulate("yard", (number, number + 1), channel)
    (line,) = truth(simulation)
    x, y, w, h = line["box"]  # pyright: ignore
    t = simulation.moment(number).script_t
    rng = np.random.default_rng(1)
    with_, without = (s.world.picture(t, t, rng) for s in (simulation, empty("yard", channel)))
    changed = np.abs(with_ - without) > (12 if channel == "thermal" else 4)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    seen = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    assert line["class"] == "human"
    assert np.abs(np.subtract(seen, (x, y, x + w, y + h))).max() <= (1 if channel == "thermal" else 3)
    outside = changed.copy()
    outside[y : y + h, x : x + w] = False
    assert outside.sum() <= 0.3 * changed.sum()


@pytest.mark.parametrize("scene", SCENES)
def test_boxes_lie_in_the_picture_and_every_mover_is_seen(scene: str) -> None:
    content = load_scene(scene)
    simulation = simulate(scene, (0, round(content.seconds * 9)))
    seen: set[str] = set()
    for number in range(0, simulation.frames, 7):
        for sighting in simulation.sightings(number):
            x, y, w, h = sighting.box
            assert 0 <= x < x + w <= 160 and 0 <= y < y + h <= 120
            assert 0 < sighting.visible <= 1
            seen.add(sighting.id)
    assert seen == {mover.id for mover in (*content.walker, *content.vehicle, *content.animal)}


def test_who_walks_behind_a_post_is_seen_less(tmp_path: Path) -> None:
    path = tmp_path / "post.toml"
    path.write_text(
        'title = "post"\nseconds = 10.0\n[[walker]]\nid = "w"\npath = [[0.0, -3.0, 12.0], [10.0, 3.0, 12.0]]\n'
        "[building]\nz = 8.0\nleft = -0.6\nright = 0.6\nheight_m = 3.0\ndepth_m = 0.3\n"
    )
    simulation = Simulation(read_scene(path), "thermal", 1, began=None, seconds=10.0, first=0, last=None)
    visible = [sum(s.visible for s in simulation.sightings(n)) for n in (20, 45, 70)]
    assert visible[0] > 0.95
    assert visible[1] < 0.05
    assert visible[2] > 0.95


def test_the_intruder_of_the_demo_crosses_its_line_while_the_label_says_so() -> None:
    simulation = simulate("demo", (0, 450))
    (label,) = [line for line in labels(simulation.scene, "thermal", 9) if line.get("rule") == "passage"]
    start, end = (int(str(label[key]).removeprefix("frame:")) for key in ("start", "end"))
    feet = {n: foot for n in range(450) if (foot := simulation.world.foot("intruder", n / 9)) is not None}
    crossing = [n for n in feet if n - 1 in feet and feet[n - 1][0] < 80 <= feet[n][0]]
    assert len(crossing) == 1
    assert start <= crossing[0] <= end
    assert feet[crossing[0]][1] > 0.58 * 120


def test_truth_is_written_as_json_lines(tmp_path: Path) -> None:
    simulation = simulate("yard", (90, 92))
    write_truth(tmp_path / "boxes.jsonl", truth(simulation))
    lines = [json.loads(line) for line in (tmp_path / "boxes.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == [90, 91]
    assert set(lines[0]) == {"frame", "id", "class", "box", "visible"}
    reviewed, *rest = labels(load_scene("demo"), "thermal", 9, "session-1")
    assert reviewed["reviewed"] == ["frame:0", "frame:450"]
    assert all(line["session"] == "session-1" and str(line["start"]).startswith("frame:") for line in rest)


# --- Movement ----------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(-8, 8), st.floats(5, 20)), min_size=2, max_size=5))
@settings(max_examples=20, deadline=None)
def test_a_way_passes_its_points_and_never_jumps(places: list[tuple[float, float]]) -> None:
    points = [(4.0 * k, x, z) for k, (x, z) in enumerate(places)]
    way = Way(points)
    for t, x, z in points[:-1]:
        motion = way.at(t)
        assert motion is not None
        assert (motion.x, motion.z) == (pytest.approx(x, abs=1e-6), pytest.approx(z, abs=1e-6))
    motions = [m for k in range(int(points[-1][0] * 25)) if (m := way.at(k / 25)) is not None]
    steps = [np.hypot(b.x - a.x, b.z - a.z) for a, b in pairwise(motions)]
    assert max(steps) <= 20 * 2 / 25
    assert way.at(-0.01) is None


# --- What is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("sim:yrad", "no such scene; there are .*demo.* did you mean yard"),
        ("sim:yard?sede=7", "unknown option 'sede'; allowed are seed, channel, start, seconds"),
        ("sim:yard?seed=-1", "whole numbers from 0"),
        ("sim:yard?seed=²", "whole numbers from 0"),
        ("sim:yard?channel=radar", "allowed are thermal, optical"),
        ("sim:yard?seconds=0", "above 0"),
        ("sim:yard?seconds=nan", "above 0"),
        ("sim:yard?start=2026-01-01", "with an offset"),
        ("sim:", "nothing follows"),
    ],
)
def test_a_bad_source_says_what_is_allowed(source: str, says: str) -> None:
    with pytest.raises(MediaError, match=says):
        open_source(source)


def test_a_start_time_keeps_its_offset() -> None:
    assert open_source("sim:yard?start=2026-03-01T02:00:00+01:00").began == "2026-03-01T02:00:00+01:00"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = 3\nseconds = 1", "title"),
        ('title = "x"\nseconds = -1', "seconds"),
        ('title = "x"\nseconds = 9\nsnow = 1', "snow"),
        ('title = "x"\nseconds = 9\n[[walker]]\nid = "a"\npath = [[0.0, 1.0, 9.0], [0.0, 2.0, 9.0]]', "must increase"),
        ('title = "x"\nseconds = 9\n[[walker]]\nid = "a"\npath = [[0.0, 1.0, 9.0], [1.0, 2.0, 1.0]]', "nearer"),
        ("title = ", "Invalid value"),
    ],
)
def test_a_bad_scene_file_is_named_with_the_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MediaError, match=rf"bad\.toml: .*{says}"):
        read_scene(path)


# --- The catalogue -----------------------------------------------------------------------------------------------


def test_the_catalogue_says_the_same_of_every_data_set() -> None:
    content = tomllib.loads((SCENE_FILES.parent / "catalogue.toml").read_text(encoding="utf-8"))["dataset"]
    assert len({entry["id"] for entry in content}) == len(content) >= 6
    for entry in content:
        assert set(entry) == set(content[0]), entry["id"]
        assert entry["from"] and set(entry["modality"]) <= {"thermal", "optical"}
        assert entry["sha256"] == "" or len(bytes.fromhex(entry["sha256"])) == 32


def test_the_readme_names_every_scene() -> None:
    text = (SCENE_FILES.parent / "README.md").read_text(encoding="utf-8")
    for name in SCENES:
        assert f"| `{name}` | {load_scene(name).seconds:g} |" in text
