"""What a privacy mask covers is in no stored frame, whatever the source and however it came in."""

from pathlib import Path

import numpy as np
import pytest

from emberline.channel_line import ChannelLine
from emberline.wiring import read_log
from kernel.events import FrameCaptured
from kernel.media import Shot
from kernel.payloads import EncodedFrame, FrameDecoder
from kernel.site.model import Polygon
from support.cli import alarms, good, outcome
from support.recordings import cptv, video, walk
from support.sites import whole_frame

UPPER_FIFTH = "[[[0.0, 0.0], [1.0, 0.0], [1.0, 0.2], [0.0, 0.2]]]"
UPPER_HALF: Polygon = ((0, 0), (1_000_000, 0), (1_000_000, 500_000), (0, 500_000))


def stored_frames(log: Path) -> list[np.ndarray]:
    decoder = FrameDecoder()
    with read_log(log) as opened:
        frames = [e for e in opened.read() if isinstance(e.body, FrameCaptured)]
        payloads = [opened.payload(event.seq) for event in frames]
    return [decoder.decode(e.body, p) for e, p in zip(frames, payloads, strict=True) if p is not None]  # type: ignore[arg-type]


def source_in(tmp_path: Path, form: str) -> Path:
    return cptv(tmp_path / "a.cptv", walk(70)) if form == "cptv" else video(tmp_path / "a.mp4", walk(70), g="20")


@pytest.mark.parametrize("form", ["cptv", "h264"])
def test_masked_pixels_are_never_recorded_and_all_others_are(form: str, tmp_path: Path) -> None:
    source = source_in(tmp_path, form)
    site = tmp_path / "site.toml"
    plain = whole_frame(f"file:{source}")
    site.write_text(plain)
    good("import", source, "--log", tmp_path / "plain", "--site", site)
    site.write_text(plain.replace("[[rule]]", f"privacy_mask = {UPPER_FIFTH}\n\n[[rule]]", 1))
    good("import", source, "--log", tmp_path / "imported", "--site", site)
    ran = good("run", "--site", site, "--log", tmp_path / "ran", "--speed", "max", "--until-end")
    assert outcome(good("replay", tmp_path / "imported")) == outcome(ran)
    assert "replay: identical" in good("replay", tmp_path / "ran", "--verify")
    assert len(alarms(tmp_path / "ran")) == 1
    unmasked = stored_frames(tmp_path / "plain")
    for log in ("imported", "ran"):
        masked = stored_frames(tmp_path / log)
        assert len(masked) == len(unmasked)
        for frame, whole in zip(masked, unmasked, strict=True):
            rows = round(frame.shape[0] * 0.2)
            assert not frame[:rows].any() and whole[:rows].any()
            assert np.array_equal(frame[rows:], whole[rows:])


def test_a_mask_that_is_drawn_while_running_holds_from_the_next_frame_on() -> None:
    line = ChannelLine(0)
    line.arrive(Shot(0, np.full((8, 8), 9, np.uint8)))
    line.mask((UPPER_HALF,))
    line.arrive(Shot(1, np.full((8, 8), 9, np.uint8)))
    before, after = line.waiting
    assert isinstance(before, EncodedFrame) and isinstance(after, EncodedFrame)
    assert before.pixels.all()
    assert not after.pixels[:4].any() and after.pixels[4:].all()
