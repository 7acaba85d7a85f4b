"""A site with one rule and one output, and folding scripted sessions of it."""

import numpy as np

from kernel.engine import Engine
from kernel.events import Event
from kernel.references import Draft
from support.scripted import SECOND, Facts, ScriptedDetector

PIXELS = np.zeros((4, 4), np.uint8)
SITE = """
[site]
name = "Test"
timezone = "UTC"
[[channel]]
id = "thermal"
kind = "thermal"
source = "file:x.cptv"
[channel.vca]
single_alarm = SINGLE
repeat_interval = 5
[[rule]]
id = "yard"
channel = "thermal"
type = "intrusion"
region = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
schedule = "SCHEDULE"
linkage = ["siren"]
[schedules.night]
all = ["00:00-00:01"]
[linkage.siren]
kind = "alarm_output"
number = 1
delay = DELAY
"""


def site(single: bool = True, schedule: str = "always", delay: str = "5") -> str:
    text = SITE.replace("SINGLE", str(single).lower()).replace("SCHEDULE", schedule)
    return text.replace("DELAY", delay)


def fold(detector: ScriptedDetector, facts: list[Event]) -> list[Draft]:
    engine = Engine(detector)
    drafts: list[Draft] = []
    for fact in facts:
        before, after = engine.handle(fact, PIXELS if fact.kind == "FrameCaptured" else None)
        drafts += before + after
    return drafts


def session(document: str, frames: int, civil_offset: int | None = None) -> list[Event]:
    facts = Facts()
    return [*facts.start(document, civil_offset), *(facts.frame(n * SECOND) for n in range(frames)), facts.end()]


def timeline(drafts: list[Draft], *kinds: str) -> list[tuple[int, str]]:
    return [(d.time // SECOND, type(d.body).__name__) for d in drafts if type(d.body).__name__ in kinds]
