"""How long the tables of a whole day take to read, its segments by themselves and its events in one file.

    python -m tests.benchmarks.day_of_log --segments 500

A day is made up: frames without payloads, something seen in every fourth, an alarm a segment.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from emberline.wiring import read_log
from kernel.events import AlarmCleared, AlarmRaised, Body, DetectedObject, Event, FrameCaptured, ObjectsDetected
from kernel.log.compactor import compact_log
from kernel.log.contract import EventLog, Head
from kernel.log.days import DAY_NS
from kernel.log.duckdb_log import open_log
from replay.tables import alarms_table, detections_table, tracks_table

CHANNEL = "channel.thermal"
BEGINS = 20_000 * DAY_NS
BOX = (100_000, 200_000, 30_000, 80_000)
SHA = "0" * 64

TABLES: dict[str, Callable[[EventLog], object]] = {
    "alarms": alarms_table,
    "detections": detections_table,
    "tracks": tracks_table,
}


def unit(head: Head, number: int, frames: int) -> list[Event]:
    """A frame of the day, the `number`-th of a segment of `frames`, and what followed from it."""
    seq, time_ns = head.seq + 1, max(head.time, BEGINS)
    bodies: list[tuple[str, Body]] = [
        (CHANNEL, FrameCaptured(time_ns, 640, 512, "gray16", "delta-zstd-1", True, 0, SHA))
    ]
    if number % 4 == 0:
        bodies.append((CHANNEL, ObjectsDetected(seq, (DetectedObject(1, "human", BOX, 55),))))
    if number == frames // 2:
        raised = AlarmRaised("thermal", "gate", "intrusion", seq, 1, "human", BOX, seq, seq)
        cleared = AlarmCleared(seq + len(bodies), "thermal", "gate", seq, "target_gone")
        bodies += [("rule.gate", raised), ("rule.gate", cleared)]
    return [
        Event(seq + n, head.fact_no + 1, time_ns, source, type(body).__name__, seq if n else None, body)
        for n, (source, body) in enumerate(bodies)
    ]


def make_day(path: Path, segments: int, frames: int) -> None:
    """A log of so many segments with so many frames each, over one day."""
    step = DAY_NS // (segments * frames)
    log = open_log(path, "write", segment_ns=step * frames - step // 2)
    for n in range(segments * frames):
        events = unit(log.head, n % frames, frames)
        log.append([_at(event, BEGINS + n * step) for event in events])
    log.close()


def _at(event: Event, time_ns: int) -> Event:
    return Event(event.seq, event.fact_no, time_ns, event.source, event.kind, event.cause, event.body)


def measure(path: Path) -> str:
    """Seconds for each table, opening the log included."""
    words: list[str] = []
    for name, table in TABLES.items():
        began = time.perf_counter()
        with read_log(path) as log:
            table(log)
        words.append(f"{name} {time.perf_counter() - began:.2f} s")
    return ", ".join(words)


def main() -> None:
    options = argparse.ArgumentParser(description="read a day's tables before and after its compaction")
    options.add_argument("--segments", type=int, default=500)
    options.add_argument("--frames", type=int, default=400)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="emberline-day-") as directory:
        path = Path(directory) / "log"
        make_day(path, asked.segments, asked.frames)
        with read_log(path) as log:
            print(f"{len(log.segment_starts)} segments, {log.head.seq} events")
        print(f"by themselves: {measure(path)}")
        began = time.perf_counter()
        compact_log(path)
        print(f"put into one file in {time.perf_counter() - began:.1f} s")
        print(f"in one file: {measure(path)}")


if __name__ == "__main__":
    main()
