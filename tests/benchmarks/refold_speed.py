"""How long segments take to refold one after the other and side by side, on this machine.

    python -m tests.benchmarks.refold_speed --seconds 120

Records a session of a simulated thermal camera, refolds its segments in one process and in two, and prints a table. The
two take turns, so that other work on the machine meets both alike.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emberline.wiring import make_engine
from kernel.log.duckdb_log import open_log
from replay.parts import Part, parts_of
from replay.sessions import sessions_of
from replay.side_by_side import compare_parts
from support.recorded import SECOND, run, shots
from support.sites import whole_frame

WIDTH, HEIGHT = 640, 512
TURNS = 3


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description="refold segments one after the other and side by side")
    options.add_argument("--seconds", type=int, default=120, help="of recording, at 9 frames a second")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="emberline-refold-") as directory:
        path = Path(directory) / "log"
        run(path, shots(_scene(asked.seconds * 9)), whole_frame(), segment_ns=asked.seconds * SECOND // 2)
        parts = _parts(path)
        times = {jobs: [] for jobs in (1, 2)}
        for _ in range(TURNS):
            for jobs, taken in times.items():
                taken.append(_time(path, parts, jobs))
    facts = sum(part.size for part in parts)
    print(f"{len(parts)} segments, {facts} facts, {WIDTH}×{HEIGHT} 16 bit; each {TURNS} times, the quickest counts")
    print("| processes | seconds | facts a second | share of one |\n|---|---|---|---|")
    for jobs, taken in times.items():
        share = min(taken) / min(times[1])
        print(f"| {jobs} | {min(taken):.1f} | {facts / min(taken):.0f} | {share:.2f} |")


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


def _time(path: Path, parts: list[Part], jobs: int) -> float:
    began = time.perf_counter()
    results = compare_parts(path, parts, make_engine, jobs, lambda done, total: None)
    taken = time.perf_counter() - began
    assert all(result.identical for result in results)
    return taken


if __name__ == "__main__":
    main()
