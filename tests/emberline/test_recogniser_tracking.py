"""A model that takes part in tracking, from import over run to replay and explanation: the same everywhere."""

import shutil
import sys
from pathlib import Path

import pytest

from emberline.__main__ import run
from emberline.wiring import make_engine
from kernel.engine import EngineState
from kernel.events import AlarmRaised, Event, FrameCaptured, LookRequested, ObjectsDetected, ObjectsRecognised
from kernel.log.contract import Selection
from kernel.log.duckdb_log import open_log
from kernel.state import decode_state, encode_state
from replay.examination import examine
from replay.frames import objects_in
from replay.refold import Pixels
from replay.sessions import sessions_of
from support.cli import outcome
from support.models import heads
from support.recordings import folder
from support.sites import whole_frame
from support.two_people import FRAMES, two_people

RECOGNISER = '[channel.recogniser]\nmodel = "heads.onnx"\nclasses = { 0 = "human" }\n'


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tracking")
    heads(path / "heads.onnx")
    frames = folder(path / "frames", two_people())
    site = whole_frame(f"file:{frames}", kind="optical").replace("\n[[rule]]", f"\nfps = 10\n{RECOGNISER}\n[[rule]]", 1)
    (path / "site.toml").write_text(site)
    assert run(["import", str(frames), "--site", str(path / "site.toml"), "--log", str(path / "log")]) == 0
    return path


@pytest.fixture(scope="module")
def recorded(place: Path) -> list[Event]:
    assert run(["replay", str(place / "log")]) == 0
    log = open_log(place / "log")
    events = list(log.read(Selection()))
    log.close()
    return events


def printed(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command that must succeed prints."""
    capsys.readouterr()
    assert run([str(word) for word in words]) == 0
    return capsys.readouterr().out


def test_the_model_looks_where_the_fold_asks_and_nowhere_else(recorded: list[Event]) -> None:
    frames = {e.seq: e.body.captured_ns for e in recorded if isinstance(e.body, FrameCaptured)}
    asked = [(frames[e.body.frame], p) for e in recorded if isinstance(e.body, LookRequested) for p in e.body.parts]
    looked = [(e.body.captured_ns, e.body.box) for e in recorded if isinstance(e.body, ObjectsRecognised)]
    assert len(asked) > 60 and looked == asked


def test_what_is_concluded_with_the_model_is_brought_about_by_the_frame_that_it_is_of(recorded: list[Event]) -> None:
    seen = [e for e in recorded if isinstance(e.body, ObjectsDetected)]
    assert len(seen) > 60
    assert all(isinstance(e.body, ObjectsDetected) and e.cause == e.body.frame for e in seen)


@pytest.mark.usefixtures("recorded")
def test_run_import_and_a_replay_without_model_and_runtime_come_to_one_outcome(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    text = printed(capsys, "run", "--site", place / "site.toml", "--log", ran, "--speed", "max", "--until-end")
    copy = shutil.copytree(place / "log", tmp_path / "log")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    verified = printed(capsys, "replay", copy, "--verify", "--jobs", 1)
    assert "replay: identical" in verified and outcome(verified) == outcome(text)


@pytest.mark.usefixtures("recorded")
def test_a_what_if_without_tracking_uses_what_is_recorded_for_the_class_alone(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, "replay", place / "log", "--set", "channel.thermal.recogniser.tracking=false")
    assert "2 in both" in text


def test_an_alarm_that_waited_for_the_model_is_explained_by_its_frame(
    place: Path, recorded: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    raised = [e for e in recorded if isinstance(e.body, AlarmRaised)]
    assert len(raised) == 2
    text = printed(capsys, "explain", place / "log", raised[0].seq)
    assert "FrameCaptured" in text and "duration" in text and "differs" not in text


def test_every_frame_is_looked_at_once_in_a_second_look(place: Path, recorded: list[Event]) -> None:
    log = open_log(place / "log")
    (session,) = sessions_of(log)
    looked = [
        x.fact.seq for x in examine(log, session, with_maps=True) if x.look is not None and x.look.score is not None
    ]
    assert looked == [e.seq for e in recorded if isinstance(e.body, FrameCaptured)] and len(looked) == FRAMES
    frame = next(e for e in recorded if e.seq == looked[40])
    up_to = [x for x in examine(log, session, up_to_fact=frame.fact_no) if x.look is not None]
    assert up_to[-1].fact == frame
    assert len(objects_in(log, frame)) == 2
    log.close()


def test_an_engine_stopped_while_a_frame_waits_goes_on_as_if_it_had_not_been(
    place: Path, recorded: list[Event]
) -> None:
    facts = [e for e in recorded if e.is_fact]
    stop = next(n for n, e in enumerate(facts) if isinstance(e.body, ObjectsRecognised)) + 60
    stop = next(n for n, e in enumerate(facts) if n > stop and isinstance(e.body, FrameCaptured))
    log = open_log(place / "log")
    (session,) = sessions_of(log)
    pixels, straight, resumed = Pixels(log, session), make_engine(), make_engine()
    for fact in facts[: stop + 1]:
        straight.handle(fact, pixels.of(fact))
    state = decode_state(encode_state(straight.state()), EngineState)
    assert straight.waiting_for() == [facts[stop].fact_no]
    resumed.restore(state)
    late = straight.handle(facts[stop + 1])
    assert resumed.handle(facts[stop + 1]) == late
    assert {draft.cause for draft in late[1]} == {-facts[stop].fact_no}
    for fact in facts[stop + 2 :]:
        shown = pixels.of(fact)
        assert resumed.handle(fact, shown) == straight.handle(fact, shown)
    log.close()
