"""How long segments take to refold one after the other and side by side, on this machine.

    python -m tests.benchmarks.refold_speed --seconds 120

Records a session of a simulated thermal camera, refolds its first two segments and then all of them, in one process
and in two, and prints a table; last the whole command does it. Those with one process and with two take turns, so that
other work on the machine meets both alike. The server that processes are forked from is started by the first turn.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from emberline.verified_replay import FOLDING
from emberline.wiring import make_engine
from kernel.log.duckdb_log import open_log
from replay.parts import Part, parts_of
from replay.sessions import sessions_of
from replay.side_by_side import compare_parts
from support.recorded import SECOND, run, shots
from support.sites import whole_frame

WIDTH, HEIGHT = 640, 512
TURNS = 5


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description="refold segments one after the other and side by side")
    options.add_argument("--seconds", type=int, default=120, help="of recording, at 9 frames a second")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="emberline-refold-") as directory:
        path = Path(directory) / "log"
        run(path, shots(_scene(asked.seconds * 9)), whole_frame(), segment_ns=asked.seconds * SECOND // 2)
        parts = _parts(path)
        print(f"{WIDTH}×{HEIGHT} 16 bit; each {TURNS} times, the quickest counts")
        print("| facts | segments | one process | two | share |\n|---|---|---|---|---|")
        for some in (parts[:2], parts) if len(parts) > 2 else (parts,):
            facts = sum(part.size for part in some)
            _tell(f"{facts} | {len(some)}", partial(_refold, path, some))
        _tell(f"{facts} | {len(parts)}, `emberline replay --verify`", partial(_command, path))


def _tell(what: str, work: Callable[[int], None]) -> None:
    """A line of the table: how long `work` takes with one process and with two."""
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(TURNS):
        for jobs, taken in times.items():
            began = time.perf_counter()
            work(jobs)
            taken.append(time.perf_counter() - began)
    one, two = min(times[1]), min(times[2])
    print(f"| {what} | {one:.2f} s | {two:.2f} s | {two / one:.2f} |")


def _scene(frames: int) -> Iterator[np.ndarray]:
    """A noisy scene with a warm target that walks to and fro."""
    rng = np.random.default_rng(3)
    scene = 3000 + rng.integers(0, 60, (HEIGHT, WIDTH))
    noise = [rng.normal(0, 3, (HEIGHT, WIDTH)).round().astype(int) for _ in range(8)]
    for number in range(frames):
        frame = scene + noise[number % len(noise)]
        left = abs((number * 4) % 1100 - 550) + 20
        frame[200:280, left : left + 30] += 150
        yield frame.astype(np.uint16)


def _parts(path: Path) -> list[Part]:
    log = open_log(path)
    try:
        return parts_of(log, sessions_of(log)[0])
    finally:
        log.close()


def _refold(path: Path, parts: list[Part], jobs: int) -> None:
    results = compare_parts(path, parts, make_engine, jobs, lambda done, total: None, FOLDING)
    assert all(result.identical for result in results)


def _command(path: Path, jobs: int) -> None:
    command = [sys.executable, "-m", "emberline", "replay", str(path), "--verify", "--jobs", str(jobs)]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
