"""An RTSP camera that goes away and comes back: `python -m tests.soak.rtsp --minutes 10 --restarts 3`."""

import argparse
import shutil
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from support.recordings import walk
from support.rtsp import RtspServer, free_port, looped_video, need_rtsp_server
from support.sites import whole_frame
from tests.soak.watching import Watched, events

AWAY_S = 8.0


def main() -> None:
    """Run, restart the server, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--restarts", type=int, default=3)
    given = parser.parse_args()
    need_rtsp_server()
    place = Path(tempfile.mkdtemp(prefix="emberline-soak-"))
    try:
        _soak(place, given.minutes * 60 / (given.restarts + 1), given.restarts)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _soak(place: Path, stretch_s: float, restarts: int) -> None:
    frames = [np.clip((f.astype(int) - 2900) // 3, 0, 255).astype(np.uint8) for f in walk(85, enters=30)]
    loops = int((stretch_s + 60) * 25 / len(frames)) + 1
    with RtspServer(looped_video(place / "walk.mkv", frames, loops)) as server:
        secret = place / "camera"
        secret.write_text(server.password)
        secret.chmod(0o600)
        login = f'user = "{server.user}"\npassword_file = "camera"\n'
        document = whole_frame(server.url, "optical", "optical").replace("\n[[rule]]", f"{login}\n[[rule]]")
        (place / "site.toml").write_text(document)
        watched = Watched(place / "site.toml", place / "log", free_port())
        back: list[int] = []
        memory: list[float] = []
        for number in range(restarts + 1):
            time.sleep(stretch_s)
            memory.append(sum(used.rss_mb for used in watched.usage().values()))
            if number < restarts:
                server.stop()
                time.sleep(AWAY_S)
                server.start()
                back.append(time.time_ns())
        watched.stop()
    _report(place / "log", back, memory)


def _first_after(time_ns: int, kind: str, marks: list[dict[str, Any]]) -> int:
    """How long after a moment the first event of the kind came, in ns."""
    return next(mark["time"] - time_ns for mark in marks if mark["kind"] == kind and mark["time"] > time_ns)


def _report(log: Path, back: list[int], memory: list[float]) -> None:
    marks = events(log, "ClockSet", "DeviceOnline", "DeviceOffline", "FramesLost", "AlarmRaised")
    offset = next(m["body"]["offset_ns"] for m in marks if m["kind"] == "ClockSet")
    for at_ns in back:
        online, alarm = (_first_after(at_ns - offset, kind, marks) / 1e9 for kind in ("DeviceOnline", "AlarmRaised"))
        print(f"server back: found again after {online:.2f} s, alarm after {alarm:.2f} s")
    gaps = sum(m["kind"] == "FramesLost" for m in marks)
    print(f"{gaps} gaps on record for {len(back)} restarts; memory at each: {', '.join(f'{m:.0f} MB' for m in memory)}")
    print(f"growth between the stretches: {', '.join(f'{b - a:+.1f} MB' for a, b in pairwise(memory))}")


if __name__ == "__main__":
    main()
