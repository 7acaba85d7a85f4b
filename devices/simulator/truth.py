"""What is true of a simulated recording: who is where in each frame, and what the rules should make of it."""

import json
import math
from pathlib import Path

from devices.simulator.scene import Scene
from devices.simulator.simulation import Simulation


def truth(simulation: Simulation) -> list[dict[str, object]]:
    """Every mover in every selected frame: {"frame", "id", "class", "box": [x, y, width, height] px, "visible"}."""
    return [
        {"frame": number, "id": s.id, "class": s.target, "box": list(s.box), "visible": s.visible}
        for number in simulation.numbers
        for s in simulation.sightings(number)
    ]


def labels(scene: Scene, channel: str, fps: float, session: str | None = None) -> list[dict[str, object]]:
    """The scene's expectations for a channel as lines of truth, the reviewed time first; moments are `frame:N`."""
    lines: list[dict[str, object]] = [
        {
            "session": session,
            "channel": channel,
            "reviewed": ["frame:0", f"frame:{math.ceil(scene.seconds * fps - 1e-9)}"],
        }
    ]
    for expectation in scene.expect:
        if expectation.channel != channel:
            continue
        line: dict[str, object] = {
            "session": session,
            "channel": channel,
            "rule": expectation.rule,
            "start": f"frame:{round(expectation.start * fps)}",
            "end": f"frame:{round(expectation.end * fps)}",
            "label": expectation.label,
            "count": expectation.count,
        }
        line |= {"cause": expectation.cause} if expectation.cause else {}
        line |= {"note": expectation.note} if expectation.note else {}
        lines.append(line)
    return lines


def write_truth(path: Path, lines: list[dict[str, object]]) -> None:
    """Write JSON Lines."""
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
