"""A frame viewer for notebooks: one channel's pictures with targets and rules over them, and a time line.

Needs the extra `notebooks`. Pictures are sent one by one, as they are looked at, so that a long recording opens at
once.
"""

import base64
import io
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from emberline.picture import shown
from emberline.recording import Recording
from kernel.site.model import Rule

SHOWN_PX = 640
SCRIPT = Path(__file__).with_name("viewer.js")


class FrameViewer(anywidget.AnyWidget):
    """Shows a recording in a notebook; `index` is the frame looked at, counted from 0 over the session.

    Drag the slider or click the time line; space plays, the arrow keys step, `n` jumps to the next alarm. Alarms are
    orange on the time line, frames with targets blue.

    Parameters
    ----------
    recording : an open `Recording`; it must stay open while the viewer is used.
    channel : the channel; the first if not said.
    session : counted from 1.

    Raises
    ------
    KeyError where the channel has no frames in this session.
    """

    _esm = SCRIPT
    index = traitlets.Int(0).tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    picture = traitlets.Unicode("").tag(sync=True)
    overlay = traitlets.Dict().tag(sync=True)
    line = traitlets.Dict().tag(sync=True)

    def __init__(self, recording: Recording, channel: str | None = None, session: int = 1, **more: Any) -> None:
        site = recording.site(session)
        channel = site.channels[0].id if channel is None else channel
        frames = recording.frames().filter(channel=channel, session=session)
        if frames.is_empty():
            raise KeyError(f"channel {channel} has no frames in session {session}")
        self._recording = recording
        self._seqs: list[int] = frames["seq"].to_list()
        self._times: list[int] = frames["time"].to_list()
        shape = site.channel(channel)
        self._thermal = shape is None or shape.kind == "thermal"
        self._rules = [_drawn(rule) for rule in site.rules_of(channel)]
        self._targets = _targets(recording, channel, session)
        numbers = {seq: number for number, seq in enumerate(self._seqs)}
        alarms = recording.alarms().filter(channel=channel, session=session)
        marks = [
            {"index": numbers[a["frame"]], "rule": a["rule"], "target": a["target"]}
            for a in alarms.iter_rows(named=True)
            if a["frame"] in numbers
        ]
        line = {"seen": [numbers[seq] for seq in self._targets if seq in numbers], "alarms": marks}
        super().__init__(count=len(self._seqs), line=line, **more)
        self._show({"new": self.index})
        self.observe(self._show, names="index")

    def _show(self, change: dict[str, Any]) -> None:
        number = min(max(0, int(change["new"])), self.count - 1)
        seq = self._seqs[number]
        picture = shown(self._recording.frame(seq), self._thermal, SHOWN_PX)
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=85)
        since = (self._times[number] - self._times[0]) / 1e9
        with self.hold_sync():
            self.overlay = {
                "targets": self._targets.get(seq, []),
                "rules": self._rules,
                "words": f"frame {number}   seq {seq}   +{since:.2f} s",
                "size": list(picture.size),
            }
            self.picture = "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()


def _targets(recording: Recording, channel: str, session: int) -> dict[int, list[dict[str, Any]]]:
    """By the seq of the frame: box in fractions of the frame, and a label."""
    found: dict[int, list[dict[str, Any]]] = {}
    seen = recording.detections().filter(channel=channel, session=session)
    for row in seen.iter_rows(named=True):
        box = [row["x"], row["y"], row["width"], row["height"]]
        label = f"{row['target']} {row['track']}, {row['score']:.1f} σ"
        found.setdefault(row["frame"], []).append({"box": box, "label": label})
    return found


def _drawn(rule: Rule) -> dict[str, Any]:
    points = rule.line if rule.line is not None else rule.region or ()
    return {"id": rule.id, "points": [[x / 1e6, y / 1e6] for x, y in points], "closed": rule.line is None}
