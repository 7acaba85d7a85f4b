"""intel_car_road: four cars over a line at half height, with direction and no other alarm."""

import json
from collections.abc import Iterator
from pathlib import Path

from support.clips import crossing, frames_of
from tests.accuracy.following import follow
from tests.accuracy.gate import Gate

TOLERANCE_FRAMES = 12
SHOWN = {"b_to_a": "up", "a_to_b": "down"}


def gates(data: Path) -> Iterator[Gate]:
    truth = json.loads((data / "intel_car_road" / "gt_events.json").read_text())["events"]
    seen = follow(crossing(), frames_of(data / "intel_car_road" / "car-detection.mp4"))
    found = [(a.frame, SHOWN[a.hit.detail]) for a in seen.alarms]
    hits = sum(
        any(d == e["direction"] and abs(n - e["frame_about"]) <= TOLERANCE_FRAMES for n, d in found) for e in truth
    )
    shown = ", ".join(f"{n} {d}" for n, d in found)
    holds = hits == len(found) == len(truth)
    yield Gate("road crossings", f"{hits} of {len(truth)}", "4 of 4, no other", holds, shown)
