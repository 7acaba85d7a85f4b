"""Drivers that die, hang, flood or talk nonsense: the fault is on record within 3 s, the other camera goes on."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from devices.host import DriverHost
from devices.process import DriverSpec
from devices.reports import Faulted, FrameArrived, Lost, Report, WentOffline, WentOnline
from devices.testing import gather, seen
from devices.wire import MAX_FRAMES_A_SECOND

CAMERA = """
import os, sys, time
import numpy as np
from devices.live import run_live
from kernel.media import Shot

def connect():
    began_s = time.monotonic()
    for n in range(100_000):
        time.sleep(max(0.0, began_s + n / {fps} - time.monotonic()))
        yield Shot(n * 40_000_000, np.full((64, 64), n % 100, np.uint16))

raise SystemExit(run_live(connect, {{}}))
"""
BABBLER = """
import os
from devices.driver import run
from devices.wire import Heartbeat, encode

def talk(line):
    line.hello({})
    while True:
        line.serve(0.01)
        for noise in (b"", b"\\xc1", os.urandom(40), encode(Heartbeat())[:-1]):
            line._facts.send_multipart([line._token, noise])

raise SystemExit(run(talk))
"""


def program(tmp_path: Path, id: str, text: str) -> DriverSpec:
    path = tmp_path / id
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o700)
    return DriverSpec(id, str(path))


def run_both(host: DriverHost) -> None:
    gather(host, seen(WentOnline, 2), timeout_s=40)
    for id in ("bad", "good"):
        host.begin(id, "realtime")
    gather(host, lambda reports: any(is_good_frame(report) for report in reports))


def is_good_frame(report: Report) -> bool:
    return isinstance(report, FrameArrived) and report.driver == "good"


def told(host: DriverHost, kind: type[Report]) -> tuple[float, list[Report]]:
    """How long it takes until the bad driver's `kind` is reported, and all that came by then."""
    began_s = time.monotonic()
    reports = gather(host, lambda rs: any(isinstance(r, kind) and r.driver == "bad" for r in rs))  # type: ignore[union-attr]
    return time.monotonic() - began_s, reports


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_a_dead_or_hung_driver_is_told_of_within_3_s_and_comes_back_while_the_other_goes_on(
    number: signal.Signals, tmp_path: Path
) -> None:
    bad, good = (program(tmp_path, id, CAMERA.format(fps=25)) for id in ("bad", "good"))
    with DriverHost([bad, good]) as host:
        run_both(host)
        pid = host.pid("bad")
        assert pid is not None
        os.kill(pid, number)
        took_s, meanwhile = told(host, WentOffline)
        assert took_s < 3.0
        back = gather(host, seen(WentOnline), timeout_s=40)
    frames = [r.number for r in [*meanwhile, *back] if isinstance(r, FrameArrived) and r.driver == "good"]
    assert frames == list(range(frames[0], frames[0] + len(frames)))
    assert not [r for r in [*meanwhile, *back] if isinstance(r, Lost) and r.driver == "good"]


def test_a_driver_that_floods_is_cut_down_and_told_of(tmp_path: Path) -> None:
    bad = program(tmp_path, "bad", CAMERA.format(fps=1000))
    with DriverHost([bad, program(tmp_path, "good", CAMERA.format(fps=10))]) as host:
        run_both(host)
        took_s, _ = told(host, Faulted)
        assert took_s < 3.0
        began_s, frames, flooded, good = time.monotonic(), 0, 0, 0
        while time.monotonic() - began_s < 2.0:
            for report in host.poll(0.05):
                frames += isinstance(report, FrameArrived) and report.driver == "bad"
                good += is_good_frame(report)
                flooded += report.count if isinstance(report, Lost) and report.driver == "bad" else 0
    assert frames <= 3.2 * MAX_FRAMES_A_SECOND
    assert flooded > 0
    assert good >= 10


def test_a_driver_that_talks_nonsense_is_told_of_and_disturbs_nobody(tmp_path: Path) -> None:
    bad = program(tmp_path, "bad", BABBLER)
    with DriverHost([bad, program(tmp_path, "good", CAMERA.format(fps=25))]) as host:
        run_both(host)
        reports = [r for _ in range(20) for r in host.poll(0.05)]
        assert host.malformed["bad"] > 10 and not host.malformed["good"]
    assert any(is_good_frame(report) for report in reports)
    assert not [r for r in reports if isinstance(r, FrameArrived) and r.driver == "bad"]
