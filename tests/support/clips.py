"""Real clips through the detectors alone, with the product's defaults."""

from collections.abc import Iterator
from pathlib import Path

from detectors.detector import ChannelDetector
from devices.recordings import open_source
from kernel.detector import Frame, RuleHit
from kernel.payloads import EncodedFrame, FrameEncoder
from kernel.site.reader import read_site


def frames_of(source: Path, fps: float | None = None, first: int = 0) -> Iterator[Frame]:
    """The undamaged frames of a recording, from shot `first` on."""
    encoder = FrameEncoder()
    number = 0
    recording = open_source(str(source), fps=fps, frames=(first, None)).read()
    for batch in (*map(encoder.feed, recording), encoder.flush()):
        for frame in batch:
            if isinstance(frame, EncodedFrame):
                yield Frame(number, frame.captured_ns, frame.pixels, frame.shutter)
                number += 1


def alarms(document: str, frames: Iterator[Frame]) -> list[tuple[int, RuleHit]]:
    """What a single-alarm rule raises: the first hit of each target, with the number of its frame."""
    site = read_site(document)
    detector = ChannelDetector(site.channels[0], site.rules)
    hits: dict[int, tuple[int, RuleHit]] = {}
    for frame in frames:
        detector.perceive(frame)
        for hit in detector.judge(frame.captured_ns, {"all": 0}):
            hits.setdefault(hit.track, (frame.number, hit))
    return list(hits.values())


def crossing(line: str = "[[0.0, 0.5], [1.0, 0.5]]") -> str:
    """An optical site with a line crossing of all classes, anchored at the centre."""
    return f"""
[[channel]]
id = "optical"
kind = "optical"
source = "file:unused.mp4"
[[rule]]
id = "all"
channel = "optical"
type = "line_crossing"
line = {line}
anchor = "centre"
targets = ["human", "vehicle", "animal", "other"]
"""
