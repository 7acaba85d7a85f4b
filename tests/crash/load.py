"""A writer under load for the crash runs: frames, alarms, changes of configuration, tiny segments."""

import hashlib
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from kernel.events import AlarmRaised, ConfigChanged, Event, FrameCaptured, ObjectsDetected, Ticked
from kernel.log.contract import Head
from kernel.log.duckdb_log import open_log

CHANNEL = "channel.thermal"
SEGMENT_BYTES = 300_000
FRAME_BYTES = 40_000
SEALER_KILLS = 0.002
"""How likely the writer is to kill its sealer after a unit."""

Unit = tuple[list[Event], bytes | None]


def next_unit(head: Head, rng: random.Random, frame_bytes: int = FRAME_BYTES) -> Unit:
    """A frame with what was seen in it and sometimes an alarm, a change of configuration, or a tick."""
    seq, fact_no, time_ns = head.seq + 1, head.fact_no + 1, head.time + 100
    draw = rng.random()
    if draw < 0.1:
        body = ConfigChanged("# a site file\n" * rng.randrange(1, 400), "operator")
        return [Event(seq, fact_no, time_ns, "site", "ConfigChanged", None, body)], None
    if draw < 0.3:
        return [Event(seq, fact_no, time_ns, "clock", "Ticked", None, Ticked())], None
    payload = rng.randbytes(rng.randrange(frame_bytes // 2, frame_bytes))
    digest = hashlib.sha256(payload).hexdigest()
    frame = FrameCaptured(time_ns, 160, 120, "gray16", "delta-zstd-1", True, len(payload), digest)
    events = [
        Event(seq, fact_no, time_ns, CHANNEL, "FrameCaptured", None, frame),
        Event(seq + 1, fact_no, time_ns, CHANNEL, "ObjectsDetected", seq, ObjectsDetected(seq, ())),
    ]
    if draw < 0.45:
        box = (1, 2, 3, 4)
        alarm = AlarmRaised("thermal", "gate", "intrusion", seq, 1, "human", box, seq + 1, seq)
        events.append(Event(seq + 2, fact_no, time_ns, "linkage.gate", "AlarmRaised", seq, alarm))
    return events, payload


def write_until_killed(path: Path, seed: int, tell: Callable[[str], None]) -> None:
    """Open the log, say how it was found, and append for ever; each commit is acknowledged with `tell`.

    Lines: `open SEQ MILLISECONDS FINDINGS`, then `ack SEQ DIGEST` for the last event of what was committed, and
    `sealer PID` wherever the sealer, too, was killed.
    """
    rng = random.Random(seed)
    digests: dict[int, str] = {}
    began = time.perf_counter()
    log = open_log(path, "write", on_commit=lambda seq: tell(f"ack {seq} {digests[seq]}"), segment_bytes=SEGMENT_BYTES)
    took_ms = (time.perf_counter() - began) * 1000
    tell(f"open {log.head.seq} {took_ms:.0f} {[f'{r.what} {r.where} {r.lost} {r.detail}' for r in log.recovered]}")
    while True:
        events, payload = next_unit(log.head, rng)
        head = log.append(events, payload)[-1]
        digests[head.seq] = head.digest.hex()
        if rng.random() < 0.2:
            log.sync()
        sealer = log.sealer_process
        if sealer is not None and rng.random() < SEALER_KILLS:
            os.kill(sealer, signal.SIGKILL)
            tell(f"sealer {sealer}")


def line_writer(file: int) -> Callable[[str], None]:
    """Writes lines to a file descriptor, each whole."""

    def tell(line: str) -> None:
        os.write(file, f"{line}\n".encode())

    return tell
