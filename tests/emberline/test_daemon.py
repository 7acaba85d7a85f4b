"""The daemon with real drivers over real sockets: it records, alarms, acts, and leaves in order."""

import json
import signal
import time
from pathlib import Path
from typing import IO

import pytest

from support.cli import alarms, emberline, good, outcome
from support.daemon import start, wait_for_alarm
from support.recordings import cptv, folder, video, walk
from support.sites import whole_frame
from support.waiting import wait_until


def site_for(source: Path, tmp_path: Path, more: str = "") -> Path:
    path = tmp_path / "site.toml"
    path.write_text(whole_frame(f"file:{source}") + more)
    return path


def kinds(log: Path) -> list[str]:
    return [json.loads(line)["kind"] for line in good("events", log).splitlines()]


def until_told(lines: IO[str], words: str) -> str:
    """The first line that holds the words."""
    for line in lines:
        if words in line:
            return line
    raise AssertionError(f"nobody said {words!r}")


@pytest.mark.parametrize("form", ["cptv", "h264", "mjpeg", "folder"])
def test_a_run_and_an_import_of_the_same_file_come_to_the_same_outcome(form: str, tmp_path: Path) -> None:
    frames = walk(70)
    source = {
        "cptv": lambda: cptv(tmp_path / "a.cptv", frames),
        "h264": lambda: video(tmp_path / "a.mp4", frames, bf="2", g="20"),
        "mjpeg": lambda: video(tmp_path / "a.avi", frames, "mjpeg"),
        "folder": lambda: folder(tmp_path / "a", frames),
    }[form]()
    site = site_for(source, tmp_path)
    good("import", source, "--log", tmp_path / "imported", "--site", site)
    replayed = good("replay", tmp_path / "imported")
    ran = good("run", "--site", site, "--log", tmp_path / "ran", "--speed", "max", "--until-end")
    assert outcome(ran) == outcome(replayed)
    assert len(alarms(tmp_path / "ran")) == 1
    assert "2 of 2 actions confirmed" in ran
    assert "replay: identical" in good("replay", tmp_path / "ran", "--verify")


def test_sigterm_ends_the_session_in_order(tmp_path: Path) -> None:
    site, log = site_for(cptv(tmp_path / "a.cptv", walk(200)), tmp_path), tmp_path / "log"
    daemon = start(site, log)
    wait_for_alarm(daemon)
    daemon.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    _, errors = daemon.communicate(timeout=60)
    assert daemon.returncode == 0, errors
    assert time.monotonic() - begun < 5
    assert "sound" in good("verify", log)
    assert "replay: identical" in good("replay", log, "--verify")
    (alarm,) = alarms(log)
    assert alarm["reason"] == "session_ended"
    ended = json.loads(good("events", log, "--kind", "SessionEnded"))
    assert ended["body"]["reason"] == "stopped by SIGTERM"


def test_after_sigkill_the_log_is_whole_and_the_next_run_goes_on(tmp_path: Path) -> None:
    site, log = site_for(cptv(tmp_path / "a.cptv", walk(60)), tmp_path), tmp_path / "log"
    daemon = start(site, log)
    wait_for_alarm(daemon)
    daemon.kill()
    daemon.communicate()
    time.sleep(0.3)
    assert len(alarms(log)) == 1
    assert "replay: identical" in good("replay", log, "--verify")
    good("run", "--site", site, "--log", log, "--speed", "max", "--until-end")
    assert "sound" in good("verify", log)
    assert len(alarms(log)) == 2
    assert good("replay", log, "--verify").count("identical") == 3


def test_sighup_puts_a_changed_site_file_in_force_and_a_bad_one_not(tmp_path: Path) -> None:
    site, log = site_for(cptv(tmp_path / "a.cptv", walk(300)), tmp_path), tmp_path / "log"
    daemon = start(site, log, "--json-log")
    assert daemon.stderr is not None
    until_told(daemon.stderr, '"ConfigChanged"')
    document = site.read_text()
    site.write_text(document.replace("duration = 0.5", "duration = 9999"))
    daemon.send_signal(signal.SIGHUP)
    assert "rule.all.duration = 9999" in until_told(daemon.stderr, "the site file is left as it was in force")
    site.write_text(document.replace("duration = 0.5", "duration = 1.5"))
    daemon.send_signal(signal.SIGHUP)
    until_told(daemon.stderr, '"ConfigChanged"')
    daemon.send_signal(signal.SIGTERM)
    daemon.communicate(timeout=60)
    assert kinds(log).count("ConfigChanged") == 2
    assert "replay: identical" in good("replay", log, "--verify")


def test_a_source_that_cannot_be_read_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    site = site_for(tmp_path / "nowhere.cptv", tmp_path)
    result = emberline("run", "--site", site, "--log", tmp_path / "log", "--speed", "max", "--until-end")
    assert result.code == 2
    assert "nowhere.cptv: no such file" in result.err
    assert "sound" in good("verify", tmp_path / "log")


def test_two_channels_run_and_imported_agree(tmp_path: Path) -> None:
    thermal, optical = cptv(tmp_path / "a.cptv", walk(60)), video(tmp_path / "b.mp4", walk(60, enters=25), g="15")
    site = tmp_path / "site.toml"
    second = whole_frame(f"file:{optical}", "optical", "optical").replace('id = "all"', 'id = "optical_all"')
    site.write_text(whole_frame(f"file:{thermal}") + second.split("[linkage.siren]")[0])
    imported, ran = tmp_path / "imported", tmp_path / "ran"
    words = ["--channel", f"thermal={thermal}", "--channel", f"optical={optical}"]
    good("import", *words, "--log", imported, "--site", site)
    replayed = good("replay", imported)
    assert outcome(good("run", "--site", site, "--log", ran, "--speed", "max", "--until-end")) == outcome(replayed)
    assert {a["channel"] for a in alarms(imported)} == {"thermal", "optical"}


def test_sigterm_while_detectors_are_still_compiled_ends_it_within_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "compiled"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache))
    site, log = site_for(cptv(tmp_path / "a.cptv", walk(20)), tmp_path), tmp_path / "log"
    daemon = start(site, log)
    wait_until(lambda: any(cache.rglob("*.nbi")))
    daemon.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, errors = daemon.communicate(timeout=60)
    assert daemon.returncode == 0 and time.monotonic() - began < 5, errors
    assert errors == "warning: stopped by SIGTERM before the session began\n"
    assert not (log / "CONTROL").exists()
    assert "holds no session yet" in emberline("replay", log).err
