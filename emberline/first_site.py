"""A site file to begin with, for a recording that nobody has described yet."""

import re
from typing import Literal

import msgspec

from devices.recordings.address import parse_address
from devices.recordings.image_folder import ImageFolder
from emberline.recorded_frames import frame_at
from kernel.media import Recording
from kernel.site.default_site import toml_string

Kind = Literal["thermal", "optical"]
_THERMAL_WORDS = re.compile(r"(?<![a-z])(thermal|lwir|mwir|flir|infrared|ir)(?![a-z])", re.IGNORECASE)


class FirstLook(msgspec.Struct, frozen=True):
    """What a glance at a recording tells. `fps` is None where the source has times of its own."""

    source: str
    kind: Kind
    kind_reason: str
    width: int
    height: int
    bits: int
    fps: float | None
    fps_is_given: bool = False


def look_at(source: str, recording: Recording, fps: float | None) -> FirstLook:
    """Look at the recording's first good frame. `fps` is what the user said. Raises `MediaError`."""
    pixels = frame_at(recording, 0)
    kind, reason = guess_kind(source, recording, 8 * pixels.dtype.itemsize)
    height, width = pixels.shape
    rate = fps if fps is not None else _assumed_fps(source, recording)
    return FirstLook(_address(source), kind, reason, width, height, 8 * pixels.dtype.itemsize, rate, fps is not None)


def guess_kind(source: str, recording: Recording, bits: int = 8) -> tuple[Kind, str]:
    """What the camera is, and why we think so: by the depth of the pictures, then by the name of the source."""
    if parse_address(source).scheme == "sim":
        return recording.kind, "what the scene simulates"
    if recording.kind == "thermal" or bits == 16:
        return "thermal", "16-bit pictures"
    word = _THERMAL_WORDS.search(source)
    if word is not None:
        return "thermal", f'a guess, from "{word[0]}" in the name; 8-bit pictures do not say'
    return "optical", 'a guess: 8-bit pictures do not say; write "thermal" for a thermal camera'


def site_document(look: FirstLook) -> str:
    """The site file, ready to use and to edit."""
    return _TEMPLATE.format(
        size=f"{look.width} x {look.height} pixels, {look.bits} bit",
        id=toml_string(look.kind),
        kind=f'"{look.kind}"',
        reason=look.kind_reason,
        source=toml_string(look.source),
        fps=_fps_line(look),
        suppression=_SUPPRESSION if look.kind == "optical" else "",
    )


def _address(source: str) -> str:
    return source if source.startswith(("file:", "sim:")) else f"file:{source}"


def _assumed_fps(source: str, recording: Recording) -> float | None:
    """The rate that the reader assumes for images, which carry no times."""
    if not isinstance(recording, ImageFolder) or "fps" in parse_address(source).options:
        return None
    return 9 if recording.kind == "thermal" else 25


def _fps_line(look: FirstLook) -> str:
    if look.fps is None:
        return ""
    why = "as you said" if look.fps_is_given else "assumed: images carry no times, so put in the true rate"
    return f"\nfps = {look.fps:g}".ljust(40) + f"# {why}"


_SUPPRESSION = """
#background_interference_suppression = true   # against shadows, reflections and swaying plants"""

_TEMPLATE = """\
# A site file for Emberline: what is watched, and what counts as an alarm.
# A line that begins with # and no space is an example: take the # away to use it.
# Points are [x, y] in fractions of the picture: [0, 0] is top left, [1, 1] bottom right.

[site]
name = "First look"
timezone = "UTC"                       # where the camera stands, for example "Europe/Berlin"

[[channel]]
id = {id}
kind = {kind}                       # {reason}
source = {source}
# {size}{fps}

[channel.vca]
scene_mode = "general"                 # general | distant_view (small, far targets) | leaves_interfered
#shield = [[[0, 0], [1, 0], [1, 0.1], [0, 0.1]]]   # here rules see nothing: say, treetops or a busy road{suppression}

# Whatever stays in the picture for a second raises an alarm.
[[rule]]
id = "anywhere"
channel = {id}
type = "intrusion"
region = [[0, 0], [1, 0], [1, 1], [0, 1]]
duration = 1                           # seconds
sensitivity = 50                       # 0-100: higher detects more easily, 0 is off
targets = ["human", "vehicle", "animal", "other"]   # leave out what shall raise no alarm
schedule = "always"
#linkage = ["siren"]

# Looking from the first to the second point of a line, A is on the left and B on the right.
#[[rule]]
#id = "fence"
#channel = {id}
#type = "line_crossing"
#line = [[0.1, 0.6], [0.9, 0.6]]
#direction = "both"                     # both | a_to_b | b_to_a
#targets = ["human", "vehicle"]
#schedule = "night"

#[schedules.night]
#all = ["00:00-06:00", "20:00-24:00"]

#[linkage.siren]
#kind = "alarm_output"
#number = 1
#delay = 5                              # seconds that the output stays on after the last alarm
"""
