"""What is drawn on pictures and clips: each part can be switched, and the palette chosen."""

from collections.abc import Callable
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from PIL import Image, ImageChops

from emberline.civil import Moments
from emberline.delivery.evidence import Moment, scene_of
from emberline.delivery.look import Look, look_of
from emberline.delivery.notices import Occasion
from emberline.delivery.rendering import About, render
from emberline.delivery.scene import Scene, Wanted
from emberline.wiring import read_log
from kernel.events import AlarmRaised, FrameCaptured
from kernel.log.contract import Selection
from kernel.site.linkage_model import OVERLAY, OverlayPart
from kernel.site.reader import parse_site
from support.alarmed_logs import alarm_in, alarmed
from support.recordings import cptv, video, walk
from support.sites import whole_frame

S = 1_000_000_000
ROUNDING = 4
"""Of 255: each palette is rounded before the picture is enlarged, and after."""
ABOUT = About("0" * 24, 7, "all #1: intrusion", Moments())
SOURCES: dict[str, Callable[[Path], Path]] = {
    "cptv": lambda where: cptv(where / "a.cptv", walk(60)),
    "h264": lambda where: video(where / "a.mp4", walk(60)),
}


@pytest.fixture(scope="module", params=list(SOURCES))
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    where = tmp_path_factory.mktemp(request.param)
    with read_log(alarmed(where, SOURCES[request.param](where))) as log:
        alarm = alarm_in(log)
        assert isinstance(alarm.body, AlarmRaised) and alarm.body.frame is not None
        (frame,) = log.read(Selection(first=alarm.body.frame, last=alarm.body.frame))
        assert isinstance(frame.body, FrameCaptured)
        at_ns = frame.body.captured_ns
        wanted = Wanted("thermal", (("at", at_ns),), (at_ns, at_ns + S))
        return scene_of(log, wanted, Moment(frame.seq, at_ns), Occasion(alarm, alarm), parse_site(whole_frame())[0])


def picture(scene: Scene, where: Path, look: Look) -> Image.Image:
    made, missing = render(scene, ABOUT, where, look)
    assert missing == []
    return Image.open(where / made[0].name).convert("RGB")


def clip(scene: Scene, where: Path, look: Look) -> np.ndarray:
    """The frames, (number, height, width, 3)."""
    made, missing = render(scene, ABOUT, where, look)
    assert missing == []
    with av.open(str(where / next(one.name for one in made if one.what == "clip"))) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def is_drawn(first: Image.Image, second: Image.Image) -> bool:
    return ImageChops.difference(first, second).getbbox() is not None


@pytest.mark.parametrize("part", OVERLAY)
def test_each_part_of_the_overlay_of_a_picture_is_there_if_asked_for_and_not_otherwise(
    part: OverlayPart, scene: Scene, tmp_path: Path
) -> None:
    scene = msgspec.structs.replace(scene, way=tuple(scene.way_until(scene.frames[-1])))  # a longer one than it had
    with_it = picture(scene, tmp_path, Look(overlay=OVERLAY, format="png"))
    without = picture(scene, tmp_path, Look(overlay=tuple(p for p in OVERLAY if p != part), format="png"))
    assert is_drawn(with_it, without)
    assert not is_drawn(with_it, picture(scene, tmp_path, Look(overlay=OVERLAY, format="png")))


@pytest.mark.parametrize("part", ["box", "trajectory", "rule"])
def test_each_part_of_the_overlay_of_a_clip_is_burnt_in_if_asked_for(
    part: OverlayPart, scene: Scene, tmp_path: Path
) -> None:
    plain = clip(scene, tmp_path, Look(video_overlay=("size",)))  # encoded anew, but without a box there is no label
    drawn = clip(scene, tmp_path, Look(video_overlay=(part,)))
    assert plain.shape == drawn.shape
    changed = np.abs(plain.astype(int) - drawn).max(axis=(1, 2, 3))
    assert np.count_nonzero(changed > 60) >= len(drawn) - 2


def test_the_palette_colours_pictures_and_clips_that_are_encoded(scene: Scene, tmp_path: Path) -> None:
    look = Look(video_overlay=("size",), format="png")
    for palette in ("white_hot", "ember"):
        coloured = Look(palette=palette, video_overlay=look.video_overlay, format="png")
        spread = np.ptp(clip(scene, tmp_path, coloured)[0].astype(int), axis=2).max()
        shown = np.ptp(np.asarray(picture(scene, tmp_path, coloured))[:60].astype(int), axis=2).max()
        assert (spread > 60, shown > 60) == ((palette == "ember"),) * 2


def test_black_hot_is_white_hot_turned_round(scene: Scene, tmp_path: Path) -> None:
    white = np.asarray(picture(scene, tmp_path, Look(palette="white_hot", format="png"))).astype(int)
    black = np.asarray(picture(scene, tmp_path, Look(palette="black_hot", format="png"))).astype(int)
    height = white.shape[0] * 3 // 4  # without the caption
    assert np.abs(white[:height] + black[:height] - 255).max() <= ROUNDING


def test_beside_a_clip_that_was_drawn_on_lies_what_was_received(scene: Scene, tmp_path: Path) -> None:
    made, _ = render(scene, ABOUT, tmp_path, Look(video_overlay=OVERLAY, lossless=True))
    assert [one.what for one in made] == ["picture", "clip", "lossless"]
    with av.open(str(tmp_path / made[2].name)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= made[1].frames


SITE = """
[linkage.a]
kind = "ftp"
server = "h"
overlay = ["rule"]
video_overlay = true
palette = "rainbow"
[linkage.b]
kind = "capture"
overlay = false
quality = 70
"""


def test_an_output_looks_as_its_linkage_says() -> None:
    first, second = [link.settings for link in parse_site(whole_frame() + SITE)[0].linkages[-2:]]
    assert look_of(first) == Look(("rule",), OVERLAY, "rainbow", lossless=True)
    assert look_of(second) == Look((), (), "ember", quality=70)
    assert look_of(None) == Look()
