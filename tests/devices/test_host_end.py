"""How drivers end: with the host, without it, and what of them others can see."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from devices.host import DriverHost
from devices.reports import WentOnline
from devices.testing import gather, seen
from devices.wire import MAX_ENDPOINT_CHARS
from support.cli import REPOSITORY
from support.host_drivers import QUICK, camera, gone, running_pid, spec
from support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("host_drivers")


def test_stop_leaves_no_process_and_no_directory_behind() -> None:
    host = DriverHost([camera(5, id="a"), spec("stubborn", id="b"), spec("broken", id="c")])
    host.start()
    gather(host, seen(WentOnline, 2))
    pids = [running_pid(host, "a"), running_pid(host, "b")]
    directory = Path(host.facts.removeprefix("ipc://")).parent
    assert directory.stat().st_mode & 0o777 == 0o700
    assert len(host.commands) < MAX_ENDPOINT_CHARS
    began_s = time.monotonic()
    host.stop()
    assert time.monotonic() - began_s < 5
    assert all(gone(pid) for pid in pids)
    assert not directory.exists()
    host.stop()


def test_a_driver_is_out_of_reach_of_the_terminals_ctrl_c_and_shrugs_off_sigint() -> None:
    with DriverHost([spec("keyholder")]) as host:
        gather(host, seen(WentOnline))
        pid = running_pid(host)
        assert os.getsid(pid) == pid
        os.kill(pid, signal.SIGINT)
        assert host.poll(0.3) == []
        assert not gone(pid)


def test_the_token_is_not_in_the_arguments_and_new_at_each_start() -> None:
    with DriverHost([spec("keyholder")], timing=QUICK) as host:
        tokens: list[str] = []
        for _ in range(2):
            online = gather(host, seen(WentOnline))[-1]
            assert isinstance(online, WentOnline)
            tokens.append(online.capabilities["token"])
            assert tokens[-1].encode() not in Path(f"/proc/{running_pid(host)}/cmdline").read_bytes()
            os.kill(running_pid(host), signal.SIGKILL)
        assert tokens[0] != tokens[1]


def test_drivers_end_by_themselves_when_the_daemon_is_killed() -> None:
    script = (
        "from devices.host import *\n"
        "host = DriverHost([DriverSpec('cam', 'test_driver_camera', ('5', '0', '8'))])\n"
        "host.start()\n"
        "while not host.poll(0.1): pass\n"
        "print(host.pid('cam'), host.facts, flush=True)\n"
        "while True: host.poll(1.0)\n"
    )
    daemon = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert daemon.stdout is not None
    pid, facts = daemon.stdout.readline().split()
    daemon.kill()
    daemon.wait()
    daemon.stdout.close()
    wait_until(lambda: gone(int(pid)), 20.0)
    directory = Path(facts.removeprefix("ipc://")).parent
    for socket in directory.iterdir():
        socket.unlink()
    directory.rmdir()


def test_a_driver_that_hears_nothing_from_the_daemon_ends_by_itself() -> None:
    nobody = Path(tempfile.mkdtemp())
    environment = {
        **os.environ,
        "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{os.environ['PYTHONPATH']}",
        "EMBERLINE_DRIVER": "cam",
        "EMBERLINE_DRIVER_TOKEN": "token",
        "EMBERLINE_DRIVER_FACTS": f"ipc://{nobody}/facts",
        "EMBERLINE_DRIVER_COMMANDS": f"ipc://{nobody}/commands",
    }
    command = [sys.executable, "-m", "test_driver_lonely"]
    assert subprocess.run(command, env=environment, timeout=60, cwd=nobody).returncode == 0
    nobody.rmdir()


def test_a_driver_started_by_hand_says_so_without_a_traceback() -> None:
    command = [sys.executable, "-m", "devices.drivers.alarm_output"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("error: a driver is started by the Emberline daemon, or told where to connect")
    assert done.stderr.count("\n") == 1
