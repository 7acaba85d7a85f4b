"""Importing: selections of frames, several channels, and what fails leaves no trace."""

import json
from pathlib import Path

import pytest

from emberline.wiring import read_log
from kernel.log.contract import Selection
from replay.frames import frame_pixels
from support.cli import emberline, good
from support.recordings import cptv, folder, video, walk
from support.sites import whole_frame


def captured(log: Path) -> list[int]:
    return [json.loads(line)["seq"] for line in good("events", log, "--kind", "FrameCaptured").splitlines()]


@pytest.mark.parametrize("form", ["folder", "cptv", "mp4"])
@pytest.mark.parametrize(("first", "last"), [(0, 5), (7, 30), (25, 26)])
def test_selected_frames_are_the_same_pixels_as_in_the_whole(form: str, first: int, last: int, tmp_path: Path) -> None:
    frames = walk(40)
    source = {
        "folder": lambda: folder(tmp_path / "f", frames),
        "cptv": lambda: cptv(tmp_path / "a.cptv", frames),
        "mp4": lambda: video(tmp_path / "a.mp4", frames, g="12", bf="2"),
    }[form]()
    good("import", source, "--log", tmp_path / "whole")
    good("import", source, "--log", tmp_path / "part", "--frames", f"{first}:{last}")
    whole, part = captured(tmp_path / "whole"), captured(tmp_path / "part")
    assert len(part) == last - first
    with read_log(tmp_path / "whole") as a, read_log(tmp_path / "part") as b:
        for n, seq in enumerate(part):
            assert (frame_pixels(a, whole[first + n]) == frame_pixels(b, seq)).all()
    assert "sound" in good("verify", tmp_path / "part")


def test_frames_of_two_channels_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    a, b = cptv(tmp_path / "a.cptv", walk(20)), video(tmp_path / "b.mp4", walk(30), fps=15)
    good("import", "--channel", f"thermal={a}", "--channel", f"optical={b}", "--log", tmp_path / "log")
    with read_log(tmp_path / "log") as log:
        times = [e.body.captured_ns for e in log.read(Selection(kinds=("FrameCaptured",)))]
    assert len(times) == 50
    assert times == sorted(times)


def test_without_a_start_schedules_are_ignored_with_a_warning(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(whole_frame(schedule='"night"') + '[schedules.night]\nall = ["00:00-00:01"]\n')
    result = emberline("import", cptv(tmp_path / "a.cptv", walk(60)), "--log", tmp_path / "log", "--site", site)
    assert result.code == 0
    assert "civil time is unknown" in result.err and "2026-01-01" in result.err, "the file's own time is offered"
    assert "1 alarm" in good("replay", tmp_path / "log")


def test_with_a_start_schedules_decide_in_the_sites_time(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    zone = '[site]\ntimezone = "Europe/Berlin"\n'
    site.write_text(zone + whole_frame(schedule='"night"') + '[schedules.night]\nall = ["20:00-24:00"]\n')
    source = cptv(tmp_path / "a.cptv", walk(60))
    for start, alarms in (("2026-07-01T21:00", 1), ("2026-07-01T19:00", 0), ("2026-07-01T18:00+00:00", 1)):
        log = tmp_path / start.replace(":", "")
        good("import", source, "--log", log, "--site", site, "--start", start)
        assert f"{alarms} alarm" in good("replay", log)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--frames", "9"], "write A:B"),
        (["--frames", "5:5"], "0 ≤ A < B"),
        (["--fps", "0"], "above 0"),
        (["--start", "yesterday"], "is no time"),
        (["--channel", "a", "--channel", "b"], "need a source each"),
    ],
)
def test_a_wrong_option_is_refused(words: list[str], says: str, tmp_path: Path) -> None:
    result = emberline("import", folder(tmp_path / "f", walk(3)), "--log", tmp_path / "log", *words)
    assert result.code == 2
    assert says in result.err
    assert not (tmp_path / "log").exists()
