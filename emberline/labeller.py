"""Alarms judged by clicking, in a notebook: each with its picture, three buttons and the causes of false alarms.

Needs the extra `notebooks`.
"""

import io
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from emberline.alarm_list import Alarm, alarms_of
from emberline.alarm_picture import alarm_picture
from emberline.errors import Unusable
from emberline.labelling import label_alarm
from emberline.wiring import read_log
from kernel.log.contract import EventLog, LogError
from replay.labels.reviews import CAUSES, LABELS
from replay.refold import FramesMissing

MOST_SHOWN = 50
NO_CAUSE = "cause not said"


class AlarmLabeller(widgets.VBox):
    """The log's alarms to be marked true, false or ignore; every click is written into the log at once.

    Only the pictures are kept, so nothing stays open. Choose the cause before clicking `false`, or click again.

    Parameters
    ----------
    path : the log directory.
    first : the place of the first alarm to show, counted from 0; at most 50 are shown at once.
    """

    def __init__(self, path: str | Path, first: int = 0) -> None:
        self._path = Path(path)
        with read_log(self._path) as log:
            alarms = list(alarms_of(log))
            rows = [self._row(log, alarm) for alarm in alarms[first : first + MOST_SHOWN]]
        shown = f"alarms {first + 1} to {first + len(rows)} of {len(alarms)}" if rows else "no alarm here"
        super().__init__([widgets.Label(shown), *rows])

    def _row(self, log: EventLog, alarm: Alarm) -> widgets.HBox:
        review = alarm.review
        said = widgets.Label("not judged yet" if review is None else f"{review.label} {review.cause or ''}")
        cause = widgets.Dropdown(
            options=[NO_CAUSE, *CAUSES], value=(review.cause if review is not None else None) or NO_CAUSE
        )
        buttons = [widgets.Button(description=label, layout={"width": "5em"}) for label in LABELS]
        for button in buttons:
            button.on_click(partial(self._judge, alarm.raised.seq, cause, said))
        body = alarm.body
        words = widgets.Label(f"seq {alarm.raised.seq}: {body.raiser}, {body.target}")
        return widgets.HBox([_picture(log, alarm), widgets.VBox([words, cause, widgets.HBox(buttons), said])])

    def _judge(self, seq: int, cause: widgets.Dropdown, said: widgets.Label, button: widgets.Button) -> None:
        why = None if cause.value == NO_CAUSE or button.description != "false" else cause.value
        try:
            said.value = label_alarm(self._path, seq, button.description, why)
        except (Unusable, LogError) as error:
            said.value = f"not written: {error}"


def _picture(log: EventLog, alarm: Alarm) -> Any:
    """Its picture, or words where there is none."""
    try:
        picture = alarm_picture(log, alarm.raised.seq)
    except (Unusable, FramesMissing) as error:
        return widgets.Label(str(error))
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=85)
    return widgets.Image(value=out.getvalue(), format="jpeg", width=420)
