"""Drivers that connect by themselves: the right key comes in, everybody else is turned away and reported."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from devices.curve import list_keys, load_pair, make_keys
from devices.host import DriverHost
from devices.process import DriverSpec
from devices.reports import FrameArrived, LoginRefused, Lost, WentOffline, WentOnline
from devices.secrets import SecretError
from devices.testing import gather, seen
from devices.wire import Fault, encode
from support.cli import REPOSITORY, emberline
from support.rtsp import free_port
from support.sites import whole_frame

CAMERA = """
import numpy as np
from devices.live import run_live
from kernel.media import Shot
import time

def connect():
    for n in range(1000):
        yield Shot(n * 20_000_000, np.full((8, 640), n, np.uint16))
        time.sleep(0.02)

raise SystemExit(run_live(connect, {"lens": "19 mm"}))
"""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    for name in ("daemon", "cam"):
        make_keys(tmp_path / "keys", name)
    return tmp_path / "keys"


def guest(**environment: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "EMBERLINE_DRIVER": "cam", **environment}
    return subprocess.Popen([sys.executable, "-c", CAMERA], env=env)


@pytest.fixture
def at_the_door(keys: Path) -> Iterator[tuple[DriverHost, int]]:
    port = free_port()
    words = (f"tcp://127.0.0.1:{port}", "cam", "--keys", str(keys))
    with DriverHost([DriverSpec("cam", "devices.drivers.doorman", words)]) as host:
        gather(host, seen(WentOnline))
        host.begin("cam", "realtime")
        (waiting,) = gather(host, seen(WentOffline))
        assert isinstance(waiting, WentOffline) and "no driver has connected" in waiting.reason
        yield host, port


def over_tcp(port: int, keys: Path) -> dict[str, str]:
    return {
        "EMBERLINE_DRIVER_FACTS": f"tcp://127.0.0.1:{port}",
        "EMBERLINE_DRIVER_COMMANDS": f"tcp://127.0.0.1:{port + 1}",
        "EMBERLINE_DRIVER_KEYS": str(keys),
    }


def test_a_driver_with_the_right_key_is_let_in_again_and_again(at_the_door: tuple[DriverHost, int], keys: Path) -> None:
    host, port = at_the_door
    for _ in range(2):
        driver = guest(**over_tcp(port, keys))
        reports = gather(host, seen(FrameArrived, 5))
        assert isinstance(reports[0], WentOnline) and isinstance(reports[1], Lost)
        driver.kill()
        driver.wait()
        gather(host, seen(WentOffline))
    assert not host.malformed


def test_an_unknown_key_is_turned_away_and_reported(at_the_door: tuple[DriverHost, int], tmp_path: Path) -> None:
    host, port = at_the_door
    strange = tmp_path / "strange"
    pair = make_keys(strange, "cam")
    (strange / "daemon.key").write_bytes((tmp_path / "keys" / "daemon.key").read_bytes())
    driver = guest(**over_tcp(port, strange))
    (refused, *_) = gather(host, seen(LoginRefused))
    driver.kill()
    driver.wait()
    assert isinstance(refused, LoginRefused)
    assert (refused.who, refused.address, refused.detail) == (pair.public.decode(), "127.0.0.1", "unknown key")
    assert not [r for r in host.poll(0.2) if isinstance(r, FrameArrived | WentOnline)]


def test_somebody_without_keys_gets_no_word_in(at_the_door: tuple[DriverHost, int]) -> None:
    host, port = at_the_door
    context = zmq.Context()
    plain = context.socket(zmq.PUSH)
    plain.connect(f"tcp://127.0.0.1:{port}")
    plain.send_multipart([b"cam", encode(Fault("let me in"))])
    reports = gather(host, seen(LoginRefused))
    context.destroy(linger=0)
    assert all(isinstance(report, LoginRefused) for report in reports)


def test_on_this_machine_a_token_in_a_private_directory_lets_a_driver_in(tmp_path: Path) -> None:
    place = tmp_path / "door"
    spec = DriverSpec("cam", "devices.drivers.doorman", (f"ipc://{place}", "cam"))
    with DriverHost([spec]) as host:
        gather(host, seen(WentOnline))
        host.begin("cam", "realtime")
        gather(host, seen(WentOffline))
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert stat.S_IMODE((place / "token").stat().st_mode) == 0o600
        where = {
            "EMBERLINE_DRIVER_FACTS": f"ipc://{place}/facts",
            "EMBERLINE_DRIVER_COMMANDS": f"ipc://{place}/commands",
        }
        driver = guest(**where, EMBERLINE_DRIVER_TOKEN=(place / "token").read_text())
        gather(host, seen(FrameArrived, 3))
        driver.kill()
        driver.wait()


def test_secret_keys_are_private_and_never_overwritten(tmp_path: Path) -> None:
    made = emberline("keys", "make", tmp_path / "keys", "daemon")
    assert made.code == 0 and made.out.startswith("daemon  ")
    secret = tmp_path / "keys" / "daemon.key_secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert load_pair(tmp_path / "keys", "daemon").secret.decode() not in made.out
    again = emberline("keys", "make", tmp_path / "keys", "daemon")
    assert again.code == 2 and "is there already" in again.err
    secret.chmod(0o644)
    with pytest.raises(SecretError, match="others may read it"):
        load_pair(tmp_path / "keys", "daemon")
    (listed,) = list_keys(tmp_path / "keys")
    assert listed.secret and "others may read it" in listed.trouble


def test_check_refuses_tcp_without_keys(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(whole_frame("zmq:tcp://0.0.0.0:5570"))
    result = emberline("check", site)
    assert result.code == 2
    assert 'channel.thermal.source = "zmq:tcp://0.0.0.0:5570": needs CURVE keys' in result.err
