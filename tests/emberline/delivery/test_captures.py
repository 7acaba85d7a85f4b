"""Captures: pictures of an alarm or on command, kept below the log's directory and known to the log."""

import hashlib
import json
import signal
from pathlib import Path

import pytest
from PIL import Image

from devices.notice import Notice, write_notice
from emberline.__main__ import run
from emberline.delivery.shelf import CAPTURES_NAME, shelve
from emberline.kept_pictures import KeptPictures
from emberline.wiring import read_log
from kernel.events import ActionFinished, AlarmRaised, Event, FrameCaptured, PictureKept
from kernel.log.contract import Selection
from support.cli import good
from support.daemon import start, wait_for_alarm
from support.deliveries import hostile, notice, parcel
from support.recordings import cptv, walk
from support.sites import whole_frame
from support.waiting import wait_until

CAPTURE = """
[linkage.shot]
kind = "capture"
count = 2
interval = 1
format = "png"
overlay = ["box", "rule"]
palette = "white_hot"
"""
SECOND = 1_000_000_000


def site_with(where: Path, frames: int) -> Path:
    source = cptv(where / "a.cptv", walk(frames))
    path = where / "site.toml"
    path.write_text(whole_frame(f"file:{source}").replace('["siren"]', '["shot"]') + CAPTURE)
    return path


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    """The log of a run in which an alarm set off a series of two pictures."""
    where = tmp_path_factory.mktemp("captured")
    log = where / "log"
    good("run", "--site", site_with(where, 60), "--log", log, "--speed", "max", "--until-end")
    with read_log(log) as opened:
        return log, list(opened.read())


def bodies(events: list[Event], kind: type) -> list[object]:
    return [event.body for event in events if isinstance(event.body, kind)]


def test_each_picture_of_a_series_lies_below_the_log_with_its_digests_in_a_fact(
    captured: tuple[Path, list[Event]],
) -> None:
    log, events = captured
    kept = [body for body in bodies(events, PictureKept) if isinstance(body, PictureKept)]
    assert [one.ordinal for one in kept] == [1, 2]
    assert [one.ordinal for one in bodies(events, ActionFinished) if one.output == "shot"] == [1, 2]
    frames = {event.seq: event.body for event in events if isinstance(event.body, FrameCaptured)}
    alarm = next(event.body for event in events if isinstance(event.body, AlarmRaised))
    assert alarm.frame is not None
    at_ns = frames[alarm.frame].captured_ns
    for one, late_ns in zip(kept, (0, SECOND), strict=True):
        data = (log / one.file).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one.bytes, one.sha256)
        meant = min(frames.values(), key=lambda frame: abs(frame.captured_ns - at_ns - late_ns))
        assert one.frame_sha256 == meant.payload_sha256


def test_a_picture_says_what_it_shows_in_the_format_that_was_asked_for(captured: tuple[Path, list[Event]]) -> None:
    log, events = captured
    kept = next(event.body for event in events if isinstance(event.body, PictureKept))
    picture = Image.open(log / kept.file)
    assert picture.format == "PNG"
    said = json.loads(picture.text["comment"])
    assert said["frames"] == [kept.frame_sha256] and said["channel"] == "thermal"
    told = json.loads((log / kept.file.replace("_thermal-at.png", ".json")).read_text())
    assert told["rule"] == "all" and told["attachments"][0]["sha256"] == kept.sha256


def test_what_was_captured_is_for_the_owner_alone(captured: tuple[Path, list[Event]]) -> None:
    log, _ = captured
    lying = list((log / CAPTURES_NAME).rglob("*"))
    assert lying and not list((log / "outbox").glob("[0-9]*-*"))
    assert all(path.stat().st_mode & 0o077 == 0 for path in [log / CAPTURES_NAME, *lying])


def test_a_log_with_captures_replays_to_the_same(captured: tuple[Path, list[Event]]) -> None:
    log, _ = captured
    assert run(["replay", str(log), "--verify"]) == 0


