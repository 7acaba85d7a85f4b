"""The daemon's storekeeper: frames stop when there is no room and go on by themselves; old ones go, and it is said."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emberline.control import NobodyAnswers
from emberline.wiring import read_log
from kernel.events import Event, FrameCaptured, FramesLost, SegmentsPruned, StorageFreed, StorageFull
from kernel.log.contract import Selection
from kernel.log.ledger_file import read_ledger
from kernel.log.retention import prune_frames
from support.cli import emberline, good
from support.daemon import start, wait_for_alarm
from support.recordings import cptv, walk
from support.sites import whole_frame
from support.waiting import wait_until
from tests.kernel.log_helpers import SECOND, three_segments

Running = tuple["subprocess.Popen[str]", Path]


def started(place: Path, recording: str, log: Path) -> "subprocess.Popen[str]":
    site = place / "site.toml"
    site.write_text(whole_frame(f"file:{cptv(place / 'a.cptv', walk(2500))}") + recording)
    daemon = start(site, log)
    wait_for_alarm(daemon)
    return daemon


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A daemon that has raised an alarm, with a small quota that it may not make room in."""
    daemon = started(tmp_path, "[recording]\noverwrite = false\nquota_mb = 100\n", tmp_path / "log")
    yield daemon, tmp_path / "log"
    daemon.kill()
    daemon.communicate()


def wait_for(log: Path, kind: str, after: int = 0) -> Event:
    """The first event of this kind behind seq `after`, as soon as it is committed."""
    until = time.monotonic() + 150
    while time.monotonic() < until:
        try:
            with read_log(log, live_frames=False) as opened:
                found = next(opened.read(Selection(first=after + 1, kinds=(kind,))), None)
        except NobodyAnswers:
            found = None
        if found is not None:
            return found
        time.sleep(0.2)
    raise AssertionError(f"no {kind}")


def test_a_used_up_quota_stops_frames_never_events_and_recording_resumes_with_a_key_frame(running: Running) -> None:
    daemon, log = running
    (log / "quarantine").mkdir(exist_ok=True)
    taker = log / "quarantine" / "large"
    with taker.open("wb") as file:
        file.truncate(120_000_000)  # takes no room, but counts
    full = wait_for(log, "StorageFull")
    assert isinstance(full.body, StorageFull)
    assert "the quota of 100 MB is used up" in full.body.detail
    assert "done" in good("command", log, "arm")
    taker.unlink()
    freed = wait_for(log, "StorageFreed")
    assert isinstance(freed.body, StorageFreed)
    wait_for(log, "FrameCaptured", wait_for(log, "FramesLost").seq)
    daemon.send_signal(signal.SIGTERM)
    daemon.communicate(timeout=60)
    with read_log(log) as opened:
        events = list(opened.read())
    between = [event for event in events if full.seq < event.seq < freed.seq]
    assert not any(isinstance(event.body, FrameCaptured) for event in between)
    assert any(event.kind == "CommandReceived" for event in between)
    first = next(event for event in events if event.seq > freed.seq and isinstance(event.body, FrameCaptured))
    assert isinstance(first.body, FrameCaptured) and first.body.key
    lost = [event.body for event in events if isinstance(event.body, FramesLost)]
    assert [body.reason for body in lost] == ["storage full"]
    assert lost[0].count > 0
    assert "sound" in good("verify", log)
    assert "replay: identical" in good("replay", log, "--verify")


def test_old_frames_make_room_and_the_log_says_which(tmp_path: Path) -> None:
    log = tmp_path / "log"
    site = tmp_path / "first.toml"
    recording = cptv(tmp_path / "b.cptv", walk(60))
    site.write_text(whole_frame(f"file:{recording}"))
    good("run", "--site", site, "--log", log, "--speed", "max", "--until-end")
    (log / "quarantine").mkdir(exist_ok=True)
    with (log / "quarantine" / "large").open("wb") as file:
        file.truncate(90_000_000)
    daemon = started(tmp_path, "[recording]\nquota_mb = 100\n", log)
    pruned = wait_for(log, "SegmentsPruned")
    daemon.send_signal(signal.SIGTERM)
    daemon.communicate(timeout=60)
    assert isinstance(pruned.body, SegmentsPruned)
    assert (pruned.body.part, pruned.body.why) == ("frames", "quota")
    assert pruned.body.segments[0] == "000000000001"
    assert not (log / "000000000001.frames.duckdb").exists()
    said = good("verify", log)
    assert "sound" in said and "pruned: 000000000001" in said


def test_a_day_of_which_no_frame_is_left_becomes_one_line_of_the_ledger(tmp_path: Path) -> None:
    log, site = tmp_path / "log", tmp_path / "first.toml"
    site.write_text(whole_frame(f"file:{cptv(tmp_path / 'b.cptv', walk(60))}"))
    for _ in range(2):
        good("run", "--site", site, "--log", log, "--speed", "max", "--until-end")
    good("compact", log)
    for line in read_ledger(log).sealed:
        prune_frames(log, line.first_seq)
    daemon = started(tmp_path, "", log)
    wait_until(lambda: read_ledger(log).closed)
    daemon.send_signal(signal.SIGTERM)
    daemon.communicate(timeout=60)
    assert [line.first_seq in read_ledger(log).closed for line in read_ledger(log).sealed] == [True, False]
    said = good("verify", log)
    assert "sound" in said and "pruned: 000000000001 to " in said


def test_scrub_names_what_is_damaged_and_the_log_is_read_on_without_it(tmp_path: Path) -> None:
    log = three_segments(tmp_path / "log")
    assert good("scrub", log) == "nothing is damaged\n"
    damaged = log / f"{SECOND}.frames.duckdb"
    damaged.chmod(0o600)
    damaged.write_bytes(damaged.read_bytes()[:5000])
    result = emberline("scrub", log)
    assert result.code == 1
    assert f"payloads_lost: {SECOND}" in result.err
    assert good("scrub", log) == "nothing is damaged\n"
    assert len(good("events", log).splitlines()) == 90
