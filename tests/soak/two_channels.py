"""Two channels live through real drivers: 640×512 16-bit and 1280×720 H.264, both 25 frames a second.

    python -m tests.soak.two_channels --minutes 60

The 16-bit camera is a driver that connects by itself; the H.264 one is GStreamer's RTSP server. Prints the figures of
docs/live.md.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from emberline.operation.processes import Usage
from support.rtsp import RtspServer, free_port, looped_video, need_rtsp_server
from support.sites import whole_frame
from tests.soak.watching import Watched

FPS = 25
WALK_FRAMES = 250
LOOPS = 15_000 // WALK_FRAMES
"""Ten minutes of video; then the camera ends the stream and is connected to anew."""
CAMERA = """
import sys, time
import numpy as np
from devices.live import run_live
from kernel.media import Shot

frames = np.load(sys.argv[1], mmap_mode="r")

def connect():
    began_s = time.monotonic()
    for n in range(10**9):
        time.sleep(max(0.0, began_s + n / 25 - time.monotonic()))
        yield Shot(n * 40_000_000, np.array(frames[n % len(frames)]))

raise SystemExit(run_live(connect, {}))
"""


def scene(height: int, width: int, dtype: type) -> list[np.ndarray]:
    """(height, width) noise with a target that walks through once, in 8 s of 10."""
    rng = np.random.default_rng(3)
    low, noise, warm = (3000, 6, 150) if dtype is np.uint16 else (90, 2, 60)
    ground = low + rng.integers(0, noise * 5, (height, width))
    out: list[np.ndarray] = []
    for n in range(WALK_FRAMES):
        frame = ground + rng.integers(-noise, noise + 1, (height, width))
        x = int(width * (n - 40) / (WALK_FRAMES - 50))
        if 0 <= x < width:
            frame[height // 3 : height // 2, x : x + height // 14] += warm
        out.append(frame.astype(dtype))
    return out


def site_for(place: Path, server: RtspServer) -> Path:
    """Both channels, each with a rule over the whole frame and an output."""
    secret = place / "camera"
    secret.write_text(server.password)
    secret.chmod(0o600)
    login = f'user = "{server.user}"\npassword_file = "camera"\n'
    optical = whole_frame(server.url, "optical", "optical").replace('id = "all"', 'id = "optical_all"')
    optical = optical.replace("\n[[rule]]", f"{login}\n[[rule]]").split("[linkage.siren]")[0]
    path = place / "site.toml"
    path.write_text(whole_frame(f"zmq:ipc://{place}/door") + optical)
    return path


@contextmanager
def thermal_camera(place: Path) -> Iterator[None]:
    """The 16-bit camera, once its door is open."""
    np.save(place / "thermal.npy", np.stack(scene(512, 640, np.uint16)))
    token, by_s = place / "door" / "token", time.monotonic() + 60
    while not token.exists() and time.monotonic() < by_s:
        time.sleep(0.1)
    env = os.environ | {
        "EMBERLINE_DRIVER": "thermal",
        "EMBERLINE_DRIVER_TOKEN": token.read_text(),
        "EMBERLINE_DRIVER_FACTS": f"ipc://{place}/door/facts",
        "EMBERLINE_DRIVER_COMMANDS": f"ipc://{place}/door/commands",
    }
    camera = subprocess.Popen([sys.executable, "-c", CAMERA, str(place / "thermal.npy")], env=env)
    try:
        yield
    finally:
        camera.kill()
        camera.wait()


def watch_memory(watched: Watched, minutes: float) -> None:
    """Say at six times, evenly spread over so many minutes, how much memory everything takes."""
    for part in range(6):
        time.sleep(minutes * 10)
        used = watched.usage()
        each = ", ".join(f"{name} {one.rss_mb:.0f}" for name, one in used.items())
        whole = sum(one.rss_mb for one in used.values())
        print(f"after {(part + 1) * minutes / 6:.1f} min: {whole:.0f} MB ({each})", flush=True)


def report(seconds: float, before: dict[str, Usage], after: dict[str, Usage], metrics: dict[str, float]) -> None:
    """The figures, a line each."""
    total = 0.0
    for name, used in after.items():
        percent = 100 * (used.cpu_s - (before[name].cpu_s if name in before else 0.0)) / seconds
        total += percent
        print(f"{name}: {percent:.1f} % of a core, {used.rss_mb:.0f} MB")
    print(f"daemon, drivers and helpers together: {total:.1f} % of a core, over {seconds:.0f} s")
    for wanted in (
        "frames_total",
        "frames_lost_total",
        "frame_to_action",
        "frame_to_decision",
        "commit_seconds",
        "alarms",
    ):
        for name, value in metrics.items():
            if wanted in name:
                print(f"{name.removeprefix('emberline_')} {value:g}")


def main() -> None:
    """Run, watch, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    given = parser.parse_args()
    need_rtsp_server()
    place = Path(tempfile.mkdtemp(prefix="emberline-soak-"))
    try:
        video = looped_video(place / "optical.mkv", scene(720, 1280, np.uint8), LOOPS, FPS)
        with RtspServer(video) as server:
            watched = Watched(site_for(place, server), place / "log", free_port())
            with thermal_camera(place):
                time.sleep(15)
                before, began_s = watched.usage(), time.monotonic()
                watch_memory(watched, given.minutes)
                seconds, after, metrics = time.monotonic() - began_s, watched.usage(), watched.metrics()
            stopped_s = watched.stop()
            first_s = watched.first_detection_s()
        report(seconds, before, after, metrics)
        print(f"first detection {first_s:.1f} s after the start")
        print(f"stopped and sealed in {stopped_s:.1f} s")
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
