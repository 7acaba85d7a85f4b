"""Drivers of hardware that test machines do not have, over stand-ins for the device below the driver."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import pytest

from devices.capture_device import Taken
from devices.drivers.contacts import wiring
from devices.drivers.video4linux import Wanted, frames_of
from devices.host import DriverHost
from devices.live import SourceAway
from devices.process import DriverSpec
from devices.reports import ContactMoved, FrameArrived, WentOffline, WentOnline
from devices.testing import gather, seen
from kernel.media import Packet, Shot

DOCS = Path(__file__).parents[2] / "docs"
CONTACTS = """
import sys
from devices.drivers.contacts import watch
from devices.driver import run

class Door:
    def __init__(self):
        self.left = [(1, True), (2, False), (1, False)]
    def closed(self):
        return {1: False, 2: True}
    def changes(self):
        return [self.left.pop(0)] if self.left else []

def talk(line):
    line.hello({})
    watch(line, Door())

raise SystemExit(run(talk))
"""


class Buffer(msgspec.Struct):
    data: bytes
    timestamp: float


class Core:
    """A capture device with these formats, whose frames count up."""

    def __init__(self, **formats: list[tuple[int, int]]) -> None:
        self._formats = formats
        self.chosen: tuple[str, int, int] | None = None

    def formats(self) -> dict[str, list[tuple[int, int]]]:
        return self._formats

    def frames(self, name: str, width: int, height: int) -> Iterator[Taken]:
        self.chosen = (name, width, height)
        for n in range(3):
            if name == "Y16":
                data = np.full((height, width), 30000 + n, "<u2").tobytes()
            elif name == "YUYV":
                data = np.tile(np.array([100 + n, 7], np.uint8), width * height).tobytes()
            else:
                data = b"\xff\xd8 a picture"
            yield Buffer(data, 5.0 + n / 9)


def frames(core: Core, rows: int = 0) -> list[Shot | Packet]:
    @contextmanager
    def opened(_: str) -> Iterator[Core]:
        yield core

    return list(islice(frames_of(Wanted("/dev/video0", rows), opened), 10))


def test_a_thermal_core_gives_16_bit_frames_without_its_telemetry_rows() -> None:
    core = Core(MJPEG=[(640, 480)], Y16=[(80, 60), (160, 122)])
    shots = frames(core, rows=2)
    assert core.chosen == ("Y16", 160, 122)
    for n, shot in enumerate(shots):
        assert isinstance(shot, Shot)
        assert shot.pixels.shape == (120, 160) and shot.pixels.dtype == np.uint16
        assert np.all(shot.pixels == 30000 + n)
        assert shot.captured_ns == round((5.0 + n / 9) * 1e9)


def test_of_a_usb_camera_the_luma_or_the_compressed_pictures_are_taken() -> None:
    (shot, *_) = frames(Core(YUYV=[(32, 24)], MJPEG=[(1280, 720)]))
    assert isinstance(shot, Shot) and shot.pixels.shape == (24, 32) and np.all(shot.pixels == 100)
    (packet, *_) = frames(Core(MJPEG=[(640, 480), (1280, 720)]))
    assert isinstance(packet, Packet) and packet.key
    assert (packet.stream.codec, packet.stream.width, packet.stream.height) == ("mjpeg", 1280, 720)


def test_a_device_without_a_usable_format_says_what_it_has() -> None:
    with pytest.raises(SourceAway, match="has the formats H264; one of Y16, GREY, YUYV, MJPEG is needed"):
        frames(Core(H264=[(640, 480)]))


def test_a_missing_device_is_reported_and_waited_for() -> None:
    pytest.importorskip("linuxpy")
    with DriverHost([DriverSpec("cam", "devices.drivers.video4linux", ("/dev/no-such-video",))]) as host:
        gather(host, seen(WentOnline))
        host.begin("cam", "realtime")
        (offline,) = gather(host, seen(WentOffline))
    assert isinstance(offline, WentOffline) and "/dev/no-such-video" in offline.reason


def program(tmp_path: Path, text: str) -> DriverSpec:
    """A driver from its source text."""
    path = tmp_path / "driver"
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o700)
    return DriverSpec("cam", str(path))


def test_contacts_tell_how_they_are_and_then_each_change(tmp_path: Path) -> None:
    with DriverHost([program(tmp_path, CONTACTS)]) as host:
        reports = gather(host, seen(ContactMoved, 5))
    told = [(r.number, r.closed) for r in reports if isinstance(r, ContactMoved)]
    assert told == [(1, False), (2, True), (1, True), (2, False), (1, False)]


@pytest.mark.parametrize("words", [["1"], ["x=2"], ["0=2"], ["65=2"], ["1=2", "1=3"], ["1=2", "2=2"]])
def test_a_wiring_that_is_none_is_refused(words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"is needed|there twice"):
        wiring(words)


def test_the_driver_of_the_authors_guide_runs_as_it_is_printed(tmp_path: Path) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", (DOCS / "drivers.md").read_text(), re.DOTALL)
    assert len(text.splitlines()) <= 40
    host = DriverHost([program(tmp_path, text)])
    with host:
        gather(host, seen(WentOnline))
        host.begin("cam", "realtime")
        reports = gather(host, seen(FrameArrived, 3))
    shots = [r.frame for r in reports if isinstance(r, FrameArrived)]
    assert all(isinstance(shot, Shot) and shot.pixels.dtype == np.uint16 for shot in shots)


def test_the_commands_of_the_hardware_drivers_explain_themselves() -> None:
    for module in ("contacts", "video4linux", "stream", "doorman"):
        done = subprocess.run(
            [sys.executable, "-m", f"devices.drivers.{module}", "--help"],
            capture_output=True,
            text=True,
            env=os.environ,
        )
        assert done.returncode == 0 and "driver of" in done.stdout
