"""The daemon as a service: what systemd, monitoring and log collectors hear of it, and what a reload disturbs."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from emberline.errors import Unusable
from emberline.operation.metrics import MetricsServer
from emberline.operation.service_manager import ServiceManager
from support.cli import good
from support.daemon import start, wait_for_alarm
from support.recordings import cptv, walk
from support.rtsp import free_port
from support.sites import whole_frame
from support.waiting import wait_until


class Manager:
    """A service manager's end of sd_notify."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))

    def heard(self, within_s: float = 0.0) -> list[str]:
        """What was said, waiting up to `within_s` for the first word."""
        said: list[str] = []
        while select.select([self._socket], [], [], 0 if said else within_s)[0]:
            said += self._socket.recv(4096).decode().split("\n")
        return said

    def until(self, word: str) -> list[str]:
        said: list[str] = []
        by_s = time.monotonic() + 60
        while word not in said:
            assert time.monotonic() < by_s, said
            said += self.heard(0.5)
        return said


def two_cameras(tmp_path: Path, second: str) -> str:
    first = whole_frame(f"file:{tmp_path / 'a.cptv'}")
    other = whole_frame(f"file:{tmp_path / second}", channel="other").replace('id = "all"', 'id = "others"')
    return first + other.split("[linkage.siren]")[0]


def driver_pids(daemon: subprocess.Popen[str], tmp_path: Path) -> dict[str, int]:
    """The process of each playback driver, by the file it plays."""
    children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()
    lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
    return {name: pid for pid, line in lines.items() for name in re.findall(r"(\w+\.cptv)", line)}


def when_both_alarmed(log: Path) -> dict[str, Any]:
    """What `status` says as soon as both cameras are online and each has had an alarm."""

    def account() -> dict[str, Any]:
        return json.loads(good("status", log, "--json"))

    wait_until(lambda: account()["alarms"] >= 2 and all(channel["online"] for channel in account()["channels"]))
    return account()


def test_a_service_manager_metrics_and_a_log_collector_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, port, site, log = Manager(tmp_path), free_port(), tmp_path / "site.toml", tmp_path / "log"
    for name in ("a.cptv", "b.cptv", "c.cptv"):
        cptv(tmp_path / name, walk(400))
    site.write_text(two_cameras(tmp_path, "b.cptv"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.path))
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    daemon = start(site, log, "--metrics", str(port), "--json-log")
    assert "READY=1" in manager.until("WATCHDOG=1")
    wait_for_alarm(daemon)
    manager.heard()
    before = driver_pids(daemon, tmp_path)
    site.write_text(two_cameras(tmp_path, "c.cptv"))
    daemon.send_signal(signal.SIGHUP)
    said = manager.until("READY=1")
    assert "RELOADING=1" in said and any(line.startswith("MONOTONIC_USEC=") for line in said)
    account = when_both_alarmed(log)
    metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60).read().decode()
    told = good("status", log)
    after = driver_pids(daemon, tmp_path)
    daemon.send_signal(signal.SIGTERM)
    manager.until("STOPPING=1")
    _, errors = daemon.communicate(timeout=60)
    assert daemon.returncode == 0, errors

    assert set(before) == {"a.cptv", "b.cptv"} and set(after) == {"a.cptv", "c.cptv"}
    assert before["a.cptv"] == after["a.cptv"]
    assert re.search(r'^emberline_frames_total\{channel="thermal"\} [1-9]', metrics, re.MULTILINE)
    assert re.search(r'^emberline_driver_starts_total\{driver="thermal"\} 1$', metrics, re.MULTILINE)
    assert re.search(r'^emberline_frame_to_action_seconds\{quantile="0.99"\} 0\.\d+', metrics, re.MULTILINE)
    assert {c["id"]: c["online"] for c in account["channels"]} == {"thermal": True, "other": True}
    assert account["channels"][0]["frames"] > 0 and account["channels"][0]["lost"] == 0
    assert account["last_alarm"]["rule"] in ("all", "others") and account["alarms"] >= 2
    assert account["log_free_mb"] > 0 and account["commit"]["p99_ms"] > 0
    assert re.search(r"^thermal +online +\d+ +0 ", told, re.MULTILINE) and "not yet on disk" in told
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    alarm = next(line for line in lines if line["event"] == "AlarmRaised")
    assert alarm["level"] == "warning" and alarm["seq"] > 0 and alarm["body"]["rule"] in ("all", "others")
    assert "document" not in next(line for line in lines if line["event"] == "ConfigChanged")["body"]
    frames = [json.loads(line) for line in good("events", log, "--kind", "FrameCaptured").splitlines()]
    times = [f["time"] for f in frames if f["source"] == "channel.thermal"]
    assert max(b - a for a, b in pairwise(times)) < 1e9
    assert "replay: identical" in good("replay", log, "--verify")


def test_metrics_are_served_at_one_path_of_the_loopback_address_only() -> None:
    server = MetricsServer("0")
    address = f"http://127.0.0.1:{server.port}"
    try:
        assert urllib.request.urlopen(f"{address}/metrics", timeout=60).status == 200
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{address}/../etc/passwd", timeout=60)
    finally:
        server.close()


@pytest.mark.parametrize("address", ["no", "127.0.0.1:99999", "127.0.0.1:", "[::1"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(Unusable, match="a port such as 9189 is needed"):
        MetricsServer(address)


def test_a_watchdog_that_is_meant_for_another_process_is_none_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = Manager(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.path))
    monkeypatch.setenv("WATCHDOG_USEC", "1000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    service = ServiceManager()
    service.alive()
    assert manager.heard() == []
    service.ready()
    assert manager.heard(1.0) == ["READY=1"]
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(os.environ)
