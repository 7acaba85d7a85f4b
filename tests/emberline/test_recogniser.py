"""A model named in the site file, from check to replay: the real runtime on a real, tiny model."""

import shutil
import sys
import time
from pathlib import Path

import pytest

from emberline.__main__ import run
from emberline.recognising import Recognising
from kernel.events import (
    AlarmRaised,
    DetectedObject,
    DeviceFault,
    Event,
    FrameCaptured,
    ObjectsDetected,
    ObjectsRecognised,
)
from kernel.log.contract import Selection
from kernel.log.duckdb_log import open_log
from kernel.site.reader import parse_site
from support.cli import outcome
from support.models import bright_spots
from support.recordings import cptv, walk
from support.sites import whole_frame


def with_model(document: str, model: str = "spots.onnx", classes: str = '{ 0 = "vehicle" }', more: str = "") -> str:
    table = (
        f'[channel.recogniser]\nmodel = "{model}"\nclasses = {classes}\nconfidence = 0.3\ntracking = false\n{more}\n'
    )
    return document.replace("\n[[rule]]", f"\n{table}\n[[rule]]", 1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a model that takes what is warm for a vehicle, and a recording of somebody walking by."""
    path = tmp_path_factory.mktemp("recogniser")
    cptv(path / "walk.cptv", walk(70))
    bright_spots(path / "spots.onnx")
    (path / "site.toml").write_text(with_model(whole_frame(f"file:{path / 'walk.cptv'}")))
    return path


@pytest.fixture(scope="module")
def log(place: Path) -> Path:
    assert (
        run(["import", str(place / "walk.cptv"), "--site", str(place / "site.toml"), "--log", str(place / "log")]) == 0
    )
    assert run(["replay", str(place / "log")]) == 0
    return place / "log"


def bodies(log: Path, kind: str) -> list[object]:
    opened = open_log(log)
    found = [event.body for event in opened.read(Selection(kinds=(kind,)))]
    opened.close()
    return found


@pytest.fixture
def without_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


def printed(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command that must succeed prints."""
    capsys.readouterr()
    assert run([str(word) for word in words]) == 0
    return capsys.readouterr().out


def test_an_import_records_what_the_model_finds_where_something_moved(log: Path) -> None:
    found = [body for body in bodies(log, "ObjectsRecognised") if isinstance(body, ObjectsRecognised)]
    assert 2 <= len(found) <= 12
    assert all(body.box[2] < 500_000 and body.model == "spots.onnx" for body in found)
    assert any(body.objects for body in found)


def test_the_alarm_says_what_the_model_took_the_target_for(log: Path) -> None:
    (raised,) = bodies(log, "AlarmRaised")
    assert isinstance(raised, AlarmRaised) and raised.target == "vehicle"


@pytest.mark.usefixtures("without_runtime")
def test_a_replay_is_the_same_without_the_model_and_its_runtime(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "log"
    shutil.copytree(log, copy)
    recorded = outcome(printed(capsys, "replay", copy))
    verified = printed(capsys, "replay", copy, "--verify", "--jobs", 1)
    assert "replay: identical" in verified and outcome(verified) == recorded


@pytest.mark.usefixtures("without_runtime")
def test_a_what_if_asks_for_other_classes_of_what_is_recorded(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "replay", log, "--set", 'channel.thermal.recogniser.classes={ 0 = "animal" }')
    assert "alarms: 0 gained, 0 lost, 0 shifted, 1 in both" in text
    text = printed(
        capsys,
        *("replay", log, "--set", 'rule.all.targets=["human"]'),
    )
    assert "0 gained, 1 lost" in text


def test_a_what_if_has_another_model_look_where_none_has_looked(
    log: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bright_spots(place / "other.onnx", "final")
    other = place / "other.toml"
    document = whole_frame(f"file:{place / 'walk.cptv'}").replace(', "animal", "other"', "")
    other.write_text(with_model(document, "other.onnx", '{ 0 = "animal" }', "wait = 5"))
    assert "0 gained, 1 lost" in printed(capsys, "replay", log, "--site", other)
    other.write_text(with_model(document, "gone.onnx"))
    assert run(["replay", str(log), "--site", str(other)]) == 2
    assert "gone.onnx: No such file" in capsys.readouterr().err


def test_a_run_comes_to_the_same_outcome_as_the_import(
    log: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = place / "ran"
    text = printed(capsys, "run", "--site", place / "site.toml", "--log", ran, "--speed", "max", "--until-end")
    assert outcome(text) == outcome(printed(capsys, "replay", log))
    assert bodies(ran, "ObjectsRecognised") != []


@pytest.mark.parametrize(
    ("model", "classes", "message"),
    [
        ("gone.onnx", '{ 0 = "human" }', "gone.onnx: No such file or directory"),
        ("spots.onnx", '{ 5 = "human" }', "it has 2 classes, from 0 to 1; 'classes' names 5"),
        ("few.onnx", '{ 0 = "human" }', "its output is 1 x 6 x 3; known are 1 x (4 + classes) x n"),
        ("spots.txt", '{ 0 = "human" }', "must be a file that ends in .onnx"),
        ("spots.onnx", '{ 0 = "humans" }', "did you mean 'human'?"),
        ("spots.onnx", '{ person = "human" }', "must be named by a class number of the model, from 0 to 9999"),
        ("spots.onnx", "{}", "must not be empty"),
    ],
)
def test_check_says_what_is_wrong_with_a_model(
    model: str, classes: str, message: str, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(place / "spots.onnx", tmp_path)
    bright_spots(tmp_path / "few.onnx", height=32)
    (tmp_path / "site.toml").write_text(with_model(whole_frame(), model, classes))
    assert run(["check", str(tmp_path / "site.toml")]) == 2
    error = capsys.readouterr().err
    assert "channel.thermal.recogniser" in error and message in error


@pytest.mark.usefixtures("without_runtime")
def test_check_names_the_extra_that_is_missing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(place / "site.toml")]) == 2
    assert "pip install 'emberline[onnx]'" in capsys.readouterr().err


def seen(captured_ns: int) -> tuple[Event, ...]:
    """A frame in which something was seen, as the daemon gets it from its recorder."""
    frame = FrameCaptured(captured_ns, 96, 72, "gray16", "", True, 0, "")
    objects = ObjectsDetected(0, (DetectedObject(1, "unknown", (400_000, 400_000, 90_000, 250_000), 90),))
    return tuple(
        Event(seq, 1, captured_ns, "channel.thermal", type(body).__name__, cause, body)
        for seq, body, cause in ((1, frame, None), (2, objects, 1))
    )


def test_while_live_the_model_works_in_a_thread_and_its_findings_come_when_they_are_there(place: Path) -> None:
    site = parse_site((place / "site.toml").read_text())[0]
    with Recognising(place, "realtime") as recognising:
        recognising.configure(site)
        recognising.take(seen(5), walk(31)[30])
        found: list[tuple[str, object]] = []
        until = time.monotonic() + 60
        while not found and time.monotonic() < until:
            found = list(recognising.found())
            time.sleep(0.01)
    ((source, body),) = found
    assert isinstance(body, ObjectsRecognised) and (source, body.captured_ns) == ("channel.thermal", 5)


def test_a_model_that_is_gone_when_its_site_comes_into_force_is_a_fault_and_no_end(place: Path, tmp_path: Path) -> None:
    site = parse_site((place / "site.toml").read_text())[0]
    with Recognising(tmp_path, "realtime") as recognising:
        recognising.configure(site)
        recognising.take(seen(5), walk(31)[30])
        ((source, body),) = recognising.found()
    assert source == "device.recogniser" and isinstance(body, DeviceFault)
    assert "spots.onnx: No such file" in body.reason
