"""A recording of one or several channels becomes a session of facts."""

import heapq
from collections.abc import Callable, Iterator, Mapping

import msgspec
import numpy as np

from detectors.privacy_mask import Blackener, blackener
from kernel.engine import recorded_site
from kernel.events import (
    SCHEMA_VERSION,
    Body,
    ClockSet,
    ConfigChanged,
    FramesLost,
    LogRecovered,
    SessionEnded,
    SessionStarted,
)
from kernel.log.contract import EventLog
from kernel.media import MediaError, Recording, Shot
from kernel.payloads import DamagedFrame, EncodedFrame, FrameEncoder, joined
from kernel.recorder import Recorder
from kernel.references import CHANNEL_SOURCE
from replay.scout import Scout

Progress = Callable[[int, int | None], None]
"""Told (frames done, frames in all if known)."""


class ImportPlan(msgspec.Struct, frozen=True):
    """What is imported: the recordings by channel in the order of the site, the site document, and the settings.

    `start_ns` is the civil time (ns since 1970, UTC) of the first frame, None where nobody knows; `frames` selects
    frames [A, B) of each channel. `scout` has the site's models look, if it has some.
    """

    recordings: Mapping[str, Recording]
    document: str
    versions: dict[str, str]
    start_ns: int | None = None
    frames: tuple[int, int | None] = (0, None)
    who: str = "import"
    scout: Scout | None = None


class Imported(msgspec.Struct, frozen=True):
    """What came of it: frames recorded by channel, and how many of them are damaged."""

    frames: dict[str, int]
    damaged: int


def import_recordings(log: EventLog, plan: ImportPlan, progress: Progress | None = None) -> Imported:
    """Append a session with the recordings' frames, in the order of (captured_ns, order of channels).

    Raises `MediaError` where a recording cannot be read or holds no frame, `ModelError` where a model fails at its
    work; then nothing of it stays in the log.
    """
    recorder = _Facts(log, plan.scout)
    origin = max(log.head.time, plan.start_ns or 0)
    recorder.admit(origin, "session", SessionStarted("import", SCHEMA_VERSION, plan.versions, tuple(plan.recordings)))
    for found in log.recovered:
        recorder.admit(origin, "log", LogRecovered(found.what, found.where, found.lost, found.detail))
    recorder.admit(origin, "site", ConfigChanged(plan.document, plan.who))
    if plan.start_ns is not None:
        recorder.admit(origin, "site", ClockSet(plan.start_ns - origin, "start given at import"))
    counts, damaged = dict.fromkeys(plan.recordings, 0), 0
    for channel, frame in _merged(plan):
        time, source = origin + frame.captured_ns, CHANNEL_SOURCE + channel
        if isinstance(frame, DamagedFrame):
            damaged += 1
            recorder.admit(time, source, FramesLost(1, "damaged"))
        else:
            body = msgspec.structs.replace(frame.fact(), captured_ns=time)
            recorder.admit(time, source, body, frame.payload, frame.pixels)
            counts[channel] += 1
        if progress is not None:
            progress(sum(counts.values()), _total(plan))
    empty = [id for id, count in counts.items() if count == 0]
    if empty:
        raise MediaError(f"channel {empty[0]}: no frame of its recording could be imported")
    recorder.admit(recorder.time, "session", SessionEnded("end of recording"))
    log.sync()
    return Imported(counts, damaged)


class _Facts:
    """Records facts, and after a frame what the models found in it."""

    def __init__(self, log: EventLog, scout: Scout | None) -> None:
        self._recorder = Recorder(log, None)
        self._scout = scout

    @property
    def time(self) -> int:
        return self._recorder.time

    def admit(
        self, time: int, source: str, body: Body, payload: bytes | None = None, pixels: np.ndarray | None = None
    ) -> None:
        (fact,) = self._recorder.admit(time, source, body, payload, pixels)
        if self._scout is not None:
            for found in self._scout.hear(fact, pixels):
                self.admit(time, source, found)


def _total(plan: ImportPlan) -> int | None:
    first, last = plan.frames
    totals = [r.frames for r in plan.recordings.values()]
    if any(t is None for t in totals):
        return None
    return sum(max(0, min(t, last if last is not None else t) - first) for t in totals if t is not None)


def _merged(plan: ImportPlan) -> Iterator[tuple[str, EncodedFrame | DamagedFrame]]:
    """The frames of all channels by (captured_ns, order of channels), privacy masks applied."""
    site = recorded_site(plan.document)
    blackeners = dict.fromkeys(plan.recordings, None) | {c.id: blackener(c.privacy_mask) for c in site.channels}

    def frames(order: int, channel: str, recording: Recording) -> Iterator[tuple[int, int, str, _Frame]]:
        for frame in _encoded(recording, plan.frames, blackeners[channel]):
            yield frame.captured_ns, order, channel, frame

    streams = [frames(order, channel, r) for order, (channel, r) in enumerate(plan.recordings.items())]
    for _, _, channel, frame in heapq.merge(*streams, key=lambda item: item[:2]):
        yield channel, frame


def _encoded(recording: Recording, selected: tuple[int, int | None], blacken: Blackener | None) -> Iterator["_Frame"]:
    """The recording's frames in order; of video those in `selected`, which readers of shots have seen to."""
    encoder = FrameEncoder(blacken)
    video = FrameEncoder()
    passing = _Selected(*selected)
    for item in recording.read():
        if isinstance(item, Shot):
            yield from encoder.feed(item)
        else:
            yield from _blackened(passing.of(video.feed(item)), encoder, blacken)
        if passing.done:
            return
    yield from _blackened(passing.of(video.flush()), encoder, blacken)


def _blackened(frames: Iterator["_Frame"], encoder: FrameEncoder, blacken: Blackener | None) -> Iterator["_Frame"]:
    """Frames of video with what must not be recorded blacked out, and so no longer as packets."""
    for frame in frames:
        if blacken is None or isinstance(frame, DamagedFrame):
            yield frame
        else:
            yield from encoder.feed(Shot(frame.captured_ns, frame.pixels))


class _Selected:
    """Passes frames [first, last) of a video. What was passed over before is kept for the first one to decode from."""

    def __init__(self, first: int, last: int | None) -> None:
        self._first, self._last = first, last
        self._number = 0
        self._before: bytes | None = None

    @property
    def done(self) -> bool:
        return self._last is not None and self._number >= self._last

    def of(self, frames: list["_Frame"]) -> Iterator["_Frame"]:
        for frame in frames:
            number, self._number = self._number, self._number + 1
            if number < self._first:
                self._pass_over(frame)
            elif self._last is None or number < self._last:
                yield self._decodable(frame)

    def _pass_over(self, frame: "_Frame") -> None:
        if isinstance(frame, EncodedFrame):
            fresh = frame.key or self._before is None
            self._before = frame.payload if fresh or self._before is None else joined(self._before, frame.payload)

    def _decodable(self, frame: "_Frame") -> "_Frame":
        before = self._before
        if before is None or isinstance(frame, DamagedFrame):
            return frame
        self._before = None
        if frame.key:
            return frame
        return msgspec.structs.replace(frame, payload=joined(before, frame.payload), key=True)


_Frame = EncodedFrame | DamagedFrame
