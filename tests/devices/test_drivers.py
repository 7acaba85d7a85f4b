"""The drivers that come with Emberline, as processes behind a real host."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from devices.driver import ActionError
from devices.drivers.alarm_output import Relays
from devices.host import DriverHost, DriverSpec
from devices.reports import ActionAnswered, Ended, WentOnline
from devices.testing import OutputContract, SourceContract, gather, play, seen
from devices.wire import Act
from kernel.events import ActionRequested
from kernel.media import Shot

FRAMES = 6


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of numbered 16-bit images: image n is filled with 1000 × n."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(FRAMES):
        Image.fromarray(np.full((24, 32), 1000 * number, np.uint16)).save(folder / f"{number:06d}.png")
    return folder


def playback(source: str, *more: str) -> DriverSpec:
    return DriverSpec("thermal", "devices.drivers.playback", (source, *more), restart=False)


class TestPlaybackOfAFolder(SourceContract):
    @pytest.fixture(autouse=True)
    def _folder(self, pictures: Path) -> None:
        self._source = f"file:{pictures}"

    def spec(self) -> DriverSpec:
        return playback(self._source, "--fps", "25")


class TestAlarmOutput(OutputContract):
    def spec(self) -> DriverSpec:
        return DriverSpec("relays", "devices.drivers.alarm_output")

    def action(self) -> ActionRequested:
        return switch(1, "on")


def switch(ordinal: int, command: str) -> ActionRequested:
    return ActionRequested("siren", ordinal, "alarm_output", command, {"number": "3"})


def test_playback_delivers_the_pixels_of_the_file_with_their_times(pictures: Path) -> None:
    with DriverHost([playback(f"file:{pictures}", "--fps", "25")]) as host:
        online = gather(host, seen(WentOnline))[0]
        assert isinstance(online, WentOnline)
        assert online.capabilities["frames"] == str(FRAMES)
        for n, arrived in enumerate(play(host, "thermal")):
            assert isinstance(arrived.frame, Shot)
            assert arrived.frame.captured_ns == n * 40_000_000
            assert arrived.frame.pixels.dtype == np.uint16
            assert np.array_equal(arrived.frame.pixels, np.full((24, 32), 1000 * n))


def test_a_source_that_cannot_be_read_ends_with_a_readable_error(tmp_path: Path) -> None:
    with DriverHost([playback(f"file:{tmp_path}/missing.cptv")]) as host:
        ended = gather(host, seen(Ended))[-1]
    assert isinstance(ended, Ended)
    assert ended.error
    assert "missing.cptv" in ended.reason and "Traceback" not in ended.reason


def test_a_file_that_is_damaged_half_way_ends_with_an_error_after_its_good_frames(pictures: Path) -> None:
    (pictures / "000004.png").write_bytes(b"\x89PNG no more")
    with DriverHost([playback(f"file:{pictures}", "--fps", "25")]) as host:
        gather(host, seen(WentOnline))
        with pytest.raises(AssertionError, match="000004"):
            play(host, "thermal")


def test_an_alarm_output_writes_each_switch_once_even_when_a_key_is_repeated(tmp_path: Path) -> None:
    journal = tmp_path / "switches"
    spec = DriverSpec("relays", "devices.drivers.alarm_output", ("--journal", str(journal)))
    with DriverHost([spec]) as host:
        for action in (switch(1, "on"), switch(1, "on"), switch(2, "off"), switch(2, "off"), switch(1, "on")):
            host.act("relays", action)
            answer = gather(host, seen(ActionAnswered))[-1]
            assert answer == ActionAnswered("siren", action.ordinal, True, "")
    assert journal.read_text() == "on 3\noff 3\n"


@pytest.mark.parametrize(
    ("kind", "command", "number", "complaint"),
    [
        ("email", "on", "1", "alarm_output"),
        ("alarm_output", "blink", "1", "on and off"),
        ("alarm_output", "on", "", "whole number"),
        ("alarm_output", "on", "-1", "whole number"),
    ],
)
def test_an_alarm_output_says_why_it_refuses(kind: str, command: str, number: str, complaint: str) -> None:
    relays = Relays(None)
    with pytest.raises(ActionError, match=complaint):
        relays.carry_out(Act("siren", 1, kind, command, {"number": number}))
    assert not relays.on


def test_an_alarm_output_whose_journal_cannot_be_written_refuses_and_stays_as_it_is(tmp_path: Path) -> None:
    relays = Relays(tmp_path / "missing" / "switches")
    with pytest.raises(ActionError, match="switches"):
        relays.carry_out(Act("siren", 1, "alarm_output", "on", {"number": "1"}))
    assert not relays.on
