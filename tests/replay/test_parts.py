"""Segments that refold alone: each begins with the fold's state and ends in the one that the next begins with."""

from pathlib import Path

import pytest

from detectors.detector import ChannelDetector
from devices.recordings import open_source
from kernel.engine import Engine
from kernel.events import FrameCaptured, StateKept
from kernel.log.contract import EventLog, Selection
from kernel.log.duckdb_log import open_log
from kernel.log.retention import prune_frames
from kernel.log.verify import verify_log
from replay.frames import frame_pixels
from replay.parts import Part, parts_of
from replay.refold import FramesMissing
from replay.sessions import sessions_of
from replay.verification import compare
from support.recorded import imported, run, shots
from support.recordings import video, walk
from support.sites import whole_frame
from tests.kernel.log_helpers import change, editable_copy


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("parts") / "log"
    run(path, shots(walk(120)), whole_frame())
    return path


def engine() -> Engine:
    return Engine(ChannelDetector)


def parts(log: EventLog) -> list[Part]:
    return [part for session in sessions_of(log) for part in parts_of(log, session)]


def assert_each_part_refolds_alone(path: Path, at_least: int) -> None:
    log = open_log(path)
    found = parts(log)
    assert len(found) >= at_least
    for part in found:
        result = compare(log, part, engine())
        assert result.identical, (part.first_fact, result)
    log.close()


def test_every_segment_of_a_run_refolds_alone_to_what_is_recorded(log: Path) -> None:
    assert_each_part_refolds_alone(log, 4)
    assert verify_log(log).sound


def test_every_segment_begins_with_the_state_or_with_the_session(log: Path) -> None:
    opened = open_log(log)
    first = [next(iter(opened.read(Selection(first=start)))).kind for start in opened.segment_starts]
    assert first == ["SessionStarted"] + ["StateKept"] * (len(first) - 1)
    opened.close()


def test_an_import_keeps_states_too_and_they_are_those_of_a_run(log: Path, tmp_path: Path) -> None:
    outcome = imported(tmp_path / "log", walk(120), whole_frame())
    assert outcome == run(tmp_path / "run", shots(walk(120)), whole_frame())
    assert_each_part_refolds_alone(tmp_path / "log", 4)


def test_raw_frames_decode_alone_in_every_segment(log: Path) -> None:
    opened = open_log(log)
    pixels = walk(120)
    captured = list(opened.read(Selection(kinds=("FrameCaptured",))))
    for start in opened.segment_starts:
        number = next(n for n, event in enumerate(captured) if event.seq >= start)
        body = captured[number].body
        assert isinstance(body, FrameCaptured) and body.key
        assert (frame_pixels(opened, captured[number].seq) == pixels[number]).all()
    opened.close()


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mjpeg"])
def test_compressed_video_decodes_alone_in_every_segment(codec: str, tmp_path: Path) -> None:
    options = {} if codec == "mjpeg" else {"g": "100", "bf": "2"}
    clip = open_source(str(video(tmp_path / "clip.mkv", walk(120), codec, **options)))
    run(tmp_path / "log", clip.read(), whole_frame())
    imported(tmp_path / "imported", clip, whole_frame())
    for path in (tmp_path / "log", tmp_path / "imported"):
        opened = open_log(path)
        assert len(opened.segment_starts) >= 4
        captured = list(opened.read(Selection(kinds=("FrameCaptured",))))
        for start in opened.segment_starts:
            body = next((event.body for event in captured if event.seq >= start), None)
            assert body is None or (isinstance(body, FrameCaptured) and body.key)
        opened.close()
        assert_each_part_refolds_alone(path, 4)


def test_a_part_refolds_although_the_frames_before_it_have_expired(log: Path, tmp_path: Path) -> None:
    copy = editable_copy(log, tmp_path / "log")
    for start in open_log(log).segment_starts[:2]:
        prune_frames(copy, start)
    opened = open_log(copy)
    first, second, *rest = parts(opened)
    for part in (first, second):
        with pytest.raises(FramesMissing):
            compare(opened, part, engine())
    assert all(compare(opened, part, engine()).identical for part in rest)
    opened.close()


def test_a_state_that_no_fold_gave_is_found_in_the_part_before_it(log: Path, tmp_path: Path) -> None:
    """Somebody who can write the files makes up a state and its digests, and mends no chain."""
    opened = open_log(log)
    states = list(opened.read(Selection(kinds=("StateKept",))))
    part = parts(opened)[1]
    assert isinstance(states[1].body, StateKept)
    opened.close()
    copy = editable_copy(log, tmp_path / "log")
    body = f'{{"sha256":"{"0" * 64}","payload_bytes":3,"payload_sha256":"{"1" * 64}"}}'
    for file in copy.glob("*.events.duckdb"):
        change(file, "UPDATE events SET body = ? WHERE seq = ?", body, states[1].seq)
    assert verify_log(copy).first_bad_seq == states[1].seq
    forged = open_log(copy)
    result = compare(forged, parts(forged)[1], engine())
    assert result.different == {("StateKept", "sha256"): 1}
    assert result.first_difference is not None and result.first_difference[0] == states[1].seq
    assert part.first_fact == parts(forged)[1].first_fact
    forged.close()


def test_a_changed_state_is_found_by_verify(log: Path, tmp_path: Path) -> None:
    copy = editable_copy(log, tmp_path / "log")
    opened = open_log(log)
    state = next(event for event in opened.read(Selection(kinds=("StateKept",))))
    opened.close()
    change(copy / f"{state.seq:012d}.frames.duckdb", "UPDATE frames SET payload = 'abc'::BLOB WHERE seq = ?", state.seq)
    verdict = verify_log(copy)
    assert (verdict.sound, verdict.first_bad_seq) == (False, state.seq)
