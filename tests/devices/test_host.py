"""The driver host, with real processes on real sockets: frames, restarts, actions."""

import os
import signal
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from devices.host import DriverHost, DriverSpec, HostError, Timing
from devices.reports import ActionAnswered, Ended, FrameArrived, Lost, WentOffline, WentOnline
from devices.testing import gather, play, seen
from kernel.events import ActionRequested
from kernel.media import Shot
from support.host_drivers import QUICK, camera, gone, running_pid, spec

pytestmark = pytest.mark.usefixtures("host_drivers")


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
        until_s = time.monotonic() + 60
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
    assert 0.9 < took_s < 5


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
