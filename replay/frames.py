"""Single frames out of a log: decoded from the last key frame before them."""

import msgspec
import numpy as np

from kernel.events import DetectedObject, Event, FrameCaptured, ObjectsDetected
from kernel.log.contract import EventLog, Selection
from kernel.payloads import FrameDecoder


class FramesMissing(Exception):
    """A session cannot be refolded: frames that it needs have expired or are missing."""


SETTLED_WITHIN_NS = 10_000_000_000
"""Twice as long as a recogniser can be waited for."""
LOOK_BACK = 512
"""Events looked through at first for the key frame; four times as many each time it is not among them."""


def frame_pixels(log: EventLog, seq: int) -> np.ndarray:
    """The pixels, (height, width) uint8 or uint16, of the FrameCaptured with this seq.

    Raises `FramesMissing` where it, or a frame that it builds on, has expired, or `KeyError` where it is no frame.
    """
    decoder = FrameDecoder()
    *before, frame = run_of_frames(log, seq)
    for event in before:
        decode_frame(log, decoder, event)
    return decode_frame(log, decoder, frame)


def settled_with(frame: Event, *kinds: str) -> Selection:
    """Where to look for what came of a channel's frame: it may have waited for a recogniser, for a while."""
    return Selection(kinds=kinds, first_fact=frame.fact_no, until=frame.time + SETTLED_WITHIN_NS)


def objects_in(log: EventLog, frame: Event) -> tuple[DetectedObject, ...]:
    """The targets seen in a FrameCaptured."""
    chosen = msgspec.structs.replace(settled_with(frame, "ObjectsDetected"), sources=(frame.source,))
    for event in log.read(chosen):
        if isinstance(event.body, ObjectsDetected) and event.body.frame >= frame.seq:
            return event.body.objects if event.body.frame == frame.seq else ()
    return ()


def decode_frame(log: EventLog, decoder: FrameDecoder, event: Event) -> np.ndarray:
    """The next frame of a channel. Raises `FramesMissing` where its payload has expired, `PayloadDamaged`."""
    assert isinstance(event.body, FrameCaptured)
    payload = log.payload(event.seq)
    if payload is None:
        raise FramesMissing(f"the payload of frame seq {event.seq} has expired")
    return decoder.decode(event.body, payload)


def run_of_frames(log: EventLog, seq: int) -> list[Event]:
    """The channel's frames from the last key frame up to `seq`, that one included.

    Raises `FramesMissing` where there is no key frame, `KeyError` where `seq` is no frame.
    """
    wanted = next(log.read(Selection(first=seq, last=seq)), None)
    if wanted is None or not isinstance(wanted.body, FrameCaptured):
        raise KeyError(seq)
    span = LOOK_BACK
    while True:
        first = max(1, seq - span)
        chosen = Selection(first=first, last=seq, kinds=("FrameCaptured",), sources=(wanted.source,))
        frames = list(log.read(chosen))
        keys = [i for i, f in enumerate(frames) if isinstance(f.body, FrameCaptured) and f.body.key]
        if keys:
            return frames[keys[-1] :]
        if first == 1:
            raise FramesMissing(f"no key frame before frame seq {seq} is in the log any more")
        span *= 4
