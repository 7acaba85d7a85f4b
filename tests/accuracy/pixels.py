"""The gates on pixel masks: remote-scene infrared, the motorway, the waving trees."""

from collections.abc import Iterator
from pathlib import Path

from support.clips import frames_of
from support.sites import whole_frame
from tests.accuracy.following import follow
from tests.accuracy.gate import Gate, at_least
from tests.accuracy.masks import highway, ours, remote_scene, score, waving_trees


def remote_gates(data: Path) -> Iterator[Gate]:
    found = {clip.name: score(clip, ours(clip)).f_measure for clip in remote_scene(data)}
    detail = ", ".join(f"{name.removeprefix('rsir_')}: {f:.3f}" for name, f in found.items())
    yield at_least("rsir mean F", sum(found.values()) / len(found), 0.70, 0.78, detail)
    yield at_least("rsir least F", min(found.values()), 0.40)


def highway_gates(data: Path) -> Iterator[Gate]:
    clip = highway(data)
    yield at_least("highway F", score(clip, ours(clip)).f_measure, 0.92)


def waving_gates(data: Path) -> Iterator[Gate]:
    clip = waving_trees(data)
    found = {mode: score(clip, ours(clip, mode)).f_measure for mode in ("leaves_interfered", "general")}
    yield at_least("wallflower F leaves_interfered", found["leaves_interfered"], 0.80)
    yield Gate("wallflower F general", f"{found['general']:.3f}")
    seen = follow(whole_frame(kind="optical", scene_mode='"leaves_interfered"'), frames_of(clip.source, 15.0))
    early = [a.frame for a in seen.alarms if a.frame < 240]
    shown = ", ".join(str(a.frame) for a in seen.alarms)
    yield Gate("wallflower early alarms", str(len(early)), "none before 240", not early, f"alarms at {shown or '-'}")
