"""`sim:SCENE?seed=7&channel=optical&start=ISO&seconds=60`."""

from datetime import datetime

from devices.simulator.scene import load_scene
from devices.simulator.simulation import Simulation
from kernel.media import MediaError

OPTIONS = ("seed", "channel", "start", "seconds")
LONGEST_S = 7 * 86400.0


def open_simulation(
    source: str, name: str, options: dict[str, str], *, first: int = 0, last: int | None = None
) -> Simulation:
    """Open a scene with the options of its source string.

    `seed` (0 to 2⁶³ - 1, default 0) changes noise, wind and gait; `channel` is thermal (the default) or optical;
    `start` the civil time of its first frame; `seconds` how long it goes on, repeating the script where it is longer.

    Raises `MediaError` for an unknown scene, option or value, saying what is allowed.
    """
    for option in options:
        if option not in OPTIONS:
            raise MediaError(f"{source}: unknown option {option!r}; allowed are {', '.join(OPTIONS)}")
    scene = load_scene(name)
    channel = options.get("channel", "thermal")
    if channel != "thermal" and channel != "optical":
        raise MediaError(f"{source}: channel={channel!r}; allowed are thermal, optical")
    seconds = _number(source, options["seconds"]) if "seconds" in options else scene.seconds
    began = options.get("start") or scene.began or None
    if began is not None:
        _check_start(source, began)
    seed = _seed(source, options.get("seed", "0"))
    return Simulation(scene, channel, seed, began=began, seconds=seconds, first=first, last=last)


def _seed(source: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) >= 1 << 63:
        raise MediaError(f"{source}: seed={text!r}; allowed are whole numbers from 0 to 2^63 - 1")
    return int(text)


def _number(source: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_S:
        raise MediaError(f"{source}: seconds={text!r}; allowed are numbers above 0 and up to {LONGEST_S:g}")
    return seconds


def _check_start(source: str, text: str) -> None:
    try:
        offset = datetime.fromisoformat(text).utcoffset()
    except ValueError:
        offset = None
    if offset is None:
        raise MediaError(
            f"{source}: start={text!r} is no ISO 8601 time with an offset, such as 2026-03-01T20:00:00+01:00"
        )
