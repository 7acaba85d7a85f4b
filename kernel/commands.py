"""What an operator may tell the fold, as CommandReceived facts carry it: names and words, checked and read."""

import re

import msgspec

from kernel.events import CommandReceived
from kernel.outputs import SWITCHED
from kernel.site.model import Site
from kernel.sources import alarm_sources

SECOND_NS = 1_000_000_000
LONGEST_PAUSE_S = 24 * 3600
_DURATION = re.compile(r"(\d{1,6})(s|m|h)?")
_ALARM = re.compile(r"((?:(?:motion|tamper|scene_change|alarm_input)\.)?[A-Za-z0-9_-]{1,32})#(\d{1,9})")
USAGE = {
    "arm": "arm",
    "disarm": "disarm",
    "pause": "pause 90s | 30m | 2h",
    "output": "output NAME on | off",
    "clear": "clear RULE#N",
    "capture": "capture CHANNEL",
    "restart-vca": "restart-vca",
    "restore-defaults": "restore-defaults",
}
"""The commands, each as it is written."""


class BadCommand(ValueError):
    """The words are no command of this site; the message says what is allowed."""


class AlarmKey(msgspec.Struct, frozen=True):
    """An alarm by the key that every run mode shares."""

    raiser: str
    ordinal: int


def check_command(command: CommandReceived, site: Site) -> None:
    """Raise `BadCommand` where the command cannot be meant for this site."""
    if command.name not in USAGE:
        raise BadCommand(f"no command {command.name[:40]!r}; there are {', '.join(USAGE.values())}")
    words = len(USAGE[command.name].split(" | ")[0].split()) - 1
    if len(command.arguments) != words:
        raise BadCommand(f"write: {USAGE[command.name]}")
    match command.name:
        case "pause":
            pause_ns(command.arguments[0])
        case "output":
            _check_output(command.arguments[0], command.arguments[1], site)
        case "clear":
            key = alarm_key(command.arguments[0])
            sources = [source.id for source in alarm_sources(site)]
            if key.raiser not in sources:
                raise BadCommand(f"there is no rule {key.raiser!r}; there are {', '.join(sources)}")
        case "capture" if site.channel(command.arguments[0]) is None:
            channels = ", ".join(channel.id for channel in site.channels)
            raise BadCommand(f"there is no channel {command.arguments[0][:40]!r}; there are {channels}")
        case _:
            pass


def pause_ns(text: str) -> int:
    """`90s`, `30m`, `2h` or bare seconds, in nanoseconds. Raises `BadCommand`."""
    match = _DURATION.fullmatch(text)
    seconds = int(match[1]) * {"s": 1, "m": 60, "h": 3600, None: 1}[match[2]] if match else 0
    if not 0 < seconds <= LONGEST_PAUSE_S:
        raise BadCommand(f"pause {text[:20]!r}: write 90s, 30m or 2h, at most 24h")
    return seconds * SECOND_NS


def alarm_key(text: str) -> AlarmKey:
    """`gate#3`: the third alarm of the rule gate. Raises `BadCommand`."""
    match = _ALARM.fullmatch(text)
    if match is None:
        raise BadCommand(f"{text[:40]!r} names no alarm: write RULE#N, as it was told when it was raised")
    return AlarmKey(match[1], int(match[2]))


def _check_output(name: str, state: str, site: Site) -> None:
    outputs = [link.id for link in site.linkages if link.kind in SWITCHED]
    if name not in outputs:
        raise BadCommand(f"there is no alarm output {name[:40]!r}; there are {', '.join(outputs) or 'none'}")
    if state not in ("on", "off"):
        raise BadCommand(f"output {name} {state[:20]!r}: on or off")
