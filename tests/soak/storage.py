"""`python -m tests.soak.storage --hours 24`: a long, mostly idle watch at speed max, with a small quota.

A few minutes of the simulator's quiet night are drawn once and shown again and again to a daemon as a folder of images.
While it runs, its memory, that of its drivers and its sealer, what its log takes on the disk, its frames and its alarms
are looked at. It ends with a table and the exit code 1 where the disk outgrew the quota, memory grew, frames were lost,
alarms came more or less often as time went by, or the log is not sound.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from itertools import pairwise
from pathlib import Path

import msgspec
from PIL import Image

from devices.simulator import read_scene
from devices.simulator.simulation import Simulation
from kernel.log.room import used_bytes
from kernel.log.verify import verify_log
from support.rtsp import free_port

FPS = 9
QUOTA_MB = 100
GROWTH_MB = 60
"""More than this between the second and the last quarter of the run is growth."""
DRIFT_ALARMS = 3
"""A quarter may have so many alarms more or fewer than its share."""
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
    """One look: MB resident by kind of process, MB on the disk, and what the daemon counted since its start."""

    daemon: float
    others: float
    disk: float
    frames: int
    lost: int
    alarms: int


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


def watch(daemon: "subprocess.Popen[bytes]", port: int, log: Path, every_s: float) -> list[Sample]:
    """Look at the daemon until it ends."""
    samples: list[Sample] = []
    while daemon.poll() is None:
        time.sleep(every_s)
        counted = counters(port)
        if counted is not None:
            memory = resident_mb(daemon.pid), sum(map(resident_mb, children_of(daemon.pid)))
            samples.append(Sample(*memory, used_bytes(log) / 1e6, *counted))
    return [sample for sample in samples if sample.daemon]


def counters(port: int) -> tuple[int, int, int] | None:
    """Frames recorded, frames lost and alarms raised so far; None while the daemon does not answer."""
    try:
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    except OSError:
        return None
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    names = 'frames_total{channel="thermal"}', 'frames_lost_total{channel="thermal"}', "alarms_total"
    frames, lost, alarms = (int(float(values.get(f"emberline_{name}", 0))) for name in names)
    return frames, lost, alarms


def quarters(samples: list[Sample]) -> list[list[Sample]]:
    """The looks in four parts of the same length."""
    length = max(1, len(samples) // 4)
    return [samples[n * length : (n + 1) * length] or samples[-1:] for n in range(4)]


def grown(samples: list[Sample]) -> list[tuple[int, int]]:
    """How many frames and alarms each quarter brought."""
    ends = [part[-1] for part in quarters(samples)]
    counted = [(0, 0), *((end.frames, end.alarms) for end in ends)]
    return [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(counted)]


def summed_up(samples: list[Sample]) -> list[str]:
    """The run in quarters: the most of each size, and what came in each."""
    lines = ["quarter  daemon MB  drivers and sealer MB  disk MB  frames  alarms"]
    for number, (part, (frames, alarms)) in enumerate(zip(quarters(samples), grown(samples), strict=True)):
        most = [max(getattr(s, name) for s in part) for name in ("daemon", "others", "disk")]
        lines.append(f"{number + 1:7d}  {most[0]:9.0f}  {most[1]:21.0f}  {most[2]:7.1f}  {frames:6d}  {alarms:6d}")
    return lines


def troubles(samples: list[Sample], log: Path, quota_mb: int) -> list[str]:
    """What must not be."""
    found: list[str] = []
    if max(sample.disk for sample in samples) > quota_mb:
        found.append("the disk outgrew the quota")
    _, second, _, last = quarters(samples)
    for name in ("daemon", "others"):
        growth = max(getattr(s, name) for s in last) - max(getattr(s, name) for s in second)
        if growth > GROWTH_MB:
            found.append(f"memory of {name} grew by {growth:.0f} MB from the second quarter to the last")
    if samples[-1].lost:
        found.append(f"{samples[-1].lost} frames were lost")
    rate = samples[-1].alarms / max(1, samples[-1].frames)
    if any(abs(alarms - rate * frames) > DRIFT_ALARMS for frames, alarms in grown(samples)):
        found.append("alarms came more often at one time than at another")
    if not verify_log(log).sound:
        found.append("the log is not sound")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="A long watch with a small quota.")
    parser.add_argument("--hours", type=float, default=24.0, help="simulated hours")
    parser.add_argument("--minutes", type=float, default=12.0, help="of the scene that are drawn and shown again")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
    parser.add_argument("--quota", type=int, default=QUOTA_MB, metavar="MB", help="quota_mb of the site")
    words = parser.parse_args()
    frames = int(words.hours * 3600 * FPS)
    with tempfile.TemporaryDirectory(prefix="emberline-soak-") as directory:
        place = Path(directory)
        show_again(place / "shown", draw(place / "drawn", words.minutes), frames)
        site, log = place / "site.toml", place / "log"
        site.write_text(SITE.format(folder=place / "shown", fps=FPS, quota=words.quota))
        port = free_port()
        command = [sys.executable, "-m", "emberline", "run", "--site", str(site), "--log", str(log)]
        command += ["--speed", "max", "--until-end", "--metrics", str(port)]
        begun = time.monotonic()
        daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        samples = watch(daemon, port, log, words.every)
        took = time.monotonic() - begun
        seen = samples[-1].frames
        print(f"{seen} of {frames} frames at the last look, {seen / FPS / 3600:.2f} simulated hours, in {took:.0f} s")
        print(*summed_up(samples), sep="\n")
        found = troubles(samples, log, words.quota)
        if daemon.returncode:
            found.append(f"the daemon ended with {daemon.returncode}")
        print(*(found or ["disk within the quota, memory flat, no frame lost, no drift, log sound"]), sep="\n")
        return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
