"""What the detectors make of a clip: alarms with their ends, and where every target was, with its class."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from detectors.detector import ChannelDetector
from detectors.recogniser.model import Model
from kernel.detector import Frame, RuleHit, Settled
from kernel.events import Box, LookRequested, ObjectsDetected, TrackEnded, TrackUpdated
from kernel.site.reader import read_site

SECOND_NS = 1_000_000_000


class Alarm(msgspec.Struct):
    """A single alarm: its first hit, and where its target was given up."""

    frame: int
    captured_ns: int
    hit: RuleHit
    cleared_ns: int | None = None


class Followed(msgspec.Struct):
    """A clip as the detectors saw it.

    `hits` holds every hit with its frame, `alarms` the first one a rule and target. `boxes` maps frames to the targets
    seen there; `classes` is the last word on them.
    """

    alarms: list[Alarm] = []
    hits: list[tuple[int, RuleHit]] = []
    boxes: dict[int, dict[int, Box]] = {}
    classes: dict[int, str] = {}
    times: list[int] = []
    size: tuple[int, int] = (0, 0)


def follow(document: str, frames: Iterable[Frame], models: Path = Path()) -> Followed:
    """Run the channel of a site over a clip with all its rules armed.

    `models` is where the model of its recogniser is, if it has one; it is asked as at import: at once.
    """
    site = read_site(document)
    channel = site.channels[0]
    detector = ChannelDetector(channel, site.rules)
    armed = {rule.id: 0 for rule in site.rules}
    model = None if channel.recogniser is None else Model(channel.recogniser, models)
    seen, live = Followed(), {}
    for frame in frames:
        seen.size = (frame.pixels.shape[1], frame.pixels.shape[0])
        seen.times.append(frame.captured_ns)
        percept = detector.perceive(frame)
        for event in percept.events:
            _note(event, frame.number, seen)
            if model is not None and isinstance(event, LookRequested):
                for found in model.look(frame.pixels, frame.captured_ns, list(event.parts)):
                    detector.recognise(found.captured_ns, found)
        if percept.followed:
            _judge(detector, Settled(frame.number, frame.captured_ns, percept), armed, live, seen)
        while (settled := detector.settled()) is not None:
            for event in settled.percept.events:
                _note(event, settled.number, seen)
            _judge(detector, settled, armed, live, seen)
    return seen


def _judge(
    detector: ChannelDetector,
    frame: Settled,
    armed: dict[str, int],
    live: dict[tuple[str, int], Alarm],
    seen: Followed,
) -> None:
    for hit in detector.judge(frame.captured_ns, armed):
        seen.hits.append((frame.number, hit))
        if (hit.rule, hit.track) not in live:
            live[hit.rule, hit.track] = Alarm(frame.number, frame.captured_ns, hit)
            seen.alarms.append(live[hit.rule, hit.track])
    for (_, track), alarm in live.items():
        if track in frame.percept.ended and alarm.cleared_ns is None:
            alarm.cleared_ns = frame.captured_ns


def _note(event: object, frame: int, seen: Followed) -> None:
    if isinstance(event, ObjectsDetected):
        seen.boxes[frame] = {o.track: o.box for o in event.objects}
        seen.classes.update({o.track: o.target for o in event.objects})
    elif isinstance(event, TrackUpdated | TrackEnded):
        seen.classes[event.track] = event.target


def in_pixels(box: Box, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """x, y, width, height."""
    x, y, w, h = box
    return x * size[0] / 1e6, y * size[1] / 1e6, w * size[0] / 1e6, h * size[1] / 1e6


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes x, y, width, height."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    along = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if across <= 0 or along <= 0:
        return 0.0
    shared = across * along
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)