def test_a_picture_taken_by_hand_says_who_wanted_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    daemon = start(site_with(tmp_path, 600), log)
    try:
        wait_for_alarm(daemon)
        good("command", log, "capture", "thermal")
        wait_until(lambda: list((log / CAPTURES_NAME).rglob("*capture*_thermal-at.jpg")))
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=60)
    with read_log(log) as opened:
        events = list(opened.read(Selection(kinds=("PictureKept",))))
    (by_hand,) = [e.body for e in events if isinstance(e.body, PictureKept) and e.body.output == "capture.thermal"]
    told = json.loads((log / by_hand.file.replace("_thermal-at.jpg", ".json")).read_text())
    assert told["summary"].startswith("capture thermal, by ") and told["channel"] == "thermal"


def shelved(tmp_path: Path, number: int, hour: int) -> Event:
    """A picture on the shelf, and the event that says so."""
    entry = parcel(
        tmp_path / f"entry{number}-{hour}", notice(key=f"{number:024d}", time="2026-03-01 02:00:00.000+01:00")
    )
    ((kept,), reason) = shelve(tmp_path, entry, "shot", number)
    assert reason == ""
    return Event(number, number, hour * 3600 * SECOND, "linkage.shot", "PictureKept", None, kept)


def test_pictures_go_once_their_time_is_over_and_their_day_with_the_last(tmp_path: Path) -> None:
    pictures = KeptPictures(tmp_path)
    events = [shelved(tmp_path, number, number) for number in (1, 2, 3)]
    for event in events:
        pictures.note(event)
    now, age = 12 * 3600 * SECOND, 10 * 3600 * SECOND
    files, freed = pictures.remove_expired(now, age, lambda moment: moment)
    assert isinstance(events[0].body, PictureKept)
    assert (files, freed) == (1, events[0].body.bytes)
    assert len(list(tmp_path.rglob("*_thermal-at.jpg"))) == len(list((tmp_path / CAPTURES_NAME).rglob("*.json"))) == 2
    assert pictures.remove_bytes(10**9)[0] == 2
    assert list((tmp_path / CAPTURES_NAME).iterdir()) == []


def test_a_log_from_elsewhere_cannot_have_other_files_removed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    pictures = KeptPictures(tmp_path / "log")
    for file in ("../precious", "captures/../../precious", str(tmp_path / "precious"), "precious"):
        body = PictureKept("shot", 1, "thermal", file, 1, "", "")
        pictures.note(Event(1, 1, 0, "linkage.shot", "PictureKept", None, body))
    assert pictures.remove_bytes(10**9) == (0, 0)
    assert (tmp_path / "precious").exists()


def test_shelved_twice_it_lies_there_once(tmp_path: Path) -> None:
    first, again = shelved(tmp_path, 1, 1), shelved(tmp_path, 1, 2)
    assert first.body == again.body
    assert len(list(tmp_path.glob(f"{CAPTURES_NAME}/**/*.jpg"))) == 1


def test_hostile_names_stay_in_their_place_on_the_shelf(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "log"
    log.mkdir(parents=True)
    ((kept,), _) = shelve(log, parcel(tmp_path / "entry", hostile()), "shot", 1)
    (day,) = (log / CAPTURES_NAME).iterdir()
    assert sorted(path.parent for path in log.rglob("*") if path.is_file()) == [day, day]
    assert (log / kept.file).parent == day and kept.file.isprintable()
    assert {path.name for path in tmp_path.iterdir()} == {"deep", "entry"}


def test_a_capture_without_a_picture_says_why(tmp_path: Path) -> None:
    empty: Notice = notice(missing=("files of thermal: frame 7 has expired",))
    (tmp_path / "entry").mkdir()
    write_notice(tmp_path / "entry", empty)
    assert shelve(tmp_path, tmp_path / "entry", "shot", 1) == ([], "files of thermal: frame 7 has expired")
