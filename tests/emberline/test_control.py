"""`emberline command`: an operator speaks to the running daemon, and every word is a fact."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from support.cli import emberline, good
from support.daemon import start, wait_for_alarm
from support.recordings import cptv, walk
from support.sites import whole_frame


@pytest.fixture
def running(tmp_path: Path) -> tuple[subprocess.Popen[str], Path]:
    site = tmp_path / "site.toml"
    site.write_text(whole_frame(f"file:{cptv(tmp_path / 'a.cptv', walk(300))}"))
    daemon = start(site, tmp_path / "log")
    good("command", "--help")  # loaded before the alarm: its target is there for six seconds only
    wait_for_alarm(daemon)
    yield daemon, tmp_path / "log"
    daemon.kill()
    daemon.communicate()


def test_commands_are_recorded_obeyed_and_replayed(running: tuple[subprocess.Popen[str], Path]) -> None:
    daemon, log = running
    assert good("command", log, "clear", "all#1") == "done: clear all#1\n"
    assert good("command", log, "output", "siren", "on") == "done: output siren on\n"
    assert good("command", log, "restart-vca") == "done: restart-vca\n"
    assert good("command", log, "restore-defaults") == "done: restore-defaults\n"
    refused = emberline("command", log, "output", "horn", "on")
    assert (refused.code, refused.err) == (2, "error: there is no alarm output 'horn'; there are siren\n")
    daemon.send_signal(signal.SIGTERM)
    daemon.communicate(timeout=60)
    assert not (log / "CONTROL").exists()
    events = [json.loads(line) for line in good("events", log).splitlines()]
    assert [e["body"]["name"] for e in events if e["kind"] == "CommandReceived"] == [
        "clear",
        "output",
        "restart-vca",
        "restore-defaults",
    ]
    assert next(e for e in events if e["kind"] == "AlarmCleared")["body"]["reason"] == "command"
    documents = [e["body"]["document"] for e in events if e["kind"] == "ConfigChanged"]
    assert "duration = 0.5" in documents[0] and "duration = 5" in documents[1]
    assert "replay: identical" in good("replay", log, "--verify")


def test_without_a_daemon_there_is_nobody_to_command(tmp_path: Path) -> None:
    result = emberline("command", tmp_path, "arm")
    assert result.code == 2
    assert "no daemon is running" in result.err
