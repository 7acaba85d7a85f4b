"""A log is read while its daemon writes it: the newest committed events, live and bounded, and its configurations."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from emberline.control import ControlClient, send_command
from emberline.errors import Unusable
from emberline.live_rows import ROWS_AT_ONCE, RowsWanted, ask_rows, event_of
from emberline.wiring import read_log
from kernel.events import CommandReceived, ConfigChanged
from kernel.log.contract import Selection
from support.cli import REPOSITORY, alarms, emberline, good
from support.daemon import ended, start, wait_for_alarm
from support.recordings import cptv, walk
from support.sites import whole_frame
from support.waiting import wait_until

Running = tuple["subprocess.Popen[str]", Path, Path]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A daemon that has raised an alarm; its log and its site file."""
    site = tmp_path / "site.toml"
    site.write_text(whole_frame(f"file:{cptv(tmp_path / 'a.cptv', walk(400))}"))
    daemon = start(site, tmp_path / "log")
    wait_for_alarm(daemon)
    yield daemon, tmp_path / "log", site
    daemon.kill()
    daemon.communicate()


def stop(daemon: "subprocess.Popen[str]") -> None:
    daemon.send_signal(signal.SIGTERM)
    daemon.communicate(timeout=60)


def test_alarms_and_events_of_a_log_that_is_being_written_are_there_at_once(running: Running) -> None:
    daemon, log, _ = running
    (alarm,) = alarms(log)
    assert alarm["rule"] == "all"
    assert send_command(log, CommandReceived("arm", (), "test")) == "done: arm"
    (command,) = good("events", log, "--kind", "CommandReceived").splitlines()
    assert json.loads(command)["body"]["name"] == "arm"
    with read_log(log) as opened:
        frames = list(opened.read(Selection(kinds=("FrameCaptured",))))
        assert opened.payload(frames[-1].seq) is not None
        seen = list(opened.read())
    stop(daemon)
    with read_log(log) as opened:
        assert list(opened.read(Selection(last=seen[-1].seq))) == seen
    assert "sound" in good("verify", log)


def test_tail_gives_every_event_in_order_until_the_daemon_ends(running: Running) -> None:
    daemon, log, _ = running
    command = [sys.executable, "-m", "emberline", "tail", str(log), "--last", "10000"]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    follower = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    assert follower.stdout is not None
    with ended(follower, within_s=120), follower.stdout as lines:
        first = next(lines)
        stop(daemon)
        events = [json.loads(line) for line in (first, *lines)]
    assert follower.returncode == 0
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events == [json.loads(line) for line in good("events", log).splitlines()]
    assert events[-1]["kind"] == "StateDigested"


def test_tail_without_a_daemon_says_so(tmp_path: Path) -> None:
    result = emberline("tail", tmp_path)
    assert (result.code, result.err) == (2, f"error: no daemon is running on {tmp_path}\n")


def test_an_answer_is_bounded_and_a_request_that_is_none_is_refused(running: Running) -> None:
    _, log, _ = running
    with ControlClient(log) as client:
        page = ask_rows(client, RowsWanted(1, frames=True))
        assert 0 < len(page.rows) <= ROWS_AT_ONCE
        assert event_of(page.rows[0]).kind == "SessionStarted"
        assert [seq for seq, _ in page.payloads] == [row.seq for row in page.rows if row.kind == "FrameCaptured"]
        assert ask_rows(client, RowsWanted(10**9)).rows == []
        with pytest.raises(Unusable, match="not a request of 'rows'"):
            client.ask("rows", CommandReceived("arm", (), "test"))
        with pytest.raises(Unusable, match="knows no request 'format'"):
            client.ask("format", RowsWanted(1))


def test_configurations_are_listed_compared_shown_and_put_back(running: Running) -> None:
    daemon, log, site = running
    first = site.read_text()
    site.write_text(first.replace("duration = 0.5", "duration = 1.5"))
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: "reload" in good("config", log))
    history = good("config", log).splitlines()[1:]
    assert len(history) == 2 and history[1].endswith("reload")
    seqs = [line.split()[0] for line in history]
    assert good("config", log, "at", seqs[0]).strip() == first.strip()
    changes = good("config", log, "diff", *seqs).splitlines()
    assert "-duration = 0.5" in changes and "+duration = 1.5" in changes
    assert good("config", log, "diff", seqs[0], seqs[0]) == "no difference\n"
    moment = " ".join(history[1].split()[1:3])
    assert "duration = 1.5" in good("config", log, "at", moment)
    assert "in force again" in good("config", log, "restore", seqs[0])
    assert good("config", log, "at", "999999").strip() == first.strip()
    stop(daemon)
    assert "replay: identical" in good("replay", log, "--verify")
    with read_log(log) as opened:
        last = list(opened.read(Selection(kinds=("ConfigChanged",))))[-1].body
    assert isinstance(last, ConfigChanged)
    assert f"restored from seq {seqs[0]}" in last.who


def test_a_configuration_of_other_channels_is_not_put_in_force(running: Running) -> None:
    _, log, site = running
    other = ConfigChanged(site.read_text().replace("a.cptv", "b.cptv"), "test")
    with ControlClient(log) as client, pytest.raises(Unusable, match="channels or their sources"):
        client.ask("configure", other)
    with ControlClient(log) as client, pytest.raises(Unusable, match="does not fit"):
        client.ask("configure", msgspec.structs.replace(other, document="[site]\nnam = 1"))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["at", "yesterday"], "is no time"),
        (["at", "1"], "no configuration was in force yet"),
        (["at", "2020-01-01T00:00"], "no configuration was in force yet"),
        (["diff", "3"], "diff A B"),
        (["restore", "3"], "no daemon is running"),
    ],
)
def test_what_cannot_be_asked_of_the_configurations_is_said(log: Path, words: list[str], reason: str) -> None:
    result = emberline("config", log, *words)
    assert result.code == 2
    assert reason in result.err


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("configurations")
    site = place / "site.toml"
    site.write_text(whole_frame(f"file:{cptv(place / 'a.cptv', walk(20))}"))
    good("import", place / "a.cptv", "--log", place / "log", "--site", site, "--start", "2026-03-01T02:00:00+00:00")
    return place / "log"
