"""Sessions written to a log on disk without a daemon: by a Recorder with the product's fold, in small segments."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from detectors.detector import ChannelDetector
from emberline.versions import versions
from kernel import events as e
from kernel.engine import Engine
from kernel.log.duckdb_log import open_log
from kernel.media import Packet, Recording, Shot
from kernel.payloads import EncodedFrame, FrameEncoder
from kernel.recorder import Recorder
from replay.importer import ImportPlan, import_recordings
from replay.outcome_writer import append_outcome
from replay.sessions import sessions_of

SECOND = 1_000_000_000
FRAME_NS = 111_000_000


def shots(frames: Iterable[np.ndarray]) -> Iterator[Shot]:
    return (Shot(n * FRAME_NS, frame) for n, frame in enumerate(frames))


def run(log: Path, items: Iterable[Shot | Packet], document: str, segment_ns: int = 3 * SECOND) -> str:
    """Record a session as the daemon does; its outcome digest."""
    opened = open_log(log, "write", segment_ns=segment_ns)
    recorder, encoder = Recorder(opened, Engine(ChannelDetector)), FrameEncoder()
    origin = opened.head.time
    recorder.admit(origin, "session", e.SessionStarted("run", e.SCHEMA_VERSION, versions(), ("thermal",)))
    recorder.admit(origin, "site", e.ConfigChanged(document, "test"))
    for batch in (*map(encoder.feed, items), encoder.flush()):
        for frame in batch:
            assert isinstance(frame, EncodedFrame)
            time = origin + frame.captured_ns
            body = msgspec.structs.replace(frame.fact(), captured_ns=time)
            recorder.admit(time, "channel.thermal", body, frame.payload, frame.pixels)
    recorder.admit(recorder.time, "session", e.SessionEnded("end of recording"))
    opened.close()
    return recorder.outcome.hexdigest()


class _Shots:
    kind = "thermal"
    frames = None
    began = None

    def __init__(self, frames: list[np.ndarray]) -> None:
        self._frames = frames

    def read(self) -> Iterator[Shot]:
        return shots(self._frames)


def imported(log: Path, recording: Recording | list[np.ndarray], document: str, segment_ns: int = 3 * SECOND) -> str:
    """Import a recording and append its outcome; the outcome digest."""
    opened = open_log(log, "write", segment_ns=segment_ns)
    source = _Shots(recording) if isinstance(recording, list) else recording
    import_recordings(opened, ImportPlan({"thermal": source}, document, versions()))
    opened.close()
    opened = open_log(log, "write", segment_ns=segment_ns)
    outcome = append_outcome(opened, sessions_of(opened)[-1], Engine(ChannelDetector))
    opened.close()
    return outcome.hexdigest()
