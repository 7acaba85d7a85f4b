"""Public data sets on made-up folders: each layout is read as published, and what does not fit is said."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from replay.adapters import LAYOUTS, AdapterError, Sequence, open_dataset
from replay.adapters.mot import read_boxes
from support.recordings import cptv, video, walk
from tests.accuracy import public
from tests.accuracy.public import box_f1, main

CATALOGUE = Path(__file__).parent.parent.parent / "datasets" / "catalogue.toml"
FRAMES = walk(40)
BOX = (10.0, 10.0, 20.0, 40.0)


def pictures(path: Path, name: str, count: int = len(FRAMES), suffix: str = "png", first: int = 1) -> Path:
    """`count` 8-bit pictures of the walk, named with their number."""
    path.mkdir(parents=True)
    for number, frame in enumerate(FRAMES[:count], first):
        grey = np.clip((frame.astype(int) - 2900) // 3, 0, 255).astype(np.uint8)
        Image.fromarray(grey).save(path / f"{name}{number:06d}.{suffix}")
    return path


def truth_masks(path: Path, name: str, numbers: range, lit: int = 150) -> None:
    """Masks of the walker: what is `lit` counts above the scene is not there in frame 0."""
    path.mkdir(parents=True)
    for number in numbers:
        moving = np.abs(FRAMES[number - 1].astype(int) - FRAMES[0]) > lit // 2
        Image.fromarray((moving * 255).astype(np.uint8)).save(path / f"{name}{number:06d}.png")


def cdnet(path: Path, category: str = "thermal") -> Path:
    sequence = path / category / "yard"
    pictures(sequence / "input", "in", suffix="jpg")
    truth_masks(sequence / "groundtruth", "gt", range(1, 41))
    (sequence / "temporalROI.txt").write_text("25 40")
    return path


def mot(path: Path, rows: str = "", info: str = "imDir=img1\nframeRate=14\n") -> Path:
    pictures(path / "walk" / "img1", "", suffix="jpg")
    (path / "walk" / "gt").mkdir()
    (path / "walk" / "gt" / "gt.txt").write_text(
        rows or "".join(f"{n},7,{n},30,8,18,1,-1,-1,-1\n" for n in range(1, 41))
    )
    (path / "walk" / "seqinfo.ini").write_text("[Sequence]\n" + info)
    return path


def only(layout: str, path: Path) -> Sequence:
    (sequence,) = open_dataset(layout, path)
    return sequence


def test_cdnet_masks_count_in_their_span_and_belong_to_the_frames_of_their_numbers(tmp_path: Path) -> None:
    sequence = only("cdnet2014", cdnet(tmp_path))
    assert (sequence.name, sequence.kind, sequence.source.name) == ("thermal/yard", "thermal", "input")
    assert sorted(sequence.masks) == list(range(24, 40))
    assert sequence.masks[24].name == "gt000025.png"
    assert only("cdnet2014", tmp_path / "thermal" / "yard").kind == "thermal"


def test_cdnet_categories_but_thermal_are_optical(tmp_path: Path) -> None:
    assert only("cdnet2014", cdnet(tmp_path, "baseline")).kind == "optical"


def test_remote_scene_sequences_are_read_from_two_folders_and_from_one_each(tmp_path: Path) -> None:
    pictures(tmp_path / "published" / "IRVideoSequence" / "1", "f", 6, first=0)
    truth_masks(tmp_path / "published" / "GroundTruth" / "1", "f", range(2, 6))
    one_each = tmp_path / "one_each"
    truth_masks(one_each / "a" / "groundtruth", "", range(1, 5))
    video(one_each / "a" / "frames.mkv", FRAMES[:6])
    published, alone = only("remote_scene_ir", tmp_path / "published"), only("remote_scene_ir", one_each)
    assert sorted(published.masks) == [2, 3, 4, 5], "pictures are counted from the first"
    assert sorted(alone.masks) == [1, 2, 3, 4] and alone.source.name == "frames.mkv"
    assert {published.kind, alone.kind} == {"thermal"}


def test_mot_boxes_have_identities_and_what_does_not_count_is_left_out(tmp_path: Path) -> None:
    rows = "1,7,10,20,30,40,1,-1,-1,-1\n2,7,11,20,30,40,1,-1,-1,-1\n2,8,1,1,5,5,0,-1,-1,-1\n"
    sequence = only("mot", mot(tmp_path, rows))
    assert (sequence.fps, sequence.identified, sequence.source.name) == (14.0, True, "img1")
    assert sequence.boxes == {0: {7: (10, 20, 30, 40)}, 1: {7: (11, 20, 30, 40)}}
    assert set(read_boxes(tmp_path / "walk" / "gt" / "gt.txt", everything=True)[1]) == {7, 8}


def test_mot_releases_with_classes_give_people_on_foot_alone(tmp_path: Path) -> None:
    rows = "1,7,10,20,30,40,1,1,0.9\n1,8,10,20,30,40,1,3,0.9\n"
    assert only("mot", mot(tmp_path, rows)).boxes == {0: {7: (10, 20, 30, 40)}}


def test_otcbvs_people_are_boxes_without_identity(tmp_path: Path) -> None:
    collection = pictures(tmp_path / "00001", "img_", 3, "bmp")
    (collection / "groundTruth.txt").write_text(
        "% a remark\nimg_000001.bmp 0\nimg_000003.bmp 2 (1 2 3 4) (5, 6, 7, 8)\n"
    )
    sequence = only("otcbvs", tmp_path)
    assert sequence.boxes == {0: {}, 2: {1: (1, 2, 3, 4), 2: (5, 6, 7, 8)}} and not sequence.identified


def test_cptv_recordings_are_known_by_what_lies_beside_them_or_by_their_folders(tmp_path: Path) -> None:
    for name in ("animals/cat", "noise/wind", "other/tagged", "other/unknown"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cptv(tmp_path / f"{name}.cptv", FRAMES[:2])
    tags = {"Tracks": [{"tags": [{"what": "possum"}]}, {"tags": [{"what": "false-positive"}, {"what": "person"}]}]}
    (tmp_path / "other" / "tagged.txt").write_text(json.dumps(tags))
    expected = {s.name: s.expected for s in open_dataset("cptv", tmp_path)}
    assert expected == {
        "animals/cat.cptv": {"animal"},
        "noise/wind.cptv": frozenset(),
        "other/tagged.cptv": {"animal", "human"},
        "other/unknown.cptv": None,
    }


def refused(layout: str, path: Path) -> str:
    with pytest.raises(AdapterError) as error:
        open_dataset(layout, path)
    return str(error.value)


def test_what_does_not_fit_is_said_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for layout in LAYOUTS:
        assert f"nothing there is laid out as {layout}" in refused(layout, tmp_path / "empty")
    assert "no such folder" in refused("mot", tmp_path / "gone")
    assert "known are cdnet2014, mot" in refused("kitti", tmp_path)
    assert "gt.txt:1: must be at least 7 numbers" in refused("mot", mot(tmp_path / "short", "1,2,3\n"))
    assert "no folder '../x'" in refused("mot", mot(tmp_path / "out", info="imDir=../x\nframeRate=7\n"))
    assert "must have a [Sequence] with a frameRate" in refused("mot", mot(tmp_path / "rate", info="frameRate=fast\n"))
    broken = cdnet(tmp_path / "cdnet") / "thermal" / "yard"
    (broken / "input" / "in000030.jpg").unlink()
    assert "has no picture with the number 30" in refused("cdnet2014", tmp_path / "cdnet")
    (broken / "temporalROI.txt").write_text("all of it")
    assert "temporalROI.txt: must hold two frame numbers" in refused("cdnet2014", tmp_path / "cdnet")
    cptv(tmp_path / "a.cptv", FRAMES[:1])
    (tmp_path / "a.json").write_text("[1]")
    assert "a.json: must be JSON with 'Tracks'" in refused("cptv", tmp_path)


def test_every_adapter_is_in_the_catalogue() -> None:
    entries = tomllib.loads(CATALOGUE.read_text("utf-8"))["dataset"]
    assert {entry["adapter"] for entry in entries if entry["adapter"]} == set(LAYOUTS)


def test_box_f1_pairs_each_box_once_in_the_frames_with_truth() -> None:
    near = (11.0, 10.0, 20.0, 40.0)
    assert box_f1({0: {1: BOX}}, {0: {5: BOX}, 1: {5: BOX}}) == 1.0
    assert box_f1({0: {1: BOX}}, {0: {5: BOX, 6: near}}) == pytest.approx(2 / 3)
    assert box_f1({0: {1: BOX}}, {0: {5: (100.0, 10.0, 20.0, 40.0)}}) == 0.0


def test_the_tables_of_a_data_set_are_printed_by_what_its_truth_allows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public.peers, "there", lambda: False)
    (tmp_path / "noise").mkdir()
    cptv(tmp_path / "noise" / "still.cptv", walk(20, enters=20))
    words = [f"cdnet2014={cdnet(tmp_path / 'c')}", f"mot={mot(tmp_path / 'm')}", f"cptv={tmp_path / 'noise'}"]
    assert main(words) == 0
    out = capsys.readouterr().out
    figure = float(next(line for line in out.splitlines() if "thermal/yard" in line).split("|")[3])
    assert figure > 0.5
    assert "| walk | 40 |" in out
    assert "| still.cptv | nothing | none | – |" in out and "and none where there is none: 1 of 1." in out


def test_a_folder_that_is_not_there_ends_the_command_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mot=nowhere"]) == 2
    assert capsys.readouterr().err == "error: nowhere: no such folder\n"
    assert main(["somewhere"]) == 2
