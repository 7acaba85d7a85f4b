"""`python -m tests.crash.soak --hours 24`: a long, mostly idle watch at speed max, with a small quota.

A few minutes of the simulator's quiet night are drawn once and shown again and again to a daemon as a folder of images.
While it runs, its memory, that of its drivers and its sealer, and what its log takes on the disk are looked at. It
ends with a table and the exit code 1 where the disk outgrew the quota, memory grew, or the log is not sound.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from PIL import Image

from devices.simulator import read_scene
from devices.simulator.simulation import Simulation
from kernel.log.duckdb_log import open_log
from kernel.log.room import used_bytes
from kernel.log.verify import verify_log

FPS = 9
QUOTA_MB = 100
GROWTH_MB = 60
"""More than this between the first and the last quarter of the run is growth."""
SITE = """
[site]
name = "Soak"
[[channel]]
id = "thermal"
kind = "thermal"
source = "file:{folder}"
fps = {fps}
[[rule]]
id = "yard"
channel = "thermal"
type = "intrusion"
region = [[0.0, 0.3], [1.0, 0.3], [1.0, 1.0], [0.0, 1.0]]
duration = 1
[recording]
quota_mb = {quota}
"""


class Sample(msgspec.Struct):
    """One look: seconds since the start, MB resident by kind of process, MB on the disk."""

    seconds: float
    daemon: float
    others: float
    disk: float


def draw(folder: Path, minutes: float) -> list[Path]:
    """The scene once, as numbered 16-bit images."""
    folder.mkdir()
    scene = read_scene(Path(__file__).parent / "quiet_night.toml")
    simulation = Simulation(scene, "thermal", 1, began=None, seconds=scene.seconds, first=0, last=None)
    names: list[Path] = []
    for shot in simulation.read():
        if len(names) >= minutes * 60 * FPS:
            break
        names.append(folder / f"{len(names):06d}.png")
        Image.fromarray(shot.pixels).save(names[-1], compress_level=1)
    return names


def show_again(folder: Path, drawn: list[Path], frames: int) -> None:
    """A folder of `frames` images, links to those drawn."""
    folder.mkdir()
    for number in range(frames):
        (folder / f"{number:06d}.png").symlink_to(drawn[number % len(drawn)])


def resident_mb(pid: int) -> float:
    """What a process has in memory; 0 once it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def children_of(pid: int) -> list[int]:
    """All processes below a process."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        found = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return found + [below for child in found for below in children_of(child)]


def watch(daemon: "subprocess.Popen[bytes]", log: Path, every_s: float) -> list[Sample]:
    """Look at the daemon until it ends."""
    begun = time.monotonic()
    samples: list[Sample] = []
    while daemon.poll() is None:
        time.sleep(every_s)
        if log.exists():
            others = sum(map(resident_mb, children_of(daemon.pid)))
            seconds = time.monotonic() - begun
            samples.append(Sample(seconds, resident_mb(daemon.pid), others, used_bytes(log) / 1e6))
    return [sample for sample in samples if sample.daemon]


def summed_up(samples: list[Sample]) -> list[str]:
    """The run in quarters: the most of each figure."""
    lines = ["quarter  daemon MB  drivers and sealer MB  disk MB"]
    quarter = max(1, len(samples) // 4)
    for number in range(4):
        some = samples[number * quarter : (number + 1) * quarter] or samples[-1:]
        figures = [max(getattr(s, name) for s in some) for name in ("daemon", "others", "disk")]
        lines.append(f"{number + 1:7d}  {figures[0]:9.0f}  {figures[1]:21.0f}  {figures[2]:7.1f}")
    return lines


def troubles(samples: list[Sample], log: Path) -> list[str]:
    """What must not be."""
    quarter = max(1, len(samples) // 4)
    found: list[str] = []
    if max(sample.disk for sample in samples) > QUOTA_MB:
        found.append("the disk outgrew the quota")
    for name in ("daemon", "others"):
        first, last = (
            max(getattr(s, name) for s in some) for some in (samples[quarter : 2 * quarter], samples[-quarter:])
        )
        if last - first > GROWTH_MB:
            found.append(f"memory of {name} grew by {last - first:.0f} MB from the second quarter to the last")
    if not verify_log(log).sound:
        found.append("the log is not sound")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="A long watch with a small quota.")
    parser.add_argument("--hours", type=float, default=24.0, help="simulated hours")
    parser.add_argument("--minutes", type=float, default=12.0, help="of the scene that are drawn and shown again")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
    words = parser.parse_args()
    frames = int(words.hours * 3600 * FPS)
    with tempfile.TemporaryDirectory(prefix="emberline-soak-") as directory:
        place = Path(directory)
        show_again(place / "shown", draw(place / "drawn", words.minutes), frames)
        site, log = place / "site.toml", place / "log"
        site.write_text(SITE.format(folder=place / "shown", fps=FPS, quota=QUOTA_MB))
        command = [sys.executable, "-m", "emberline", "run", "--site", str(site), "--log", str(log)]
        begun = time.monotonic()
        daemon = subprocess.Popen([*command, "--speed", "max", "--until-end"], stdout=subprocess.DEVNULL)
        samples = watch(daemon, log, words.every)
        took = time.monotonic() - begun
        counted = counts(log)
        recorded = counted["FrameCaptured"]
        print(f"{recorded} of {frames} frames, {recorded / FPS / 3600:.2f} simulated hours, in {took:.0f} s")
        print(*summed_up(samples), sep="\n")
        print(json.dumps(counted))
        found = troubles(samples, log) + ([f"the daemon ended with {daemon.returncode}"] if daemon.returncode else [])
        print(*(found or ["disk within the quota, memory flat, log sound"]), sep="\n")
        return 1 if found else 0


def counts(log: Path) -> dict[str, int]:
    """How many events of the kinds that tell of drift."""
    opened = open_log(log)
    try:
        kinds = ("FrameCaptured", "FramesLost", "SegmentsPruned", "StorageFull", "AlarmRaised", "TrackStarted")
        return {kind: len(opened.typed(kind)) for kind in kinds}
    finally:
        opened.close()


if __name__ == "__main__":
    sys.exit(main())
