"""The driver host, with real processes on real sockets."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.host import DriverHost, DriverSpec, HostError, Timing
from devices.reports import UNKNOWN, ActionAnswered, Ended, Faulted, FrameArrived, Lost, WentOffline, WentOnline
from devices.testing import gather, play, seen
from devices.wire import MAX_ENDPOINT_CHARS, Fault, Heartbeat, Hello, ShotTaken, encode
from kernel.events import ActionRequested
from kernel.media import Shot

ROOT = Path(__file__).parents[2]

DRIVERS = {
    "camera": """
        import sys
        import numpy as np
        from devices.source import run_source
        from kernel.media import Shot

        class Camera:
            kind, began = "thermal", None
            frames, interval_ns, height = (int(word) for word in sys.argv[1:])

            def read(self):
                for n in range(self.frames):
                    yield Shot(n * self.interval_ns, np.full((self.height, 640), n, np.uint16))

        raise SystemExit(run_source(Camera))
    """,
    "keyholder": """
        import os, pathlib, sys
        token = os.environ["EMBERLINE_DRIVER_TOKEN"]
        from devices.driver import run

        def talk(line):
            line.hello({"token": token})
            while True:
                line.serve(0.2)

        raise SystemExit(run(talk))
    """,
    "stubborn": """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        from devices.driver import Line, Settings
        line = Line(Settings.from_environment())
        line.hello({})
        while True:
            time.sleep(1)
    """,
    "broken": """
        import sys
        print("warming up", file=sys.stderr)
        raise RuntimeError("no lens")
    """,
    "crash_on_first_action": """
        import os, pathlib, sys
        from devices.driver import run_output

        def carry_out(act):
            mark = pathlib.Path(sys.argv[1])
            if not mark.exists():
                mark.touch()
                os._exit(3)

        raise SystemExit(run_output(carry_out, {}))
    """,
    "lonely": """
        import devices.driver
        devices.driver.DAEMON_SILENCE_S = 0.5

        def talk(line):
            while True:
                line.serve(0.1)

        raise SystemExit(devices.driver.run(talk))
    """,
}
QUICK = Timing(silence_s=1.5, hello_s=10.0, backoff_s=0.05, action_s=8.0)


@pytest.fixture(autouse=True)
def _drivers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("drivers")
    for name, text in DRIVERS.items():
        lines = [line[8:] for line in text.splitlines()]
        (folder / f"test_driver_{name}.py").write_text("\n".join(lines))
    monkeypatch.setenv("PYTHONPATH", str(folder))


def spec(kind: str, *arguments: object, id: str = "cam", restart: bool = True) -> DriverSpec:
    return DriverSpec(id, f"test_driver_{kind}", tuple(str(a) for a in arguments), restart)


def camera(frames: int, interval_ns: int = 0, height: int = 8, *, id: str = "cam", restart: bool = False) -> DriverSpec:
    return spec("camera", frames, interval_ns, height, id=id, restart=restart)


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def eventually(condition: Callable[[], bool], within_s: float) -> bool:
    until_s = time.monotonic() + within_s
    while not condition() and time.monotonic() < until_s:
        time.sleep(0.02)
    return condition()


def running_pid(host: DriverHost, driver: str = "cam") -> int:
    pid = host.pid(driver)
    assert pid is not None
    return pid


def test_at_pace_max_every_frame_arrives_in_order_with_its_pixels() -> None:
    with DriverHost([camera(300, 1_000_000, 512)]) as host:
        gather(host, seen(WentOnline))
        frames = play(host, "cam", credit=8)
    assert [arrived.number for arrived in frames] == list(range(300))
    for n, arrived in enumerate(frames[:: 299 // 13]):
        assert isinstance(arrived.frame, Shot)
        assert arrived.frame.captured_ns == arrived.number * 1_000_000
        assert np.all(arrived.frame.pixels == arrived.number), n


def test_credit_lets_two_channels_be_merged_by_captured_time() -> None:
    with DriverHost([camera(20, 30, id="a"), camera(30, 20, id="b")]) as host:
        gather(host, seen(WentOnline, 2))
        heads: dict[str, FrameArrived | None] = {"a": None, "b": None}
        ended: set[str] = set()
        merged: list[int] = []
        for driver in heads:
            host.begin(driver, "max")
            host.grant(driver, 1)
        until_s = time.monotonic() + 15
        while heads and time.monotonic() < until_s:
            for report in host.poll(0.1):
                if isinstance(report, FrameArrived):
                    heads[report.driver] = report
                elif isinstance(report, Ended):
                    ended.add(report.driver)
            while True:
                for driver in [d for d in heads if d in ended and heads[d] is None]:
                    del heads[driver]
                waiting = {d: h for d, h in heads.items() if h is not None}
                if not heads or len(waiting) < len(heads):
                    break
                driver = min(waiting, key=lambda d: waiting[d].frame.captured_ns)
                merged.append(waiting[driver].frame.captured_ns)
                heads[driver] = None
                host.grant(driver, 1)
    assert merged == sorted([n * 30 for n in range(20)] + [n * 20 for n in range(30)])


def test_at_pace_realtime_frames_come_at_their_times() -> None:
    with DriverHost([camera(21, 50_000_000)]) as host:
        gather(host, seen(WentOnline))
        host.begin("cam", "realtime")
        gather(host, seen(FrameArrived))
        began_s = time.monotonic()
        gather(host, seen(FrameArrived, 20))
        took_s = time.monotonic() - began_s
    assert 0.9 < took_s < 2.5


def test_at_pace_realtime_frames_are_dropped_and_told_of_where_the_daemon_is_slow() -> None:
    with DriverHost([camera(400, 1_000_000, 512)]) as host:
        gather(host, seen(WentOnline))
        host.begin("cam", "realtime")
        time.sleep(1.0)
        reports = gather(host, seen(Ended))
    arrived = [r.number for r in reports if isinstance(r, FrameArrived)]
    lost = [r for r in reports if isinstance(r, Lost)]
    assert arrived == sorted(set(arrived))
    assert lost and all("keep up" in r.reason for r in lost)
    assert len(arrived) + sum(r.count for r in lost) == 400


def test_a_killed_driver_is_reported_and_started_again() -> None:
    with DriverHost([camera(5, restart=True)], timing=QUICK) as host:
        gather(host, seen(WentOnline))
        first = running_pid(host)
        os.kill(first, signal.SIGKILL)
        offline, online = gather(host, seen(WentOnline))
        assert isinstance(offline, WentOffline) and "SIGKILL" in offline.reason
        assert isinstance(online, WentOnline)
        assert running_pid(host) != first
        assert len(play(host, "cam")) == 5


def test_a_driver_that_falls_silent_is_replaced() -> None:
    with DriverHost([camera(5, restart=True)], timing=QUICK) as host:
        gather(host, seen(WentOnline))
        first = running_pid(host)
        os.kill(first, signal.SIGSTOP)
        offline, _ = gather(host, seen(WentOnline))
        assert isinstance(offline, WentOffline) and "silent" in offline.reason
        assert gone(first)


def test_a_driver_that_must_not_be_restarted_has_ended_with_an_error() -> None:
    with DriverHost([spec("broken", restart=False)]) as host:
        offline, ended = gather(host, seen(Ended))
        assert isinstance(offline, WentOffline) and offline.reason == "exit status 1: RuntimeError: no lens"
        assert ended == Ended("cam", offline.reason, True)
        assert host.poll(0.3) == []


def test_a_program_that_does_not_exist_is_reported_and_waited_for_longer_each_time() -> None:
    timing = Timing(backoff_s=0.2)
    began_s = time.monotonic()
    with DriverHost([DriverSpec("cam", "/no/such/driver")], timing=timing) as host:
        reports = gather(host, seen(WentOffline, 3))
        assert 0.6 <= time.monotonic() - began_s < 3
    assert all(isinstance(r, WentOffline) and "/no/such/driver" in r.reason for r in reports)


def test_an_action_is_sent_again_under_its_key_to_a_driver_that_died_over_it(tmp_path: Path) -> None:
    with DriverHost([spec("crash_on_first_action", tmp_path / "mark")], timing=QUICK) as host:
        host.act("cam", ActionRequested("siren", 7, "alarm_output", "on", {}))
        reports = gather(host, seen(ActionAnswered))
        assert [type(r) for r in reports] == [WentOnline, WentOffline, WentOnline, ActionAnswered]
        assert reports[-1] == ActionAnswered("siren", 7, True, "")
        assert host.actions_under_way == 0


def test_an_action_that_nobody_answers_has_failed() -> None:
    with DriverHost([spec("keyholder")], timing=Timing(action_s=0.5)) as host:
        host.act("cam", ActionRequested("siren", 1, "alarm_output", "on", {}))
        answer = gather(host, seen(ActionAnswered))[-1]
        assert isinstance(answer, ActionAnswered) and not answer.ok and "cam" in answer.reason


def test_an_action_for_a_driver_that_has_ended_fails_at_once() -> None:
    with DriverHost([spec("broken", restart=False)]) as host:
        gather(host, seen(Ended))
        host.act("cam", ActionRequested("siren", 1, "alarm_output", "on", {}))
        answer = host.poll(0.0)[-1]
        assert isinstance(answer, ActionAnswered) and not answer.ok


def test_an_action_that_the_protocol_has_no_room_for_fails_at_once() -> None:
    with DriverHost([spec("keyholder")]) as host:
        host.act("cam", ActionRequested("siren", 1, "email", "send", {"text": "x" * 2000}))
        answer = host.poll(0.0)[-1]
        assert isinstance(answer, ActionAnswered) and not answer.ok and "1000" in answer.reason
        assert host.actions_under_way == 0


def test_credit_for_a_driver_that_has_just_gone_has_no_effect() -> None:
    with DriverHost([camera(5, restart=True)], timing=Timing(backoff_s=5.0)) as host:
        gather(host, seen(WentOnline))
        host.begin("cam", "max")
        os.kill(running_pid(host), signal.SIGKILL)
        gather(host, seen(WentOffline))
        host.grant("cam", 1)
        host.begin("cam", "max")
        assert host.poll(0.2) == []


def test_credit_given_before_the_driver_is_online_is_kept_for_it_and_void_once_it_goes_offline() -> None:
    with DriverHost([camera(9, restart=True)], timing=QUICK) as host:
        for credit in (3, 2):
            host.grant("cam", credit)
            gather(host, seen(WentOnline))
            host.begin("cam", "max")
            gather(host, seen(FrameArrived, credit))
            assert host.poll(0.2) == []
            host.grant("cam", 1)
            gather(host, seen(FrameArrived))
            os.kill(running_pid(host), signal.SIGKILL)
            gather(host, seen(WentOffline))


class Raw:
    """Sockets of somebody who knows where the host listens."""

    def __init__(self, host: DriverHost) -> None:
        self._context = zmq.Context()
        self.facts = self._context.socket(zmq.PUSH)
        self.facts.connect(host.facts)
        self.commands = self._context.socket(zmq.DEALER)
        self.commands.connect(host.commands)

    def close(self) -> None:
        self._context.destroy(linger=200)


@pytest.fixture(scope="module")
def _keyholders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DriverHost, dict[str, bytes], Raw]]:
    folder = tmp_path_factory.mktemp("keyholders")
    (folder / "test_driver_keyholder.py").write_text("\n".join(x[8:] for x in DRIVERS["keyholder"].splitlines()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        host = DriverHost([spec("keyholder", id="a"), spec("keyholder", id="b")])
        host.start()
    online = gather(host, seen(WentOnline, 2))
    tokens = {r.driver: r.capabilities["token"].encode() for r in online if isinstance(r, WentOnline)}
    raw = Raw(host)
    yield host, tokens, raw
    raw.close()
    host.stop()


Keyholders = tuple[DriverHost, dict[str, bytes], Raw]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.binary(max_size=80), min_size=1, max_size=4),
    with_token=st.booleans(),
    header=st.sampled_from(
        [None, encode(Heartbeat()), encode(ShotTaken(0, 0, 9, 9, "gray8")), encode(Fault("x"))[:-1]]
    ),
    on_facts=st.booleans(),
)
def test_garbage_never_raises(
    _keyholders: Keyholders, parts: list[bytes], with_token: bool, header: bytes | None, on_facts: bool
) -> None:
    host, tokens, raw = _keyholders
    message = ([tokens["a"]] if with_token else []) + ([header] if header is not None else []) + parts
    (raw.facts if on_facts else raw.commands).send_multipart(message)
    assert all(isinstance(report, Faulted) for report in host.poll(0.0))


def test_garbage_is_counted_reported_at_a_limited_rate_and_harms_nobody(_keyholders: Keyholders) -> None:
    host, tokens, raw = _keyholders
    for socket in (raw.facts, raw.commands):  # once this is through, so is everything before it
        socket.send_multipart([tokens["b"], encode(Fault("heard"))])
    gather(host, lambda reports: reports.count(Faulted("b", "heard")) == 2)
    before = host.malformed[UNKNOWN], host.malformed["b"]
    for n in range(100):
        raw.facts.send_multipart([b"nobody", bytes([n])])
        raw.facts.send_multipart([tokens["b"], bytes([n])])
    until_s = time.monotonic() + 5
    reports: list[object] = []
    while (host.malformed[UNKNOWN] < before[0] + 100 or host.malformed["b"] < before[1] + 100) and (
        time.monotonic() < until_s
    ):
        reports += host.poll(0.05)
    assert (host.malformed[UNKNOWN], host.malformed["b"]) == (before[0] + 100, before[1] + 100)
    assert len(reports) <= 2
    raw.facts.send_multipart([tokens["b"], encode(Fault("still heard"))])
    assert gather(host, seen(Faulted))[-1] == Faulted("b", "still heard")


def test_a_token_speaks_for_its_own_driver_alone(_keyholders: Keyholders) -> None:
    host, tokens, raw = _keyholders
    before = host.malformed[UNKNOWN], host.malformed["a"]
    raw.commands.send_multipart([b"0" * 32, encode(Hello("b", 1))])
    raw.commands.send_multipart([tokens["a"], encode(Hello("b", 1))])
    until_s = time.monotonic() + 5
    reports: list[object] = []
    while (host.malformed[UNKNOWN], host.malformed["a"]) != (before[0] + 1, before[1] + 1):
        assert time.monotonic() < until_s
        reports += host.poll(0.05)
    assert not any(isinstance(report, WentOnline) for report in reports)


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
    daemon = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert daemon.stdout is not None
    pid, facts = daemon.stdout.readline().split()
    daemon.kill()
    daemon.wait()
    daemon.stdout.close()
    assert eventually(lambda: gone(int(pid)), 4.0)
    directory = Path(facts.removeprefix("ipc://")).parent
    for socket in directory.iterdir():
        socket.unlink()
    directory.rmdir()


def test_a_driver_that_hears_nothing_from_the_daemon_ends_by_itself() -> None:
    nobody = Path(tempfile.mkdtemp())
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}",
        "EMBERLINE_DRIVER": "cam",
        "EMBERLINE_DRIVER_TOKEN": "token",
        "EMBERLINE_DRIVER_FACTS": f"ipc://{nobody}/facts",
        "EMBERLINE_DRIVER_COMMANDS": f"ipc://{nobody}/commands",
    }
    command = [sys.executable, "-m", "test_driver_lonely"]
    assert subprocess.run(command, env=environment, timeout=10, cwd=nobody).returncode == 0
    nobody.rmdir()


def test_a_driver_started_by_hand_says_so_without_a_traceback() -> None:
    command = [sys.executable, "-m", "devices.drivers.alarm_output"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10)
    assert done.returncode == 2
    assert done.stderr.startswith("error: a driver is started by the Emberline daemon, or told where to connect")
    assert done.stderr.count("\n") == 1


def test_wrong_use_of_the_host_gets_a_readable_error(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="differ"):
        DriverHost([camera(1), camera(1)])
    with pytest.raises(HostError, match="1 to 64"):
        DriverHost([msgspec.structs.replace(camera(1), id="")])
    with pytest.raises(HostError, match="not started"):
        DriverHost([]).poll(0.0)
    with pytest.raises(HostError, match="no private directory"):
        DriverHost([], directory=tmp_path / "missing").start()
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    with pytest.raises(HostError, match="characters"):
        DriverHost([], directory=deep).start()
    assert list(deep.iterdir()) == []
    with DriverHost([]) as host, pytest.raises(HostError, match="no driver 'gate'"):
        host.begin("gate", "max")
