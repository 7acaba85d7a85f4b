"""A log as an MCAP file, with the JSON schemas that Foxglove knows: pictures, boxes over them, alarms as log lines.

Topics: `/<channel>/image` (foxglove.RawImage), `/<channel>/targets` (foxglove.ImageAnnotations), `/alarms`
(foxglove.Log) and `/events` (every event, as `emberline events` prints it).
"""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from emberline.commands.events import as_line
from emberline.errors import Unusable
from emberline.exports.timeline import steps
from emberline.wording import what_happened
from kernel.events import AlarmRaised, Event, FrameCaptured, ObjectsDetected
from kernel.log.contract import EventLog

SECOND_NS = 1_000_000_000
WHITE = {"r": 1.0, "g": 1.0, "b": 1.0, "a": 1.0}
LINE_LOOP = 2
WARNING = 3
_STAMP = {"type": "object", "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}}}


def write_mcap(log: EventLog, path: Path) -> dict[str, int]:
    """Write the file; returns how many messages each topic has. Raises `Unusable` where library or path fails."""
    try:
        from mcap.writer import Writer
    except ImportError:
        raise Unusable("--mcap needs the library mcap: pip install 'emberline[export]'") from None
    try:
        with path.open("wb") as file:
            writer = Writer(file)
            writer.start(library="emberline")
            topics = _Topics(writer)
            sizes: dict[str, tuple[int, int]] = {}
            for event, time, picture in steps(log):
                _write(topics, event, time, picture, sizes)
            writer.finish()
    except OSError as error:
        raise Unusable(f"--mcap {path}: cannot be written: {error.strerror or error}") from None
    return topics.counts


class _Topics:
    """Topics as they are first used."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self._ids: dict[str, int] = {}
        self.counts: dict[str, int] = {}

    def add(self, topic: str, schema: str, time: int, message: dict[str, Any]) -> None:
        if topic not in self._ids:
            shape = {"type": "object", "properties": {"timestamp": _STAMP} if "foxglove" in schema else {}}
            schema_id = self._writer.register_schema(schema, "jsonschema", json.dumps(shape).encode())
            self._ids[topic] = self._writer.register_channel(topic, "json", schema_id)
        data = json.dumps(message, ensure_ascii=False).encode()
        self._writer.add_message(self._ids[topic], log_time=time, publish_time=time, data=data)
        self.counts[topic] = self.counts.get(topic, 0) + 1


def _write(
    topics: _Topics, event: Event, time: int, picture: np.ndarray | None, sizes: dict[str, tuple[int, int]]
) -> None:
    topics.add("/events", "emberline.Event", time, as_line(event))
    channel = event.source.removeprefix("channel.")
    stamp = {"sec": time // SECOND_NS, "nsec": time % SECOND_NS}
    if isinstance(event.body, FrameCaptured):
        sizes[channel] = (event.body.width, event.body.height)
    if picture is not None:
        topics.add(f"/{channel}/image", "foxglove.RawImage", time, _image(channel, stamp, picture))
    if isinstance(event.body, ObjectsDetected):
        message = {"points": [], "circles": [], "texts": []} | _boxes(stamp, event.body, sizes[channel])
        topics.add(f"/{channel}/targets", "foxglove.ImageAnnotations", time, message)
    if isinstance(event.body, AlarmRaised):
        words = f"{event.body.rule}: {what_happened(event.body)}, target {event.body.target}"
        message = {"timestamp": stamp, "level": WARNING, "message": words, "name": event.body.channel}
        topics.add("/alarms", "foxglove.Log", time, message)


def _image(channel: str, stamp: dict[str, int], picture: np.ndarray) -> dict[str, Any]:
    height, width = picture.shape
    return {
        "timestamp": stamp,
        "frame_id": channel,
        "width": width,
        "height": height,
        "encoding": "mono8" if picture.itemsize == 1 else "mono16",
        "step": width * picture.itemsize,
        "data": base64.b64encode(picture.astype(picture.dtype.newbyteorder("<")).tobytes()).decode(),
    }


def _boxes(stamp: dict[str, int], body: ObjectsDetected, size: tuple[int, int]) -> dict[str, Any]:
    points: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    for target in body.objects:
        x, y, w, h = (v * side / 1e6 for v, side in zip(target.box, (*size, *size), strict=True))
        corners = [{"x": x, "y": y}, {"x": x + w, "y": y}, {"x": x + w, "y": y + h}, {"x": x, "y": y + h}]
        look = {"timestamp": stamp, "outline_color": WHITE, "thickness": 1.0}
        points.append({**look, "type": LINE_LOOP, "points": corners})
        label = f"{target.target} {target.track}"
        texts.append({"timestamp": stamp, "position": corners[0], "text": label, "font_size": 6.0, "text_color": WHITE})
    return {"points": points, "texts": texts}
