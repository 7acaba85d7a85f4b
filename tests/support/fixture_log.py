"""A small log of each schema, kept so that later versions must read it: `python -m support.fixture_log NAME`.

A scripted detector stands in for the real one, so that the record changes with the format and the fold of alarms and
outputs alone, not with what detection learns to see. Its frames come from the simulator. Written once a schema; what is
kept is never made anew. `kept.json` says what is in each.
"""

import hashlib
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import msgspec

from devices.simulator import open_simulation
from kernel.engine import Engine
from kernel.events import SCHEMA_VERSION, ClockSet, CommandReceived, ConfigChanged, SessionEnded, SessionStarted
from kernel.log.contract import EventLog
from kernel.log.duckdb_log import open_log
from kernel.payloads import EncodedFrame, FrameEncoder
from kernel.recorder import Recorder
from replay.frames import frame_pixels
from support.scripted import SECOND, ScriptedDetector
from support.sites import whole_frame

KEPT = Path(__file__).parent.parent / "kept_logs"
FRAMES = 40
HITS = {12: [("all", 1)], 30: [("all", 2)]}
PRESENT = {1: range(8, 22), 2: range(27, 38)}
CIVIL_NS = 1_767_225_600 * SECOND
SOURCE = "channel.thermal"


def engine() -> Engine:
    """The fold that made the log; a new one each time."""
    return Engine(ScriptedDetector(HITS, PRESENT))


def write(path: Path) -> None:
    """One session in several segments: two alarms with their output, a command, a change of configuration."""
    log = open_log(path, "write", segment_ns=2 * SECOND)
    recorder = Recorder(log, engine())
    document = whole_frame()
    recorder.admit(0, "session", SessionStarted("run", SCHEMA_VERSION, {"emberline": "0.1.0"}, ("thermal",)))
    recorder.admit(0, "site", ConfigChanged(document, "site.toml"))
    recorder.admit(0, "site", ClockSet(CIVIL_NS, "start of the run"))
    for number, frame in enumerate(frames()):
        body = frame.fact()
        recorder.admit(body.captured_ns, SOURCE, body, frame.payload, frame.pixels)
        if number == 15:
            command = CommandReceived("output", ("siren", "off"), "guard")
            recorder.admit(recorder.time, "operator", command)
        if number == 24:
            changed = ConfigChanged(document.replace("delay = 2", "delay = 1"), "reload")
            recorder.admit(recorder.time, "site", changed)
    recorder.admit(recorder.time, "session", SessionEnded("end of recording"))
    log.close()


def frames() -> list[EncodedFrame]:
    """Of the simulator, a part of each so that they stay small."""
    simulation = open_simulation("sim:yard", "yard", {"seed": "7"}, last=FRAMES)
    encoder = FrameEncoder()
    out: list[EncodedFrame] = []
    for shot in simulation.read():
        for frame in encoder.feed(msgspec.structs.replace(shot, pixels=shot.pixels[:48, :64].copy())):
            assert isinstance(frame, EncodedFrame)
            out.append(frame)
    return out


def said_of(path: Path) -> dict[str, object]:
    """What a kept log must be found to hold."""
    log = open_log(path)
    try:
        stored = [event.seq for event in log.read() if event.kind == "FrameCaptured"]
        pixels = {str(seq): pixels_digest(log, seq) for seq in (stored[0], stored[17], stored[-1])}
        return {"events": log.head.seq, "digest": log.head.digest.hex(), "frames": len(stored), "pixels": pixels}
    finally:
        log.close()


def pixels_digest(log: EventLog, seq: int) -> str:
    """SHA-256 of a frame's pixels."""
    return hashlib.sha256(frame_pixels(log, seq).tobytes()).hexdigest()


def keep(name: str) -> None:
    """Write the log and pack it, without its private key."""
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "log"
        write(log)
        with zipfile.ZipFile(KEPT / f"{name}.zip", "x", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            for file in sorted(log.iterdir()):
                if file.suffix != ".key":
                    packed.write(file, file.name)
        table = KEPT / "kept.json"
        known = json.loads(table.read_text()) if table.exists() else {}
        table.write_text(json.dumps({**known, name: said_of(log)}, indent=1) + "\n")


if __name__ == "__main__":
    keep(sys.argv[1])
