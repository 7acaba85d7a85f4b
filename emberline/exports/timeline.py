"""A log walked through for players of recordings: frames with their pixels, detections, rules and alarms in order."""

from collections.abc import Iterator

import numpy as np

from emberline.civil import Calendar
from kernel.events import Event, FrameCaptured
from kernel.log.contract import EventLog
from replay.refold import FramesMissing, Pixels
from replay.sessions import sessions_of

Step = tuple[Event, int, np.ndarray | None]
"""An event, its time in ns since 1970 (session time where civil time is unknown), and a frame's pixels."""


def steps(log: EventLog) -> Iterator[Step]:
    """Every event in the order of time; facts before what they brought about. Frames that have expired come without
    pixels."""
    calendar = Calendar(log)
    for session in sessions_of(log):
        pixels: Pixels | None = Pixels(log, session)
        for event in sorted(log.read(session.all()), key=lambda e: (e.fact_no, not e.is_fact, e.seq)):
            civil = calendar.civil_ns(event)
            picture = None
            if isinstance(event.body, FrameCaptured) and pixels is not None:
                try:
                    picture = pixels.of(event)
                except FramesMissing:
                    pixels = None
            yield event, event.time - session.origin if civil is None else civil, picture
