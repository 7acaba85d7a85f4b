"""Seven thermal clips with one target each and three with none: as recorded, and as 8-bit H.264 of a camera."""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
from PIL import Image, ImageDraw

from devices.recordings import open_source
from kernel.detector import Frame
from support.clips import frames_of
from support.sites import whole_frame
from tests.accuracy.following import SECOND_NS, Alarm, Followed, follow
from tests.accuracy.gate import Gate

TARGETS = (
    "caco_possum_trap",
    "caco_hedgehog_b",
    "caco_hedgehog2",
    "caco_cat",
    "caco_small",
    "fever_person",
    "tno_dune",
)
WINDY = ("caco_noise_02", "caco_noise_03", "caco_noise_05")
LATEST_NS = 3 * SECOND_NS // 2
CLEARED_NS = 3 * SECOND_NS
GAIN_STEPS = ((0.0, 1.0, 0), (0.3, 0.85, 10), (0.65, 1.15, -12))
"""From which part of the clip on the camera shows counts with which gain and offset."""
LIVE_FPS = 9


class Verdict(msgspec.Struct, frozen=True):
    """How a clip went: the frames at which alarms began, the first one's latency, and what is wrong."""

    clip: str
    frames: tuple[int, ...]
    latency_s: float | None
    wrong: str


def recorded(data: Path, clip: str) -> Iterator[Frame]:
    """The clip's frames; tno_dune at two a second from frame 1 on, since frame 0 is framed differently."""
    if clip == "tno_dune":
        return frames_of(data / clip / "thermal", 2.0, 1)
    return frames_of(data / clip / "source.cptv")


def processed(data: Path, clip: str, folder: Path) -> Iterator[Frame]:
    """The clip as an installed camera gives it: 8 bits after gain control with jumps, a burnt-in clock, H.264."""
    file = folder / f"{clip}.mp4"
    if not file.exists():
        _encode(data, clip, file)
    return frames_of(file, 2.0 if clip == "tno_dune" else None)


def _encode(data: Path, clip: str, file: Path) -> None:
    source = data / clip / ("thermal" if clip == "tno_dune" else "source.cptv")
    rate, first = (2, 1) if clip == "tno_dune" else (LIVE_FPS, 0)
    pictures = [shot.pixels for shot in open_source(str(source), frames=(first, None)).read()]
    low, high = (int(v) for v in np.percentile(pictures[0], (1, 99)))
    scale = 1.0 if pictures[0].dtype == np.uint8 else 120.0 / max(60, high - low)
    base = 0.0 if pictures[0].dtype == np.uint8 else 60.0 - low * scale
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(rate), options={"crf": "23", "threads": "1"})
        stream.pix_fmt = "yuv420p"
        stream.height, stream.width = _with_clock(np.zeros(pictures[0].shape, np.uint8), 0).shape
        for number, picture in enumerate(pictures):
            _, gain, offset = [s for s in GAIN_STEPS if number >= s[0] * len(pictures)][-1]
            grey = np.clip((picture * scale + base) * gain + offset, 0, 255).astype(np.uint8)
            shown = np.repeat(_with_clock(grey, number // rate)[..., None], 3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        container.mux(stream.encode(None))


def _with_clock(grey: np.ndarray, second: int) -> np.ndarray:
    """Small sensors are shown at twice their size; the clock counts in the top left corner."""
    image = Image.fromarray(grey)
    if grey.shape[1] < 320:
        image = image.resize((2 * grey.shape[1], 2 * grey.shape[0]), Image.Resampling.BILINEAR)
    ImageDraw.Draw(image).text((4, 2), f"2026-11-22 03:12:{second % 60:02d}", fill=255)
    return np.asarray(image)


def presence(data: Path, clip: str) -> tuple[int, int] | None:
    """First and last frame with the target; None where there is none."""
    stated = json.loads((data / clip / "meta.json").read_text()).get("presence_intervals")
    if stated is None:
        return 0, 10**6
    return (stated[0][0], stated[0][1]) if stated else None


def judge_clip(data: Path, clip: str, frames: Iterator[Frame], mode: str = "general") -> Verdict:
    """One alarm for the target within 1.5 s of its entry, cleared within 3 s of its leaving; none where none is."""
    seen = follow(whole_frame(scene_mode=f'"{mode}"'), frames)
    there = presence(data, clip)
    numbers = tuple(a.frame for a in seen.alarms)
    if there is None:
        return Verdict(clip, numbers, None, "false alarms" if numbers else "")
    if not numbers:
        return Verdict(clip, numbers, None, "missed")
    first = seen.alarms[0]
    latency_ns = first.captured_ns - seen.times[there[0]]
    wrong = [
        "early" if latency_ns < 0 else "",
        "late" if latency_ns > LATEST_NS and clip != "tno_dune" else "",
        f"{len(numbers)} alarms" if len(numbers) > 1 else "",
        _not_cleared(first, seen, there),
    ]
    return Verdict(clip, numbers, latency_ns / SECOND_NS, ", ".join(w for w in wrong if w))


def _not_cleared(alarm: Alarm, seen: Followed, there: tuple[int, int]) -> str:
    last = there[1]
    if last >= len(seen.times) or seen.times[-1] < seen.times[last] + CLEARED_NS:
        return ""
    if alarm.cleared_ns is None or alarm.cleared_ns > seen.times[last] + CLEARED_NS:
        return "cleared late"
    return ""


def _gate(name: str, verdicts: list[Verdict], demanded: bool = True) -> Gate:
    good = sum(not v.wrong for v in verdicts)
    bad = "; ".join(f"{v.clip} at {', '.join(map(str, v.frames)) or '-'}: {v.wrong}" for v in verdicts if v.wrong)
    limit = f"{len(verdicts)} of {len(verdicts)}" if demanded else "goal: all"
    return Gate(name, f"{good} of {len(verdicts)}", limit, good == len(verdicts) if demanded else None, bad)


def gates(data: Path) -> Iterator[Gate]:
    """Item 3 as recorded."""
    for mode in ("general", "leaves_interfered"):
        yield _gate(f"thermal {mode}", [judge_clip(data, c, recorded(data, c), mode) for c in TARGETS])
        found = [judge_clip(data, c, recorded(data, c), mode) for c in WINDY]
        yield _gate(f"windy {mode}", found, demanded=mode == "leaves_interfered")


def processed_gates(data: Path, folder: Path) -> Iterator[Gate]:
    """Item 3 as 8-bit H.264."""
    for mode in ("general", "leaves_interfered"):
        yield _gate(f"processed {mode}", [judge_clip(data, c, processed(data, c, folder), mode) for c in TARGETS])
        found = [judge_clip(data, c, processed(data, c, folder), mode) for c in WINDY]
        yield _gate(f"processed windy {mode}", found, demanded=mode == "leaves_interfered")
