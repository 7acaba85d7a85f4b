"""Pictures and clips of a scene, as files. It runs in a process of its own, so that detection never waits for it."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from devices.notice import Attachment, attach
from emberline.civil import Moments
from emberline.delivery.clip_file import ClipError, can_pass_on, encode_lossless, encode_pictures, pass_on
from emberline.delivery.look import Look
from emberline.delivery.scene import Scene, SceneFrame, nearest
from emberline.picture import draw, shown, with_overlay
from kernel.payloads import FrameDecoder, PayloadDamaged

CLIP_WIDTH_PX = 640
"""Thermal clips are enlarged by a whole factor to at least this width."""


class About(msgspec.Struct, frozen=True):
    """What every file says of itself: which alarm it belongs to, and how its times are told."""

    key: str
    seq: int
    summary: str
    moments: Moments

    def words(self, channel: str, frames: Sequence[SceneFrame]) -> str:
        """For the comment of a file."""
        words = {
            "key": self.key,
            "seq": self.seq,
            "channel": channel,
            "first": self.moments.show(frames[0].body.captured_ns),
            "last": self.moments.show(frames[-1].body.captured_ns),
            "frames": [frame.body.payload_sha256 for frame in frames],
        }
        return json.dumps(words)

    def fields(self, channel: str, frames: Sequence[SceneFrame]) -> dict[str, object]:
        """For the attachment of a file."""
        return {
            "channel": channel,
            "first": self.moments.show(frames[0].body.captured_ns),
            "last": self.moments.show(frames[-1].body.captured_ns),
            "frames": len(frames),
            "frame_digests": tuple(frame.body.payload_sha256 for frame in frames),
        }


def render(scene: Scene, about: About, directory: Path, look: Look) -> tuple[list[Attachment], list[str]]:
    """Make the scene's files in `directory`: what was made, and what could not be made and why."""
    made: list[Attachment] = []
    missing: list[str] = []
    wanted = scene.wanted
    picks = [(name, nearest(scene.frames, at)) for name, at in wanted.pictures]
    clip = [] if wanted.clip is None else [f for f in scene.frames if _within(f, wanted.clip)]
    as_received = _goes_as_received(clip, look)
    needed = {frame.seq for _, frame in picks} | (set() if as_received else {frame.seq for frame in clip})
    try:
        pixels = _decoded(scene.frames, needed)
        made += [_picture(scene, about, directory, look, name, frame, pixels[frame.seq]) for name, frame in picks]
    except PayloadDamaged as error:
        return made, [f"pictures of {wanted.channel}: {error}"]
    if wanted.clip is not None:
        try:
            made += _clip(scene, about, directory, look, clip, pixels)
        except (ClipError, PayloadDamaged, OSError, ValueError) as error:
            missing.append(f"clip of {wanted.channel}: {error}")
    return made, missing


def _goes_as_received(clip: Sequence[SceneFrame], look: Look) -> bool:
    """Whether the clip is compressed video on which nothing is to be drawn."""
    return not look.video_overlay and can_pass_on([f.stored() for f in clip])


def _within(frame: SceneFrame, clip: tuple[int, int]) -> bool:
    return clip[0] <= frame.body.captured_ns < clip[1]


def _decoded(frames: Sequence[SceneFrame], needed: set[int]) -> dict[int, np.ndarray]:
    """The pixels of the frames that are needed, by seq."""
    decoder = FrameDecoder()
    found: dict[int, np.ndarray] = {}
    for frame in frames:
        if len(found) == len(needed):
            break
        pixels = decoder.decode(frame.body, frame.payload)
        if frame.seq in needed:
            found[frame.seq] = pixels
    return found


def _picture(
    scene: Scene, about: About, directory: Path, look: Look, name: str, frame: SceneFrame, pixels: np.ndarray
) -> Attachment:
    channel = scene.wanted.channel
    box = scene.boxes.get(frame.seq, scene.box if name == "at" else None)
    caption = f"{about.summary}\n{about.moments.show(frame.body.captured_ns)}   {channel}   seq {about.seq}"
    overlay = msgspec.structs.replace(scene.overlay(frame, look.overlay, box, scene.way), caption=caption)
    picture = draw(pixels, scene.thermal, overlay, look.palette)
    words = about.words(channel, [frame])
    path = directory / f"{_file_word(channel)}-{name}.{'png' if look.format == 'png' else 'jpg'}"
    if look.format == "png":
        text = PngInfo()
        text.add_text("comment", words)
        picture.save(path, "PNG", pnginfo=text)
    else:
        picture.save(path, "JPEG", quality=look.quality, comment=words.encode())
    path.chmod(0o600)
    return attach(path, "picture", f"image/{look.format}", **about.fields(channel, [frame]))


def _clip(
    scene: Scene, about: About, directory: Path, look: Look, clip: list[SceneFrame], pixels: dict[int, np.ndarray]
) -> list[Attachment]:
    assert scene.wanted.clip is not None
    if not clip:
        raise ClipError("the log has no frame of that time")
    channel, (start_ns, end_ns) = scene.wanted.channel, scene.wanted.clip
    tags = {"title": about.summary, "comment": about.words(channel, clip)}
    stored, path = [f.stored() for f in scene.frames], directory / f"{_file_word(channel)}.mp4"
    beside: list[tuple[Path, str]] = []
    if _goes_as_received(clip, look):
        pass_on(path, stored, start_ns, end_ns, tags)
    else:
        encode_pictures(
            path, ((f.body.captured_ns - start_ns, _drawn(scene, look, f, pixels[f.seq])) for f in clip), tags
        )
        if look.lossless and can_pass_on([f.stored() for f in clip]):
            beside.append((path.with_name(f"{path.stem}-received.mp4"), "video/mp4"))
            pass_on(beside[0][0], stored, start_ns, end_ns, tags)
        elif look.lossless:
            beside.append((path.with_suffix(".mkv"), "video/x-matroska"))
            encode_lossless(beside[0][0], [(f.body.captured_ns - start_ns, pixels[f.seq]) for f in clip], tags)
    for file in (path, *(name for name, _ in beside)):
        file.chmod(0o600)
    fields = about.fields(channel, clip)
    return [
        attach(path, "clip", "video/mp4", **fields),
        *(attach(name, "lossless", media_type, **fields) for name, media_type in beside),
    ]


def _drawn(scene: Scene, look: Look, frame: SceneFrame, pixels: np.ndarray) -> Image.Image:
    """A frame of a clip that is encoded anew."""
    width = pixels.shape[1] * max(1, -(-CLIP_WIDTH_PX // pixels.shape[1]))
    picture = shown(pixels, scene.thermal, width, look.palette)
    if not look.video_overlay:
        return picture
    overlay = scene.overlay(frame, look.video_overlay, scene.boxes.get(frame.seq), scene.way_until(frame))
    return with_overlay(picture, overlay)


def _file_word(channel: str) -> str:
    """A channel's id as the beginning of a file name."""
    word = "".join(c if c.isascii() and c.isalnum() else "-" for c in channel.lower()).strip("-")
    return word or "channel"
