"""The daemon on a real RTSP server: digest login, interruptions, alarms after each, and no password anywhere."""

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from devices.host import DriverHost
from devices.process import DriverSpec
from devices.reports import FrameArrived, WentOffline, WentOnline
from devices.testing import gather, seen
from kernel.media import Packet
from support.cli import emberline, good
from support.daemon import start, wait_for_alarm
from support.recordings import walk
from support.rtsp import RtspServer, looped_video, need_rtsp_server
from support.sites import whole_frame


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of somebody walking by every 3.4 s, after a second of nothing."""
    need_rtsp_server()
    frames = [np.clip((f.astype(int) - 2900) // 3, 0, 255).astype(np.uint8) for f in walk(85, enters=30)]
    return looped_video(tmp_path_factory.mktemp("clip") / "walk.mkv", frames, loops=9)


def site_for(server: RtspServer, tmp_path: Path) -> Path:
    secret = tmp_path / "camera"
    secret.write_text(server.password)
    secret.chmod(0o600)
    keys = f'user = "{server.user}"\npassword_file = "camera"\n'
    document = whole_frame(server.url, "optical", "optical")
    path = tmp_path / "site.toml"
    path.write_text(document.replace("\n[[rule]]", f"{keys}\n[[rule]]"))
    return path


def events(log: Path, *kinds: str) -> list[dict[str, object]]:
    words = [word for kind in kinds for word in ("--kind", kind)]
    return [json.loads(line) for line in good("events", log, *words).splitlines()]


def leave(daemon: object, log: Path) -> str:
    daemon.send_signal(signal.SIGTERM)  # type: ignore[attr-defined]
    out, err = daemon.communicate(timeout=60)  # type: ignore[attr-defined]
    assert daemon.returncode == 0, err  # type: ignore[attr-defined]
    return out + err


def test_a_camera_that_was_away_is_found_again_within_5_s_with_its_gap_on_record(clip: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with RtspServer(clip) as server:
        daemon = start(site_for(server, tmp_path), log)
        wait_for_alarm(daemon)
        server.stop()
        time.sleep(1.5)
        server.start()
        back_s = time.monotonic()
        wait_for_alarm(daemon)
        assert time.monotonic() - back_s < 5 + 4  # found again, and the next walker is on his way
        said = leave(daemon, log)
    marks = events(log, "DeviceOnline", "DeviceOffline", "FramesLost", "FrameCaptured")
    course = [str(mark["kind"]) for mark in marks if mark["source"] == "channel.optical"]
    changes = [kind for kind, before in zip(course, ["", *course], strict=False) if kind != before]
    assert changes == ["DeviceOnline", "FrameCaptured", "DeviceOffline", "DeviceOnline", "FramesLost", "FrameCaptured"]
    times = [int(mark["body"]["captured_ns"]) for mark in marks if mark["kind"] == "FrameCaptured"]  # type: ignore[index]
    assert times == sorted(set(times))
    assert "replay: identical" in good("replay", log, "--verify")
    assert server.password not in said
    for file in log.rglob("*"):
        assert not file.is_file() or server.password.encode() not in file.read_bytes()


def driver_of(server: RtspServer, tmp_path: Path, *words: str, password: str) -> DriverSpec:
    secret = tmp_path / "camera"
    secret.write_text(password)
    secret.chmod(0o600)
    login = ("--user", server.user, "--password-file", str(secret))
    return DriverSpec("optical", "devices.drivers.stream", (server.url, *login, *words))


def test_a_wrong_password_is_reported_without_saying_it(clip: Path, tmp_path: Path) -> None:
    with RtspServer(clip) as server, DriverHost([driver_of(server, tmp_path, password="wrong-guess")]) as host:
        gather(host, seen(WentOnline))
        host.begin("optical", "realtime")
        (offline,) = gather(host, seen(WentOffline))
    assert isinstance(offline, WentOffline) and "401 Unauthorized" in offline.reason
    assert "wrong-guess" not in offline.reason


def test_packets_come_over_udp_undecoded_with_their_times(clip: Path, tmp_path: Path) -> None:
    server = RtspServer(clip)
    spec = driver_of(server, tmp_path, "--transport", "udp", password=server.password)
    with server, DriverHost([spec]) as host:
        gather(host, seen(WentOnline))
        host.begin("optical", "realtime")
        arrived = [r.frame for r in gather(host, seen(FrameArrived, 30)) if isinstance(r, FrameArrived)]
    packets = [frame for frame in arrived if isinstance(frame, Packet)]
    assert len(packets) == len(arrived) and packets[0].key and packets[0].stream.codec == "h264"
    assert 0.5e9 < packets[29].captured_ns - packets[0].captured_ns < 2e9


def test_a_live_camera_cannot_be_run_at_speed_max(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(whole_frame("rtsp://camera.example/stream1", "optical", "optical"))
    result = emberline("run", "--site", site, "--log", tmp_path / "log", "--speed", "max")
    assert result.code == 2 and "live camera" in result.err
    assert not (tmp_path / "log").exists()
