"""A log as a Rerun recording: pictures with targets and rules over them, alarms as a text log, on two time lines.

Entities: `<channel>/picture`, `<channel>/targets`, `<channel>/rules/<rule>` and `alarms`. Time lines: `time` (civil
where it is known) and `seq`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from emberline.errors import Unusable
from emberline.exports.timeline import steps
from emberline.wording import what_happened
from kernel.engine import recorded_site
from kernel.events import AlarmCleared, AlarmRaised, ConfigChanged, Event, FrameCaptured, ObjectsDetected
from kernel.log.contract import EventLog
from kernel.site.model import Rule

CLASSES = ("unknown", "human", "vehicle", "animal", "other")


def write_rerun(log: EventLog, path: Path) -> dict[str, int]:
    """Write the file; returns how often each entity was logged. Raises `Unusable` where library or path fails."""
    try:
        import rerun
    except ImportError:
        raise Unusable("--rerun needs the library rerun-sdk: pip install 'emberline[export]'") from None
    try:
        path.open("wb").close()
    except OSError as error:
        raise Unusable(f"--rerun {path}: cannot be written: {error.strerror or error}") from None
    recording: Any = rerun.RecordingStream("emberline")
    recording.save(str(path))
    walk = _Walk(rerun, recording)
    for event, time, picture in steps(log):
        walk.take(event, time, picture)
    recording.flush()
    recording.disconnect()
    return walk.counts


class _Walk:
    """Logs one event after the other."""

    def __init__(self, rerun: Any, recording: Any) -> None:
        self._rerun, self._recording = rerun, recording
        self._sizes: dict[str, tuple[int, int]] = {}
        self._rules: tuple[Rule, ...] = ()
        self.counts: dict[str, int] = {}

    def take(self, event: Event, time: int, picture: np.ndarray | None) -> None:
        self._recording.set_time("time", timestamp=np.datetime64(time, "ns"))
        self._recording.set_time("seq", sequence=event.seq)
        channel = event.source.removeprefix("channel.")
        match event.body:
            case ConfigChanged():
                self._rules, self._sizes = recorded_site(event.body.document).rules, {}
            case FrameCaptured():
                self._frame(channel, event.body, picture)
            case ObjectsDetected():
                self._targets(channel, event.body)
            case AlarmRaised():
                words = f"{event.body.rule} #{event.body.ordinal}: {what_happened(event.body)}, {event.body.target}"
                self._log("alarms", self._rerun.TextLog(words, level="WARN"))
            case AlarmCleared():
                words = f"{event.body.rule} #{event.body.ordinal} ended: {event.body.reason.replace('_', ' ')}"
                self._log("alarms", self._rerun.TextLog(words, level="INFO"))
            case _:
                pass

    def _frame(self, channel: str, body: FrameCaptured, picture: np.ndarray | None) -> None:
        if self._sizes.get(channel) != (body.width, body.height):
            self._sizes[channel] = (body.width, body.height)
            for rule in self._rules:
                if rule.channel == channel:
                    self._draw(rule, (body.width, body.height))
        if picture is not None:
            self._log(f"{channel}/picture", self._rerun.Image(picture, color_model="L"))
            self._log(f"{channel}/targets", self._rerun.Clear(recursive=False))

    def _targets(self, channel: str, body: ObjectsDetected) -> None:
        size = self._sizes[channel]
        boxes = np.array([target.box for target in body.objects], float) * np.array([*size, *size]) / 1e6
        labels = [f"{target.target} {target.track}" for target in body.objects]
        classes = [CLASSES.index(target.target) for target in body.objects]
        form = self._rerun.Box2DFormat.XYWH
        drawn = self._rerun.Boxes2D(array=boxes, array_format=form, labels=labels, class_ids=classes)
        self._log(f"{channel}/targets", drawn)

    def _draw(self, rule: Rule, size: tuple[int, int]) -> None:
        points = rule.line if rule.line is not None else (*(rule.region or ()), *(rule.region or ())[:1])
        strip = np.array(points, float) * np.array(size) / 1e6
        self._log(f"{rule.channel}/rules/{rule.id}", self._rerun.LineStrips2D([strip], labels=[rule.id]))

    def _log(self, entity: str, what: Any) -> None:
        self._recording.log(entity, what)
        self.counts[entity] = self.counts.get(entity, 0) + 1
