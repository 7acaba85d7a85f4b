"""A disk that fills up: what was committed stays, the log says why it stopped, and goes on once there is room."""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.log.contract import LogError
from kernel.log.duckdb_log import DuckDBLog, open_log
from kernel.log.room import free_bytes
from kernel.log.verify import verify_log
from support.cli import good
from support.daemon import start, wait_for_alarm
from support.recordings import cptv, walk
from support.sites import whole_frame
from tests.crash.load import next_unit
from tests.emberline.test_storekeeper import wait_for

MEGABYTE = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MB, of which 18 MB are taken by the file `filler`."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small file system can be mounted by root alone, where the system lets it")
    (place / "filler").write_bytes(bytes(18 * MEGABYTE))
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def take_all_room(filler: Path) -> None:
    """Let a file grow until the disk is full."""
    with filler.open("ab", buffering=0) as file, pytest.raises(OSError):
        while file.write(bytes(4096)):
            pass


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody will make room: it does not take long to see."""
    monkeypatch.setattr("kernel.log.writer.ROOM_TRIES", 3)


def write_until_full(log: DuckDBLog, rng: random.Random) -> str:
    """Append until the log refuses; why it does."""
    with pytest.raises(LogError) as refusal:
        while True:
            for _ in range(4):
                events, payload = next_unit(log.head, rng)
                log.append(events, payload)
            log.sync()
    return str(refusal.value)


@pytest.mark.parametrize("segment_bytes", [MEGABYTE, 64 * MEGABYTE], ids=["while sealing", "while committing"])
@pytest.mark.usefixtures("impatient")
def test_a_full_disk_loses_nothing_and_the_log_goes_on_once_there_is_room(small_disk: Path, segment_bytes: int) -> None:
    path, rng = small_disk / "log", random.Random(3)
    log = open_log(path, "write", segment_bytes=segment_bytes)
    reason = write_until_full(log, rng)
    committed = log.committed
    assert committed > 50
    assert f"all up to event {committed} is safe" in reason
    with pytest.raises(LogError):
        log.close()
    (small_disk / "filler").unlink()
    log = open_log(path, "write", segment_bytes=segment_bytes)
    assert log.recovered == ()
    assert log.head.seq >= committed  # what was written and could not be acknowledged any more may be there, too
    events, payload = next_unit(log.head, rng)
    log.append(events, payload)
    log.close()
    assert verify_log(path).sound


@pytest.mark.parametrize("segment_bytes", [MEGABYTE, 64 * MEGABYTE], ids=["between segments", "within one"])
def test_a_writer_waits_for_room_that_somebody_makes_and_writes_nothing_twice(
    small_disk: Path, segment_bytes: int
) -> None:
    path, rng, filler = small_disk / "log", random.Random(5), small_disk / "filler"
    log = open_log(path, "write", segment_bytes=segment_bytes)
    for _ in range(12):
        size = filler.stat().st_size
        take_all_room(filler)
        waits = threading.Timer(0.3, os.truncate, (filler, size))
        waits.start()
        for _ in range(10):
            log.append(*next_unit(log.head, rng))
        log.sync()
        waits.join()
    log.close()
    assert verify_log(path).sound


@pytest.mark.usefixtures("impatient")
def test_opening_on_a_full_disk_says_so_and_breaks_nothing(small_disk: Path) -> None:
    path, rng = small_disk / "log", random.Random(4)
    log = open_log(path, "write")
    write_until_full(log, rng)
    committed = log.committed
    with pytest.raises(LogError):
        log.close()
    take_all_room(small_disk / "more")
    for _ in range(2):
        with pytest.raises(LogError, match=r"cannot be sealed|cannot be brought into order"):
            open_log(path, "write")
    (small_disk / "more").unlink()
    (small_disk / "filler").unlink()
    log = open_log(path, "write")
    assert (log.recovered, log.head.seq) == ((), committed)
    log.close()
    assert verify_log(path).sound


@pytest.mark.parametrize("left", [2 * MEGABYTE, 0], ids=["slowly", "at once, by another program"])
def test_a_daemon_on_a_disk_that_fills_up_says_so_and_resumes_by_itself(
    small_disk: Path, tmp_path: Path, left: int
) -> None:
    log, more = small_disk / "log", small_disk / "more"
    (small_disk / "filler").unlink()
    site = tmp_path / "site.toml"
    site.write_text(whole_frame(f"file:{cptv(tmp_path / 'a.cptv', walk(2500))}"))
    daemon = start(site, log)
    try:
        wait_for_alarm(daemon)
        with more.open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, free_bytes(small_disk) - left)
        full = wait_for(log, "StorageFull")
        assert not (log / "reserve").exists()
        more.unlink()
        freed = wait_for(log, "StorageFreed")
        wait_for(log, "FramesLost")  # told once a key frame has come
        time.sleep(1)
        daemon.send_signal(signal.SIGTERM)
        _, errors = daemon.communicate(timeout=60)
    finally:
        daemon.kill()
    assert daemon.returncode == 0, errors
    assert verify_log(log).sound
    events = [json.loads(line) for line in good("events", log).splitlines()]
    frames = [event["seq"] for event in events if event["kind"] == "FrameCaptured"]
    assert not [seq for seq in frames if full.seq < seq < freed.seq]
    assert frames[-1] > freed.seq
    assert "replay: identical" in good("replay", log, "--verify")
