"""Operator commands: what may be said, and what is refused with what is allowed."""

import pytest

from kernel.commands import BadCommand, alarm_key, check_command, pause_ns
from kernel.events import CommandReceived
from kernel.site.reader import read_site
from support.sites import whole_frame

SITE = read_site(whole_frame())


@pytest.mark.parametrize(
    "words",
    [
        "arm",
        "disarm",
        "pause 30m",
        "output siren on",
        "output siren off",
        "clear all#3",
        "restart-vca",
        "restore-defaults",
    ],
)
def test_these_are_commands(words: str) -> None:
    name, *arguments = words.split()
    check_command(CommandReceived(name, tuple(arguments), "operator"), SITE)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("explode", "there are arm"),
        ("arm now", "write: arm"),
        ("output siren", "write: output NAME on | off"),
        ("output horn on", "there is no alarm output 'horn'; there are siren"),
        ("output siren maybe", "on or off"),
        ("pause", "write: pause"),
        ("pause soon", "write 90s"),
        ("pause 25h", "at most 24h"),
        ("pause 0", "write 90s"),
        ("clear gate#1", "there is no rule 'gate'"),
        ("clear 17", "RULE#N"),
    ],
)
def test_these_are_refused(words: str, says: str) -> None:
    name, *arguments = words.split()
    with pytest.raises(BadCommand, match=says.replace("|", r"\|")):
        check_command(CommandReceived(name, tuple(arguments), "operator"), SITE)


def test_durations_and_alarms_are_read() -> None:
    assert pause_ns("90") == pause_ns("90s") == 90_000_000_000
    assert pause_ns("2h") == 4 * pause_ns("30m")
    assert (alarm_key("gate-2#14").raiser, alarm_key("gate-2#14").ordinal) == ("gate-2", 14)
