"""`clip` and `test-output`, as a user runs them."""

import json
from pathlib import Path

import av

from support.alarmed_logs import alarmed
from support.cli import alarms, emberline, good
from support.delivery_contract import closed_port
from support.receivers import receiving
from support.recordings import cptv, walk
from support.sites import whole_frame


def test_clip_writes_the_recording_of_an_alarm_and_its_lossless_frames(tmp_path: Path) -> None:
    log = alarmed(tmp_path, cptv(tmp_path / "a.cptv", walk(80, enters=30)))
    seq = alarms(log)[0]["seq"]
    said = good("clip", log, seq, "--out", tmp_path / "out.mp4").split()
    assert [Path(line).name for line in said] == ["out.mp4", "out.mkv"]
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert json.loads(container.metadata["comment"])["seq"] == seq
        assert 43 <= sum(1 for _ in container.decode(video=0)) <= 46


def test_clip_says_what_is_no_alarm(tmp_path: Path) -> None:
    log = alarmed(tmp_path, cptv(tmp_path / "a.cptv", walk(60)))
    result = emberline("clip", log, 1, "--out", tmp_path / "out.mp4")
    assert result.code == 2 and "is no alarm" in result.err
    result = emberline("clip", log, 1, "--out", tmp_path / "out.gif")
    assert result.code == 2 and ".mp4" in result.err


def site_with(where: Path, linkage: str) -> Path:
    path = where / "site.toml"
    path.write_text(whole_frame() + linkage)
    return path


def test_test_output_sends_a_message_through_the_real_driver(tmp_path: Path) -> None:
    with receiving(None) as receiver:
        web = f'\n[linkage.web]\nkind = "http"\nurl = "http://127.0.0.1:{receiver.port}/alarms"\n'
        assert "web: done in" in good("test-output", site_with(tmp_path, web), "web")
        (_, body) = receiver.posts[0]
    said = json.loads(body)
    assert said["event"] == "Test" and said["attachments"][0]["media_type"] == "image/jpeg"


def test_test_output_says_why_it_failed(tmp_path: Path) -> None:
    web = f'\n[linkage.web]\nkind = "http"\nurl = "http://127.0.0.1:{closed_port()}/alarms"\n'
    result = emberline("test-output", site_with(tmp_path, web), "web")
    assert result.code == 1 and "web: http://127.0.0.1" in result.err
    result = emberline("test-output", site_with(tmp_path, web), "wep")
    assert result.code == 2 and "siren, web" in result.err


def test_test_output_switches_a_relay_for_a_moment(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    relay = f'\n[linkage.gate]\nkind = "alarm_output"\nnumber = 3\nchip = "fake:{lines}"\n'
    good("test-output", site_with(tmp_path, relay), "gate")
    assert lines.read_text() == "3 on\n3 off\n"
