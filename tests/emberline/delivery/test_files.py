"""Pictures and clips of an alarm: the right frames, at the right times, with nothing changed on the way."""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from PIL import Image

from devices.notice import Notice, read_notice
from emberline.delivery.notices import event_at
from emberline.delivery.outbox import Outbox, Request
from emberline.delivery.preparing import plan, prepare
from emberline.delivery.workshop import Workshop
from emberline.wiring import read_log, write_log
from kernel.events import AlarmRaised, FrameCaptured, MediaWanted
from kernel.log.contract import EventLog, Selection
from replay.frames import frame_pixels
from support.alarmed_logs import alarm_in, alarmed, ask
from support.recordings import cptv, video, walk

MAIL = """
[linkage.mail]
kind = "email"
server = "127.0.0.1"
from = "fence@example.org"
to = ["guard@example.org"]
images = { thermal = 3 }
video = { channel = "thermal", seconds = 5 }

[linkage.files]
kind = "ftp"
server = "127.0.0.1"
video = true
"""
FPS = 9
B_PICTURES = 2
"""Between two others of the H.264 recording; what they are predicted from comes later."""
S = 1_000_000_000
CLIP = MediaWanted("clip", "thermal", -2 * S, 3 * S)
MEDIA = {
    "mail": (*(MediaWanted("picture", "thermal", at, at) for at in (-S, 0, S)), CLIP),
    "files": (MediaWanted("picture", "thermal", 0, 0), CLIP),
}


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    one = Workshop()
    yield one
    one.close()


@pytest.fixture(scope="module", params=["cptv", "h264", "mjpeg"])
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp(request.param)
    frames = walk(90, enters=30)
    source = {
        "cptv": lambda: cptv(where / "a.cptv", frames),
        "h264": lambda: video(where / "a.mp4", frames, bf=str(B_PICTURES), g="20"),
        "mjpeg": lambda: video(where / "a.avi", frames, "mjpeg"),
    }[request.param]()
    return alarmed(where, source, MAIL)


def prepared(path: Path, output: str, kind: str, where: Path, workshop: Workshop) -> tuple[Notice, Path]:
    with write_log(path) as log:
        action = ask(log, output, kind, MEDIA[output])
        outbox = Outbox(where)
        request = Request(action.seq, output, action.seq, kind, 1, 0.0)
        directory = outbox.put(request)
        prepare(log, outbox, directory, request, plan(log, partial(event_at, log), request, None), workshop)
    return read_notice(directory), directory


def captured(log: EventLog) -> list[tuple[int, int, str]]:
    """(captured_ns, seq, payload digest) of every frame."""
    found = []
    for event in log.read(Selection(kinds=("FrameCaptured",))):
        assert isinstance(event.body, FrameCaptured)
        found.append((event.body.captured_ns, event.seq, event.body.payload_sha256))
    return found


def test_an_e_mail_gets_the_frames_one_second_before_at_and_after_the_alarm_and_a_clip_of_two_and_three(
    log: Path, tmp_path: Path, workshop: Workshop
) -> None:
    notice, directory = prepared(log, "mail", "email", tmp_path, workshop)
    assert notice.missing == ()
    before, at, after, clip = notice.attachments
    with read_log(log) as opened:
        alarm = alarm_in(opened)
        assert isinstance(alarm.body, AlarmRaised)
        frames = captured(opened)
    moment = next(ns for ns, seq, _ in frames if seq == alarm.body.frame)
    for shown, offset in ((before, -1), (at, 0), (after, 1)):
        nearest = min(frames, key=lambda f: abs(f[0] - moment - offset * 1_000_000_000))
        assert shown.frame_digests == (nearest[2],), shown.name
    within = [f for f in frames if moment - 2_000_000_000 <= f[0] < moment + 3_000_000_000]
    assert clip.frame_digests == tuple(digest for _, _, digest in within)
    assert notice.time.startswith("2026-03-01 02:00:0") and notice.utc.startswith("2026-03-01T01:00:0")
    assert hashlib.sha256((directory / clip.name).read_bytes()).hexdigest() == clip.sha256
    said = json.loads(Image.open(directory / at.name).info["comment"])
    assert (said["key"], said["frames"]) == (notice.key, list(at.frame_digests))


def test_the_clip_plays_for_as_long_as_was_asked_for_within_a_frame_and_what_the_last_one_is_predicted_from(
    log: Path, tmp_path: Path, workshop: Workshop
) -> None:
    notice, directory = prepared(log, "mail", "email", tmp_path, workshop)
    clip = notice.attachments[-1]
    with av.open(str(directory / clip.name)) as container:
        times = [float(frame.time) for frame in container.decode(video=0)]
        said = json.loads(container.metadata["comment"])
    assert said["seq"] == notice.seq
    assert abs(len(times) - clip.frames) <= 1
    longer = times[-1] - times[0] + 1 / FPS - 5.0
    assert -1.5 / FPS <= longer <= (1.5 + B_PICTURES) / FPS
    assert times[0] < 1.5 / FPS


def test_compressed_video_is_passed_on_bit_by_bit(log: Path, tmp_path: Path, workshop: Workshop) -> None:
    if log.parent.name.startswith("cptv"):
        pytest.skip("these frames were not compressed")
    notice, directory = prepared(log, "mail", "email", tmp_path, workshop)
    clip = notice.attachments[-1]
    with read_log(log) as opened:
        frames = captured(opened)
        digests = [digest for _, _, digest in frames]
        first = next(i for i in range(len(frames)) if tuple(digests[i : i + clip.frames]) == clip.frame_digests)
        stored = [frame_pixels(opened, seq) for _, seq, _ in frames[first : first + clip.frames]]
    with av.open(str(directory / clip.name)) as container:
        height = stored[0].shape[0]
        played = [frame.to_ndarray()[:height, : stored[0].shape[1]] for frame in container.decode(video=0)]
    assert len(played) >= len(stored)
    assert all(np.array_equal(a, b) for a, b in zip(stored, played, strict=False))


def test_beside_a_thermal_clip_that_is_uploaded_lie_its_frames_without_loss(
    log: Path, tmp_path: Path, workshop: Workshop
) -> None:
    if not log.parent.name.startswith("cptv"):
        pytest.skip("these frames were compressed by the camera")
    notice, directory = prepared(log, "files", "ftp", tmp_path, workshop)
    assert [a.what for a in notice.attachments] == ["picture", "clip", "lossless"]
    lossless = notice.attachments[-1]
    with read_log(log) as opened:
        by_digest = {digest: seq for _, seq, digest in captured(opened)}
        stored = [frame_pixels(opened, by_digest[digest]) for digest in lossless.frame_digests]
    with av.open(str(directory / lossless.name)) as container:
        kept = [frame.to_ndarray() for frame in container.decode(video=0)]
    assert len(kept) == len(stored) == lossless.frames
    assert all(np.array_equal(a, b) for a, b in zip(stored, kept, strict=True))


def test_the_key_of_a_notice_is_that_of_its_action_in_the_chain(log: Path, tmp_path: Path, workshop: Workshop) -> None:
    notice, _ = prepared(log, "files", "ftp", tmp_path, workshop)
    with read_log(log) as opened:
        action = [e for e in opened.read(Selection(kinds=("ActionRequested",))) if e.source == "linkage.files"][-1]
    assert action.digest.hex().startswith(notice.key)
    again = msgspec.json.decode(msgspec.json.encode(notice), type=Notice)
    assert again == notice
