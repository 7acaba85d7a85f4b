"""Pictures and clips of a scene, as files. It runs in a process of its own, so that detection never waits for it."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from devices.notice import Attachment, attach
from emberline.civil import Moments
from emberline.delivery.clip_file import ClipError, can_pass_on, encode_lossless, encode_pictures, pass_on
from emberline.delivery.scene import Scene, SceneFrame, nearest
from emberline.picture import draw, shown
from kernel.payloads import FrameDecoder, PayloadDamaged

QUALITY = 90
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


def render(scene: Scene, about: About, directory: Path, lossless: bool) -> tuple[list[Attachment], list[str]]:
    """Make the scene's files in `directory`: what was made, and what could not be made and why."""
    made: list[Attachment] = []
    missing: list[str] = []
    wanted = scene.wanted
    picks = [(name, nearest(scene.frames, at)) for name, at in wanted.pictures]
    clip = [] if wanted.clip is None else [f for f in scene.frames if _within(f, wanted.clip)]
    as_received = can_pass_on([f.stored() for f in clip])
    needed = {frame.seq for _, frame in picks} | (set() if as_received else {frame.seq for frame in clip})
    try:
        pixels = _decoded(scene.frames, needed)
        made += [_picture(scene, about, directory, name, frame, pixels[frame.seq]) for name, frame in picks]
    except PayloadDamaged as error:
        return made, [f"pictures of {wanted.channel}: {error}"]
    if wanted.clip is not None:
        try:
            made += _clip(scene, about, directory, clip, pixels, lossless)
        except (ClipError, PayloadDamaged, OSError, ValueError) as error:
            missing.append(f"clip of {wanted.channel}: {error}")
    return made, missing


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
    scene: Scene, about: About, directory: Path, name: str, frame: SceneFrame, pixels: np.ndarray
) -> Attachment:
    channel = scene.wanted.channel
    box = scene.boxes.get(frame.seq, scene.overlay.box if name == "at" else None)
    overlay = msgspec.structs.replace(
        scene.overlay,
        box=box,
        label=scene.overlay.label if box is not None else "",
        caption=f"{about.summary}\n{about.moments.show(frame.body.captured_ns)}   {channel}   seq {about.seq}",
    )
    path = directory / f"{_file_word(channel)}-{name}.jpg"
    picture = draw(pixels, scene.thermal, overlay)
    picture.save(path, "JPEG", quality=QUALITY, comment=about.words(channel, [frame]).encode())
    path.chmod(0o600)
    return attach(path, "picture", "image/jpeg", **about.fields(channel, [frame]))


def _clip(
    scene: Scene,
    about: About,
    directory: Path,
    clip: list[SceneFrame],
    pixels: dict[int, np.ndarray],
    lossless: bool,
) -> list[Attachment]:
    assert scene.wanted.clip is not None
    if not clip:
        raise ClipError("the log has no frame of that time")
    channel, (start_ns, end_ns) = scene.wanted.channel, scene.wanted.clip
    tags = {"title": about.summary, "comment": about.words(channel, clip)}
    path = directory / f"{_file_word(channel)}.mp4"
    if can_pass_on([f.stored() for f in clip]):
        pass_on(path, [f.stored() for f in scene.frames], start_ns, end_ns, tags)
        made = [path]
    else:
        timed = [(frame.body.captured_ns - start_ns, pixels[frame.seq]) for frame in clip]
        width = timed[0][1].shape[1] * max(1, -(-CLIP_WIDTH_PX // timed[0][1].shape[1]))
        encode_pictures(path, [(at, shown(p, scene.thermal, width)) for at, p in timed], tags)
        made = [path]
        if lossless:
            made.append(path.with_suffix(".mkv"))
            encode_lossless(made[-1], timed, tags)
    for file in made:
        file.chmod(0o600)
    fields = about.fields(channel, clip)
    clip_file = attach(made[0], "clip", "video/mp4", **fields)
    return [clip_file, *(attach(file, "lossless", "video/x-matroska", **fields) for file in made[1:])]


def _file_word(channel: str) -> str:
    """A channel's id as the beginning of a file name."""
    word = "".join(c if c.isascii() and c.isalnum() else "-" for c in channel.lower()).strip("-")
    return word or "channel"
