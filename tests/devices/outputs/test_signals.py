"""The drivers of sounds, lights and relays, with the null sound device and files in place of GPIO lines."""

import struct
import time
import wave
from pathlib import Path

import pytest

from devices.driver import ActionError
from devices.drivers.sound import RATE, load, warning
from devices.host import DriverHost, DriverSpec
from devices.reports import ActionAnswered, WentOnline
from devices.testing import OutputContract, gather, seen
from kernel.events import ActionRequested
from kernel.site.reader import SiteErrors, read_site

PLAY = {"file": "", "times": "1", "volume": "50"}
SHINE = {"mode": "solid", "frequency": "low", "brightness": "50"}


class TestSound(OutputContract):
    def spec(self) -> DriverSpec:
        return DriverSpec("linkage.horn", "devices.drivers.sound", ("--headless",))

    def action(self) -> ActionRequested:
        return ActionRequested("horn", 1, "audible", "play", PLAY)


class TestLight(OutputContract):
    def spec(self) -> DriverSpec:
        return DriverSpec("linkage.lamp", "devices.drivers.white_light")

    def action(self) -> ActionRequested:
        return ActionRequested("lamp", 1, "light", "on", SHINE)


class TestRelayOnALine(OutputContract):
    def spec(self) -> DriverSpec:
        return DriverSpec("outputs", "devices.drivers.alarm_output", ("--relay", "3=fake:/dev/null"))

    def action(self) -> ActionRequested:
        return ActionRequested("siren", 1, "alarm_output", "on", {"number": "3"})


def ask(spec: DriverSpec, *actions: ActionRequested, wait_s: float = 0.0) -> list[ActionAnswered]:
    answers: list[ActionAnswered] = []
    with DriverHost([spec]) as host:
        gather(host, seen(WentOnline))
        for action in actions:
            host.act(spec.id, action)
            answer = gather(host, seen(ActionAnswered))[-1]
            assert isinstance(answer, ActionAnswered)
            answers.append(answer)
            until = time.monotonic() + wait_s
            while time.monotonic() < until:
                host.poll(0.05)
    return answers


def test_a_relay_with_a_chip_switches_its_line_and_one_without_does_not(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    spec = DriverSpec("outputs", "devices.drivers.alarm_output", ("--relay", f"3=fake:{lines}"))
    asked = [("on", "3"), ("on", "4"), ("off", "3")]
    actions = [
        ActionRequested("r", n, "alarm_output", what, {"number": line}) for n, (what, line) in enumerate(asked, 1)
    ]
    assert all(answer.ok for answer in ask(spec, *actions))
    assert lines.read_text().split("\n") == ["3 on", "3 off", ""]


def test_a_chip_that_is_not_there_is_reported() -> None:
    spec = DriverSpec("outputs", "devices.drivers.alarm_output", ("--relay", "3=/dev/no-such-chip"))
    (answer,) = ask(spec, ActionRequested("r", 1, "alarm_output", "on", {"number": "3"}))
    assert not answer.ok and ("no-such-chip" in answer.reason or "gpiod" in answer.reason)


def test_a_flashing_light_goes_on_and_off_until_it_is_switched_off(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    spec = DriverSpec("linkage.lamp", "devices.drivers.white_light", ("--chip", f"fake:{lines}", "--line", "7"))
    flashing = {**SHINE, "mode": "flashing", "frequency": "high"}
    on = ActionRequested("lamp", 1, "light", "on", flashing)
    off = ActionRequested("lamp", 2, "light", "off", flashing)
    assert all(answer.ok for answer in ask(spec, on, off, wait_s=1.0))
    states = lines.read_text().split("\n")[:-1]
    assert states[0] == "7 on" and states[-1] == "7 off" and 6 <= len(states) <= 12


def test_what_was_played_how_often_and_how_loud(tmp_path: Path) -> None:
    sound(tmp_path / "dog.wav", 0.1)
    spec = DriverSpec(
        "linkage.horn",
        "devices.drivers.sound",
        ("--headless", "--base", str(tmp_path), "--journal", str(tmp_path / "played")),
    )
    custom = ActionRequested("horn", 1, "audible", "play", {"file": "dog.wav", "times": "3", "volume": "80"})
    plain = ActionRequested("horn", 2, "audible", "play", PLAY)
    assert all(answer.ok for answer in ask(spec, custom, plain))
    assert (tmp_path / "played").read_text() == "dog.wav 3 80 nobody\nwarning 1 50 nobody\n"


def sound(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        count = int(RATE * seconds)
        file.writeframes(struct.pack(f"<{count}h", *(n % 30_000 for n in range(count))))


def test_a_sound_is_decoded_and_one_too_large_or_of_no_kind_is_refused(tmp_path: Path) -> None:
    sound(tmp_path / "ok.wav", 0.1)
    assert list(load(tmp_path / "ok.wav"))[:5] == [0, 1, 2, 3, 4]
    sound(tmp_path / "long.wav", 6.1)
    with pytest.raises(ActionError, match="a sound may have 524288"):
        load(tmp_path / "long.wav")
    (tmp_path / "text.wav").write_text("no sound at all")
    with pytest.raises(ActionError, match="not a sound"):
        load(tmp_path / "text.wav")


def test_the_built_in_warning_lasts_its_time_and_does_not_clip() -> None:
    samples = warning()
    assert abs(len(samples) / RATE - 1.4) < 0.01
    assert 30_000 < max(samples) <= 32_000 and samples[0] == samples[-1] == 0


def test_a_seventh_sound_file_is_a_mistake() -> None:
    channel = '[[channel]]\nid = "c"\nkind = "optical"\nsource = "sim:yard"\n'
    horns = [f'[linkage.h{n}]\nkind = "audible"\nfile = "{n}.wav"\n' for n in range(7)]
    read_site(channel + "".join(horns[:6]))
    with pytest.raises(SiteErrors, match="at most 6 sound files"):
        read_site(channel + "".join(horns))
