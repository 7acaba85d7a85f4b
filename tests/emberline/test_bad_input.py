"""Bad input: exit code 2, an `error:` line that says what, where and what to do, and the log as it was."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.cli import emberline, good
from support.recordings import cptv, folder, video, walk
from support.sites import whole_frame


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with one imported session."""
    where = tmp_path_factory.mktemp("bad")
    site = where / "site.toml"
    site.write_text(whole_frame())
    good("import", folder(where / "frames", walk(20)), "--log", where / "log", "--site", site, "--fps", 9)
    return where / "log"


def refused(*words: object) -> str:
    """The error of a command that must be refused, all its lines beginning with `error:`."""
    result = emberline(*words)
    assert result.code == 2, result.err
    assert result.err.startswith("error: ")
    return result.err


def truncated(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def test_no_such_file(log: Path) -> None:
    assert "nowhere.mp4: no such file" in refused("import", "nowhere.mp4", "--log", log)


def test_an_empty_folder(log: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no numbered images" in refused("import", tmp_path / "empty", "--log", log)


def test_a_file_that_is_no_video(log: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("this is no video\n" * 100)
    assert "text.mp4" in refused("import", tmp_path / "text.mp4", "--log", log)


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_truncated_video_leaves_the_log_as_it_was(log: Path, tmp_path: Path, share: float) -> None:
    before = good("events", log)
    path = truncated(video(tmp_path / "cut.avi", walk(60)), share)
    assert "cut.avi" in refused("import", path, "--log", log)
    assert "sound" in good("verify", log)
    assert good("events", log) == before


def test_a_truncated_cptv_leaves_the_log_as_it_was(log: Path, tmp_path: Path) -> None:
    before = good("events", log)
    path = truncated(cptv(tmp_path / "cut.cptv", walk(40)), 0.5)
    assert "cut.cptv" in refused("import", path, "--log", log)
    assert good("events", log) == before


def test_a_site_file_with_a_mistake(log: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(whole_frame(sensitivity=150))
    error = refused("check", site)
    assert "rule.all.sensitivity = 150" in error
    assert "0 to 100" in error


def test_a_log_of_a_newer_schema(log: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    newer.mkdir()
    text = (log / "ledger.jsonl").read_text()
    (newer / "ledger.jsonl").write_text(text.replace('"schema":1', '"schema":7'))
    for command in ("alarms", "verify", "replay", "events"):
        assert "newer Emberline" in refused(command, newer)
    assert "newer Emberline" in refused("import", "--log", newer, folder(tmp_path / "f", walk(3)), "--fps", 9)


def test_a_log_that_another_process_writes(log: Path, tmp_path: Path) -> None:
    hold = "import sys, time; from kernel.log.lock import WriterLock; from pathlib import Path\n"
    hold += "WriterLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    repository = Path(__file__).resolve().parents[2]
    env = {**os.environ, "PYTHONPATH": str(repository)}
    holder = subprocess.Popen([sys.executable, "-c", hold, str(log)], stdout=subprocess.PIPE, text=True, env=env)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        error = refused("import", folder(tmp_path / "f", walk(3)), "--log", log, "--fps", 9)
        assert f"process {holder.pid}" in error
    finally:
        holder.kill()
        holder.wait()
    time.sleep(0.05)
    assert "sound" in good("verify", log)


def test_no_log_there(tmp_path: Path) -> None:
    for command in ("alarms", "events", "verify", "replay"):
        assert "there is no log" in refused(command, tmp_path / "nothing")


def test_words_that_fit_no_command() -> None:
    assert "No such command" in refused("recrod")


def test_a_setting_that_the_site_does_not_have_is_corrected(log: Path) -> None:
    assert "did you mean 'all'" in refused("replay", log, "--set", "rule.al.sensitivity=60")


def test_a_log_without_conclusions_does_not_verify(log: Path) -> None:
    result = emberline("replay", log, "--verify")
    assert result.code == 1
    assert "silence proves nothing" in result.err
