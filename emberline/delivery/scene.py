"""What a channel saw around an alarm, taken out of the log: enough to draw its pictures and cut its clip."""

from collections.abc import Callable, Collection, Sequence

import msgspec

from emberline.delivery.clip_file import StoredFrame
from emberline.picture import Overlay
from kernel.boxes import centre, foot
from kernel.events import Box, Event, FrameCaptured, ObjectsDetected
from kernel.log.contract import EventLog, Selection
from kernel.references import CHANNEL_SOURCE
from kernel.site.linkage_model import OverlayPart
from kernel.site.model import Point, Rule
from replay.frames import run_of_frames

LATEST_NS = 30_000_000_000
"""How long after it was taken a frame may have arrived."""
MAX_FRAMES = 1500
MAX_BYTES = 192 * 1024 * 1024


class Wanted(msgspec.Struct, frozen=True):
    """Of a channel: pictures by name, each with its moment, and a clip from start to end; all captured_ns."""

    channel: str
    pictures: tuple[tuple[str, int], ...] = ()
    clip: tuple[int, int] | None = None

    @property
    def first_ns(self) -> int:
        return min([at for _, at in self.pictures] + ([self.clip[0]] if self.clip else []))

    @property
    def last_ns(self) -> int:
        return max([at for _, at in self.pictures] + ([self.clip[1]] if self.clip else []))


class SceneFrame(msgspec.Struct, frozen=True):
    """A frame of the log, ready to be decoded elsewhere."""

    seq: int
    time: int
    body: FrameCaptured
    payload: bytes

    def stored(self) -> StoredFrame:
        return StoredFrame(self.body.captured_ns, self.body.codec, self.payload, self.body.payload_sha256)


class Scene(msgspec.Struct, frozen=True):
    """A channel's frames from a key frame on, in order, and what can be drawn on them; coordinates in millionths.

    `boxes` are the target's in the frames where it was seen, `box` that of the alarm, `way` the points that the rule
    watches, up to the alarm.
    """

    wanted: Wanted
    frames: tuple[SceneFrame, ...]
    thermal: bool
    boxes: dict[int, Box] = {}
    box: Box | None = None
    target: str = ""
    way: tuple[Point, ...] = ()
    rule: Rule | None = None

    def overlay(
        self, frame: SceneFrame, parts: Collection[OverlayPart], box: Box | None, way: Sequence[Point]
    ) -> Overlay:
        """What to draw on one of the frames, of these parts."""
        if box is None or "box" not in parts:
            label = ""
        elif "size" in parts:
            width, height = (round(box[2] * frame.body.width / 1e6), round(box[3] * frame.body.height / 1e6))
            label = f"{self.target} {width} x {height} px"
        else:
            label = self.target
        return Overlay(
            box=box if "box" in parts else None,
            label=label,
            trajectory=way if "trajectory" in parts else (),
            rule=self.rule if "rule" in parts else None,
        )

    def way_until(self, frame: SceneFrame) -> list[Point]:
        """Where the target has been by this frame, as far as the scene shows it."""
        anchor = anchor_of(self.rule)
        return [anchor(box) for seq, box in self.boxes.items() if seq <= frame.seq]


class SceneMissing(Exception):
    """The frames are not in the log (any more); the message says why."""


def gather(log: EventLog, wanted: Wanted, near_seq: int, near_ns: int) -> tuple[SceneFrame, ...]:
    """The frames of what is wanted, and before them those down to the key frame.

    `near_ns` is the captured_ns of something that the log has at `near_seq`. Raises `SceneMissing`.
    """
    span = _around(log, wanted, near_seq, near_ns)
    if not span:
        raise SceneMissing("the log has no frame of that time")
    events = [*run_of_frames(log, span[0].seq)[:-1], *span]
    if len(events) > MAX_FRAMES:
        raise SceneMissing(f"{len(events)} frames are more than the {MAX_FRAMES} allowed")
    frames: list[SceneFrame] = []
    size = 0
    for event in events:
        assert isinstance(event.body, FrameCaptured)
        payload = log.payload(event.seq)
        if payload is None:
            raise SceneMissing(f"frame {event.seq} has expired")
        size += len(payload)
        if size > MAX_BYTES:
            raise SceneMissing(f"the frames are more than {MAX_BYTES} bytes")
        frames.append(SceneFrame(event.seq, event.time, event.body, payload))
    return tuple(frames)


def _around(log: EventLog, wanted: Wanted, near_seq: int, near_ns: int) -> list[Event]:
    """The channel's frames between the first and the last moment; at least the last one before, if there is one."""
    near = next(log.read(Selection(first=near_seq, last=near_seq)), None)
    if near is None:
        raise SceneMissing(f"event {near_seq} is not in the log")
    back_ns, ahead_ns = max(0, near_ns - wanted.first_ns), max(0, wanted.last_ns - near_ns)
    for more_ns in (2_000_000_000, LATEST_NS):
        chosen = Selection(
            kinds=("FrameCaptured",),
            sources=(CHANNEL_SOURCE + wanted.channel,),
            since=near.time - back_ns - more_ns,
            until=near.time + ahead_ns + more_ns,
        )
        frames = list(log.read(chosen))
        inside = [f for f in frames if wanted.first_ns <= _captured(f) <= wanted.last_ns]
        before = [f for f in frames if _captured(f) < wanted.first_ns][-1:]
        after = [f for f in frames if _captured(f) > wanted.last_ns][:1]
        if inside or before:
            return before + inside + (after if inside else [])
    return []


def anchor_of(rule: Rule | None) -> Callable[[Box], Point]:
    """The point of a target that the rule watches."""
    return foot if rule is None or rule.anchor == "foot" else centre


def nearest(frames: Sequence[SceneFrame], at_ns: int) -> SceneFrame:
    """The frame taken nearest to a moment."""
    return min(frames, key=lambda f: abs(f.body.captured_ns - at_ns))


def boxes_of(log: EventLog, channel: str, track: int, frames: Sequence[SceneFrame]) -> dict[int, Box]:
    """Where the target was, by the seq of the frame."""
    source = CHANNEL_SOURCE + channel
    return seen_in(log, Selection(first=frames[0].seq, sources=(source,), until=frames[-1].time), track)


def seen_in(log: EventLog, selection: Selection, track: int) -> dict[int, Box]:
    """Where the target was in what is selected, by the seq of the frame, in order."""
    found: dict[int, Box] = {}
    for event in log.read(msgspec.structs.replace(selection, kinds=("ObjectsDetected",))):
        assert isinstance(event.body, ObjectsDetected)
        for seen in event.body.objects:
            if seen.track == track:
                found[event.body.frame] = seen.box
    return found


def _captured(event: Event) -> int:
    assert isinstance(event.body, FrameCaptured)
    return event.body.captured_ns
