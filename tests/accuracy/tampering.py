"""Tampering and scene change on every clip: two are tampered with, the others are not, at the default sensitivity."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec

from detectors.watch import Watch
from kernel.detector import Frame
from kernel.events import SceneChanged, TamperStarted
from kernel.site.reader import read_site
from support.clips import frames_of
from tests.accuracy.gate import Gate

SITE = """
[[channel]]
id = "c"
kind = "optical"
source = "file:unused.mp4"
[channel.tamper]
[channel.scene_change]
"""
LABEL = (slice(0, 100), slice(0, 560))
"""A label is burnt in here late in the two tampered clips."""
WITHIN_S = 1.0
RATES = {"tno_dune": 2.0, "pets09_s2l1": 7.0, "wallflower_waving_trees": 15.0}
SOURCES = ("source.cptv", "thermal", "frames.mkv", "input", "frames", "*.avi", "*.mp4")


class Told(msgspec.Struct, frozen=True):
    """An alarm of the watch: its frame, what and how."""

    frame: int
    what: str


def source_of(folder: Path) -> Path | None:
    """The recording in a clip's folder."""
    return next((found for pattern in SOURCES for found in sorted(folder.glob(pattern))), None)


def clips(data: Path) -> list[str]:
    return sorted(f.parent.name for f in data.glob("*/meta.json") if source_of(f.parent) is not None)


def told(data: Path, clip: str) -> list[Told]:
    """What the watch tells of a clip; the label of the tampered ones is masked."""
    source = source_of(data / clip)
    assert source is not None
    watch = Watch(read_site(SITE).channels[0])
    found: list[Told] = []
    for frame in frames_of(source, RATES.get(clip)):
        for event in watch.perceive(_masked(frame) if clip.startswith("tamper_") else frame):
            if isinstance(event, TamperStarted | SceneChanged):
                found.append(Told(frame.number, f"{type(event).__name__} {event.how}"))
    return found


def _masked(frame: Frame) -> Frame:
    pixels = frame.pixels.copy()
    pixels[LABEL] = 0
    return msgspec.structs.replace(frame, pixels=pixels)


def effect(data: Path, clip: str) -> tuple[int, int, int]:
    """The frames at which tampering starts and is full, and how sure that is."""
    truth = json.loads((data / clip / "gt_events.json").read_text())
    start, full = (event["frame_about"] for event in truth["events"])
    return start, full, truth["tolerance_frames"]


def gates(data: Path) -> Iterator[Gate]:
    """Within a second of full effect, none before it starts, and none where nobody tampers."""
    for clip, how in (("tamper_occlusion", "covered"), ("tamper_defocus", "defocused")):
        found = told(data, clip)
        start, full, tolerance = effect(data, clip)
        fps = json.loads((data / clip / "meta.json").read_text())["fps"]
        in_time = [t for t in found if start - tolerance <= t.frame <= full + WITHIN_S * fps]
        holds = len(found) == len(in_time) == 1 and found[0].what == f"TamperStarted {how}"
        shown = ", ".join(f"{t.what} at {t.frame}" for t in found) or "none"
        yield Gate(clip, shown, f"{how} {start}–{full}+{WITHIN_S * fps:.0f}", holds)
    others = {clip: told(data, clip) for clip in clips(data) if not clip.startswith("tamper_")}
    false = {clip: found for clip, found in others.items() if found}
    detail = "; ".join(f"{clip}: {', '.join(f'{t.what} at {t.frame}' for t in found)}" for clip, found in false.items())
    yield Gate(
        f"no tampering on {len(others)} others", f"{sum(map(len, false.values()))} alarms", "0", not false, detail
    )
