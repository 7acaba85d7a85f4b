"""Small units of events for the tests of the log."""

import hashlib
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb

from kernel.events import DetectedObject, Event, FrameCaptured, ObjectsDetected, Ticked
from kernel.log.contract import EventLog, Head
from kernel.log.duckdb_log import open_log
from kernel.log.verify import verify_log

CHANNEL = "channel.thermal"


def frame_unit(head: Head, payload: bytes, source: str = CHANNEL) -> list[Event]:
    """A frame and what was seen in it: two events."""
    seq, fact_no, time = head.seq + 1, head.fact_no + 1, head.time + 100
    digest = hashlib.sha256(payload).hexdigest()
    body = FrameCaptured(time, 8, 4, "gray16", "delta-zstd-1", True, len(payload), digest)
    seen = ObjectsDetected(seq, (DetectedObject(1, "human", (1, 2, 3, 4), 55),))
    return [
        Event(seq, fact_no, time, source, "FrameCaptured", None, body),
        Event(seq + 1, fact_no, time, source, "ObjectsDetected", seq, seen),
    ]


def tick_unit(head: Head) -> list[Event]:
    """A fact alone."""
    return [Event(head.seq + 1, head.fact_no + 1, head.time + 100, "clock", "Ticked", None, Ticked())]


def fill(log: EventLog, frames: int) -> list[Event]:
    """Append `frames` frame units, each followed by a tick; returns the linked events."""
    events: list[Event] = []
    for number in range(frames):
        payload = payload_of(number)
        events += log.append(frame_unit(log.head, payload), payload)
        events += log.append(tick_unit(log.head))
    return events


def fill_for_ever(log: EventLog) -> None:
    """Append frames until the log refuses."""
    payload = bytes(range(256)) * 100
    while True:
        log.append(frame_unit(log.head, payload), payload)


def payload_of(number: int) -> bytes:
    return f"payload {number:04d} ".encode() * 20


def editable_copy(log: Path, to: Path) -> Path:
    """A copy of a log whose sealed files can be written."""
    shutil.copytree(log, to)
    for path in to.iterdir():
        path.chmod(0o600)
    return to


def change(database: Path, sql: str, *parameters: object) -> None:
    """Change a segment file behind the log's back."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(sql, list(parameters))


def ask(database: Path, sql: str) -> list[tuple[object, ...]]:
    """Look into a segment file."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def found_sound(log: Path) -> tuple[int, int]:
    """The events and frames of a log in which all is as it was written, and every sealed segment signed."""
    verdict = verify_log(log)
    assert (verdict.sound, verdict.reason, verdict.unsigned) == (True, "", 0)
    return verdict.events, verdict.frames


_WRITE_AND_DIE = """
import json, os, resource, signal, sys
sys.path.insert(0, {root!r})
from kernel.log.contract import LogError
from kernel.log.duckdb_log import open_log
from tests.kernel.log_helpers import fill, fill_for_ever, tick_unit
log = open_log({path!r}, "write")
fill(log, 50)
log.sync()
print(log.head.seq, log.head.digest.hex(), flush=True)
{then}
"""
_ROOT = str(Path(__file__).parents[2])


def writing_child(path: Path, then: str) -> "subprocess.Popen[str]":
    """A process that appends 50 frames (150 events), syncs, prints seq and digest of the head and runs `then`."""
    program = _WRITE_AND_DIE.format(root=_ROOT, path=str(path), then=then)
    return subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT
    )


def write_and_die(path: Path) -> str:
    """A log whose writer was killed right after `sync`; returns what the child printed."""
    child = writing_child(path, "os.kill(os.getpid(), signal.SIGKILL)")
    said = child.communicate(timeout=60)[0]
    assert child.returncode == -signal.SIGKILL
    return said


FIRST, SECOND, THIRD = "000000000001", "000000000031", "000000000061"
"""The names of the segments that `three_segments` makes."""


def three_segments(path: Path) -> Path:
    """A log of three sealed segments of ten frames each: events 1–30, 31–60, 61–90."""
    for _ in range(3):
        log = open_log(path, "write")
        fill(log, 10)
        log.close()
    return path
