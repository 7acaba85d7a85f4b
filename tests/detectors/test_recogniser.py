"""The models beside the fold: what outputs say, what a model is shown, which are refused, when they look."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectors.recogniser.cutting import MILLION, as_grey, cut_out, in_frame, part_around
from detectors.recogniser.errors import ModelError
from detectors.recogniser.layouts import UnknownLayout, layout_of, objects_in
from detectors.recogniser.looks import AGAIN_NS, MOST_LOOKS, MOST_PARTS, Looks
from detectors.recogniser.model import Model
from kernel.events import DetectedObject, ObjectsRecognised
from kernel.site.model import Recogniser
from replay.adapters.mot import read_boxes
from support.clips import frames_of
from support.models import bright_spots

SECOND = 1_000_000_000
WHOLE = (0, 0, MILLION, MILLION)


def named(model: Path | str, highest: int = 0) -> Recogniser:
    return Recogniser(True, str(model), ((highest, "human"),), 500_000, 0, True)


def test_raw_boxes_of_one_class_that_cover_each_other_are_one_object() -> None:
    columns = np.zeros((1, 6, 8), np.float32)
    columns[0, :, 0] = 50, 50, 20, 40, 0.9, 0.1
    columns[0, :, 1] = 51, 50, 20, 40, 0.8, 0.1
    columns[0, :, 2] = 51, 50, 20, 40, 0.1, 0.7
    found = objects_in(columns, 0.5, (96, 96))
    assert found[:, 4:].round(3).tolist() == [[0.9, 0], [0.7, 1]]
    assert found[0, :4].tolist() == [40, 30, 60, 70]


def test_final_boxes_are_taken_as_they_are_without_those_too_unsure() -> None:
    rows = np.array([[[1, 2, 30, 40, 0.6, 2], [1, 2, 30, 40, 0.7, 2], [0, 0, 9, 9, 0.2, 0]]], np.float32)
    assert objects_in(rows, 0.5, (96, 96))[:, 4].round(3).tolist() == [0.7, 0.6]


@pytest.mark.parametrize("shape", [(1, 25200, 85), (1, 4, 100), (2, 6, 100), (100,), (1, 100, 7), (5, 7), (1, 5, 9, 9)])
def test_an_output_laid_out_in_no_known_way_is_refused_with_its_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(UnknownLayout, match=f"is {' x '.join(map(str, shape))};"):
        layout_of(shape)


def test_a_cell_of_a_grid_says_where_in_it_an_object_lies_and_of_which_class() -> None:
    grid = np.zeros((1, 7, 4, 4), np.float32)
    grid[0, :, 1, 2] = 0.9, 0.5, 0.0, 0.0, -2.0, 0.1, 0.8
    (found,) = objects_in(grid, 0.5, (400, 200))
    centre_x, wide, high = (2 + np.tanh(0.5)) * 100, 200, 200 / (1 + np.exp(2.0))
    assert found[:4] == pytest.approx([centre_x - wide / 2, 50 - high / 2, centre_x + wide / 2, 50 + high / 2], 1e-4)
    assert found[4:] == pytest.approx([0.9**0.6 * 0.8**0.4, 1])


@given(arrays(np.float32, (1, 8, 5, 5), elements=st.floats(width=32)))
@settings(max_examples=40, deadline=None)
def test_whatever_is_in_a_grid_its_objects_are_sound(output: np.ndarray) -> None:
    found = objects_in(output, 0.05, (96, 64))
    assert len(found) <= 20 and np.isfinite(found).all()
    assert (found[:, 2] > found[:, 0]).all() and set(found[:, 5]) <= {0.0, 1.0, 2.0}


@pytest.mark.shared
def test_a_published_network_finds_the_people_of_a_real_picture(shared_data: Path) -> None:
    model = Model(named(shared_data / "_detectors" / "fastestdet_coco80_352.onnx", highest=79), Path())
    frame = next(iter(frames_of(shared_data / "pets09_s2l1" / "vtest.avi", 7.0))).pixels
    truth = read_boxes(shared_data / "pets09_s2l1" / "gt" / "gt.txt", everything=True)[0].values()
    height, width = frame.shape
    for x, y, w, h in truth:
        box = int(x * MILLION / width), int(y * MILLION / height), int(w * MILLION / width), int(h * MILLION / height)
        (found,) = model.look(frame, 0, [part_around(box, width, height)])
        people = [o for o in found.objects if o.kind == 0 and o.confidence > 500_000]
        near = [abs(o.box[0] + o.box[2] / 2 - box[0] - box[2] / 2) for o in people]
        assert near and min(near) < box[2] / 2


@given(arrays(np.float32, (1, 7, 30), elements=st.floats(width=32)))
@settings(max_examples=60, deadline=None)
def test_whatever_numbers_a_network_gives_its_objects_are_sound(output: np.ndarray) -> None:
    found = objects_in(output, 0.05, (96, 96))
    assert len(found) <= 20 and np.isfinite(found).all()
    assert ((found[:, 4] >= 0.05) & (found[:, 4] <= 1)).all()
    assert (found[:, 2] > found[:, 0]).all() and set(found[:, 5]) <= {0.0, 1.0, 2.0}


sizes = st.integers(20, 700)
fractions = st.integers(0, MILLION)


@given(st.tuples(fractions, fractions, fractions, fractions), sizes, sizes, st.sampled_from([(96, 96), (640, 384)]))
@settings(max_examples=60, deadline=None)
def test_a_box_seen_in_a_part_lies_in_the_frame_where_it_was(
    box: tuple[int, int, int, int], width: int, height: int, size: tuple[int, int]
) -> None:
    x, y = min(box[0], MILLION - 2000), min(box[1], MILLION - 2000)
    inside = (x, y, max(1, min(box[2], MILLION - x)), max(1, min(box[3], MILLION - y)))
    part = part_around(inside, width, height)
    assert part[0] >= 0 and part[1] >= 0 and part[0] + part[2] <= MILLION and part[1] + part[3] <= MILLION
    canvas, cut = cut_out(np.zeros((height, width), np.uint8), part, *size)
    assert canvas.shape == (size[1], size[0])
    left, top, _, bottom = cut.sides
    corners = [
        (v - o) * cut.scale + m for v, o, m in zip(cut.sides, (left, top) * 2, (cut.left, cut.top) * 2, strict=True)
    ]
    back = in_frame(np.array(corners), cut, width, height)
    assert back is not None
    assert (
        abs(back[0] * width - left * MILLION) <= width
        and abs(back[3] * height - (bottom - top) * MILLION) <= 2 * height
    )


def test_counts_of_a_thermal_camera_are_stretched_to_grey() -> None:
    counts = np.linspace(3000, 3500, 100 * 100).reshape(100, 100).astype(np.uint16)
    grey = as_grey(counts)
    assert grey.min() == 0 and grey.max() == 255
    assert (np.diff(grey.ravel().astype(int)) >= 0).all()


@pytest.mark.parametrize("layout", ["raw", "final"])
def test_a_real_model_in_the_real_runtime_finds_the_bright_spot_where_it_is(layout: str, tmp_path: Path) -> None:
    model = Model(named(bright_spots(tmp_path / "spots.onnx", layout)), Path())
    frame = np.zeros((96, 96), np.uint8)
    frame[36:60, 36:60] = 255
    (found,) = model.look(frame, 7, [WHOLE])
    (spot,) = found.objects
    assert (found.captured_ns, found.box, found.model_sha256) == (7, WHOLE, model.sha256)
    assert spot.kind == 0 and 550_000 < spot.confidence < 600_000
    assert abs(spot.box[0] - 38 * MILLION // 96) < 2 and abs(spot.box[3] - 36 * MILLION // 96) < 2


def refused(settings: Recogniser, base: Path = Path()) -> str:
    with pytest.raises(ModelError) as error:
        Model(settings, base)
    return str(error.value)


def test_a_model_that_cannot_be_used_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = bright_spots(tmp_path / "good.onnx")
    (tmp_path / "text.onnx").write_text("no model")
    assert "text.onnx" not in refused(named("text.onnx"), tmp_path)
    assert refused(named("text.onnx"), tmp_path).startswith("is no model that onnxruntime can run")
    assert refused(named("gone.onnx"), tmp_path).endswith("gone.onnx: No such file or directory")
    assert "2 classes, from 0 to 1; 'classes' names 7" in refused(named(good, highest=7))
    assert "its output is 1 x 6 x 3" in refused(named(bright_spots(tmp_path / "few.onnx", height=32)))
    assert "2 outputs" in refused(named(bright_spots(tmp_path / "two.onnx", outputs=2)))
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    assert refused(named(good)) == "needs onnxruntime: pip install 'emberline[onnx]'"


def seen(*tracks: int, y: int = 400_000) -> list[DetectedObject]:
    return [DetectedObject(t, "unknown", (100_000 + 90_000 * t, y, 20_000, 50_000), 90) for t in tracks]


def test_a_target_is_looked_at_now_and_then_and_not_for_ever() -> None:
    looks = Looks()
    times = [n * SECOND // 25 for n in range(25 * 30)]
    taken = [ns for ns in times if looks.wanted(ns, seen(1), 640, 512)]
    assert len(taken) == MOST_LOOKS
    assert min(b - a for a, b in pairwise(taken)) >= AGAIN_NS


def test_one_frame_is_looked_at_in_few_parts_and_targets_side_by_side_share_one() -> None:
    assert len(Looks().wanted(0, seen(*range(9)), 4000, 3000)) == MOST_PARTS
    close = [DetectedObject(t, "unknown", (500_000 + 5_000 * t, 400_000, 20_000, 50_000), 90) for t in (1, 2)]
    assert len(Looks().wanted(0, close, 640, 512)) == 1


def test_what_was_looked_at_before_is_not_looked_at_again() -> None:
    done = [ObjectsRecognised(SECOND, part_around(seen(1)[0].box, 640, 512), "m.onnx", "", ())]
    looks = Looks(done)
    assert looks.wanted(SECOND + AGAIN_NS // 2, seen(1), 640, 512) == []
    assert len(looks.wanted(3 * SECOND, seen(1), 640, 512)) == 1


def test_a_model_that_keeps_weights_in_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = onnx.load(str(bright_spots(tmp_path / "whole.onnx")))
    split_over = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 100}
    onnx.save(split, str(tmp_path / "split.onnx"), **split_over)
    monkeypatch.chdir(tmp_path)
    assert "weights.bin" in refused(named("split.onnx"), tmp_path)
