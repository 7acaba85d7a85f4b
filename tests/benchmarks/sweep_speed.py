"""`make sweep-bench`: all sensitivities × scene modes over real clips, beside a single replay in the same run.

Prints CPU milliseconds a frame of both, reading the settings included, and holds every 25th setting's outcome digest,
and its alarms, against its own replay; ends with code 1 where one differs.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from devices.recordings import open_source
from kernel.log.memory import MemoryLog
from replay.importer import ImportPlan, import_recordings
from replay.sessions import Session, sessions_of
from replay.sweep import parse_axis, replay_alone, settings_of_grid, sweep_session

CLIPS = (
    ("caco_possum_trap", "thermal", "source.cptv"),
    ("intel_car_road", "optical", "car-detection.mp4"),
    ("pets09_s2l1", "optical", "vtest.avi"),
)
GRID = ("channel.camera.vca.scene_mode=general,distant_view,leaves_interfered", "rule.all.sensitivity=1..100")
EVERY = 25
SITE = """
[[channel]]
id = "camera"
kind = "{kind}"
source = "file:unused"
[[rule]]
id = "all"
channel = "camera"
type = "intrusion"
region = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
duration = 1
anchor = "centre"
targets = ["human", "vehicle", "animal", "other"]
[[rule]]
id = "line"
like = "all"
type = "line_crossing"
line = [[0.0, 0.5], [1.0, 0.5]]
"""
T = TypeVar("T")


def main(data: Path, chosen: list[str]) -> int:
    different = 0
    print("clip                frames  settings  alone ms  swept ms   times  equal")
    for name, kind, file in CLIPS:
        if not chosen or name in chosen:
            different += measure(name, kind, data / name / file)
    return 1 if different else 0


def measure(name: str, kind: str, source: Path) -> int:
    """Sweep one clip and print its line; how many of the settings looked at differ from their own replay."""
    log = MemoryLog()
    imported = import_recordings(log, ImportPlan({"camera": open_source(str(source))}, SITE.format(kind=kind), {}))
    (session,) = sessions_of(log)
    frames = imported.frames["camera"]
    runs = settings_of_grid([parse_axis(axis) for axis in GRID])
    warm_up(log, session)
    _, alone = timed(lambda: replay_alone(log, session, (("rule.all.sensitivity", "50"),)))
    swept, together = timed(lambda: sweep_session(log, session, runs))
    looked_at = swept[::EVERY]
    equal = sum(run == replay_alone(log, session, run.settings) for run in looked_at)
    each = [f"{seconds * 1000 / frames:8.2f}" for seconds in (alone, together)]
    times = f"{together / alone:6.1f}"
    print(f"{name:20}{frames:6}  {len(runs):8}  {each[0]}  {each[1]}  {times}  {equal} of {len(looked_at)}", flush=True)
    return len(looked_at) - equal


def warm_up(log: MemoryLog, session: Session) -> None:
    """Compile what is compiled on first use."""
    sweep_session(log, session, [(), (("rule.all.sensitivity", "90"),)])


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """The result, and the CPU seconds of this process."""
    before = time.process_time()
    result = work()
    return result, time.process_time() - before


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
