"""Frames of several channels are perceived at the same time, and come to exactly what they come to one by one."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emberline.wiring import make_engine
from kernel import events as e
from kernel.log.contract import EventLog
from kernel.log.duckdb_log import open_log
from kernel.log.memory import MemoryLog
from kernel.log.rotation import Rotation
from kernel.media import Shot
from kernel.payloads import EncodedFrame, FrameEncoder
from kernel.recorder import NewFrame, Recorder
from replay.parts import parts_of
from replay.sessions import sessions_of
from replay.verification import compare
from support.recordings import walk
from support.sites import whole_frame

MS = 1_000_000
CHANNELS = ("north", "south", "west")
FRAMES = 50


def document() -> str:
    north, *others = (whole_frame("sim:yard", channel=id).replace('id = "all"', f'id = "{id}"') for id in CHANNELS)
    return north + "".join(other.split("[linkage.siren]")[0] for other in others)


def stored(enters: int) -> list[EncodedFrame]:
    encoder = FrameEncoder()
    frames = [frame for n, pixels in enumerate(walk(FRAMES, enters=enters)) for frame in encoder.feed(Shot(n, pixels))]
    return [frame for frame in frames if isinstance(frame, EncodedFrame)]


@pytest.fixture(scope="module")
def arrivals() -> list[NewFrame]:
    """Frames of three channels, 40 ms apart each, in order of arrival."""
    found: list[NewFrame] = []
    for number, frames in enumerate(zip(*(stored(enters) for enters in (5, 9, 14)), strict=True)):
        for place, frame in enumerate(frames):
            time = (40 * number + 3 * place) * MS
            body = msgspec.structs.replace(frame.fact(), captured_ns=time)
            found.append(NewFrame(time, f"channel.{CHANNELS[place]}", body, frame.payload, frame.pixels))
    return found


def in_groups(frames: Sequence[NewFrame], sizes: Iterable[int]) -> Iterator[list[NewFrame]]:
    """The frames in order, in groups of up to so many, each of frames of different channels."""
    left = list(frames)
    for size in cycle(sizes):
        if not left:
            return
        group: list[NewFrame] = []
        while left and len(group) < size and left[0].source not in {frame.source for frame in group}:
            group.append(left.pop(0))
        yield group


def record(log: EventLog, frames: Sequence[NewFrame], sizes: Iterable[int]) -> str:
    """Record a session whose frames arrive in groups; its outcome digest."""
    recorder = Recorder(log, make_engine())
    recorder.admit(0, "session", e.SessionStarted("run", e.SCHEMA_VERSION, {}, CHANNELS))
    recorder.admit(0, "site", e.ConfigChanged(document(), "test"))
    for group in in_groups(frames, sizes):
        assert len(list(recorder.admit_frames(group))) == len(group)
    recorder.admit(recorder.time, "session", e.SessionEnded("end of recording"))
    return recorder.outcome.hexdigest()


@pytest.fixture(scope="module")
def one_by_one(arrivals: list[NewFrame]) -> tuple[list[e.Event], str]:
    log = MemoryLog()
    outcome = record(log, arrivals, [1])
    events = list(log.read())
    alarms = {event.body.channel for event in events if isinstance(event.body, e.AlarmRaised)}
    assert alarms == set(CHANNELS)
    return events, outcome


@settings(max_examples=6, deadline=None)
@given(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=20))
def test_whatever_arrives_together_the_outcome_and_every_event_are_the_same(
    sizes: list[int], arrivals: list[NewFrame], one_by_one: tuple[list[e.Event], str]
) -> None:
    log = MemoryLog()
    assert record(log, arrivals, sizes) == one_by_one[1]
    assert list(log.read()) == one_by_one[0]


@pytest.mark.parametrize("foreseen", [True, False])
def test_segments_refold_alone_though_their_frames_were_perceived_together(
    foreseen: bool, tmp_path: Path, arrivals: list[NewFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a segment ends among frames that are perceived together, which is hardly ever not foreseen."""
    if not foreseen:
        monkeypatch.setattr(Rotation, "may_be_due", lambda *_: False)
    log = open_log(tmp_path, "write", segment_ns=400 * MS)
    record(log, arrivals, [3])
    log.close()
    log = open_log(tmp_path)
    (session,) = sessions_of(log)
    parts = parts_of(log, session)
    assert len(parts) > 3 if foreseen else len(parts) < len(log.segment_starts)
    for part in parts:
        assert compare(log, part, make_engine()).identical
    log.close()


def test_two_frames_of_a_channel_are_never_perceived_at_the_same_time(arrivals: list[NewFrame]) -> None:
    log = MemoryLog()
    recorder = Recorder(log, make_engine())
    recorder.admit(0, "session", e.SessionStarted("run", e.SCHEMA_VERSION, {}, CHANNELS))
    recorder.admit(0, "site", e.ConfigChanged(document(), "test"))
    with pytest.raises(ValueError, match=r"two frames of channel\.north"):
        list(recorder.admit_frames([arrivals[0], arrivals[3]]))
    assert log.head.fact_no == 2


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("site", e.ClockSet(5, "test")),
        ("operator", e.CommandReceived("restart-vca", (), "test")),
        ("channel.south", e.FramesLost(1, "test")),
    ],
)
def test_nothing_that_a_channel_would_have_to_know_of_gets_in_ahead_of_it(
    source: str, body: e.Body, arrivals: list[NewFrame]
) -> None:
    log = MemoryLog()
    recorder = Recorder(log, make_engine())
    recorder.admit(0, "session", e.SessionStarted("run", e.SCHEMA_VERSION, {}, CHANNELS))
    recorder.admit(0, "site", e.ConfigChanged(document(), "test"))
    together = recorder.admit_frames(arrivals[:2])
    next(together)
    with pytest.raises(ValueError, match="among frames that are perceived at the same time"):
        recorder.admit(recorder.time, source, body)
    recorder.admit(recorder.time, "linkage.siren", e.ActionFailed("siren", 1, "test"))
    next(together)
    recorder.admit(recorder.time, source, body)
