"""Single frames out of a log: decoded from the last key frame before them."""

import numpy as np

from kernel.events import Event, FrameCaptured
from kernel.log.contract import EventLog, Selection
from kernel.payloads import FrameDecoder
from replay.refold import FramesMissing

LOOK_BACK = 512
"""Events looked through at first for the key frame; four times as many each time it is not among them."""


def frame_pixels(log: EventLog, seq: int) -> np.ndarray:
    """The pixels, (height, width) uint8 or uint16, of the FrameCaptured with this seq.

    Raises `FramesMissing` where it, or a frame that it builds on, has expired, or `KeyError` where it is no frame.
    """
    run = _run_of_frames(log, seq)
    decoder = FrameDecoder()
    pixels: np.ndarray | None = None
    for event in run:
        assert isinstance(event.body, FrameCaptured)
        payload = log.payload(event.seq)
        if payload is None:
            raise FramesMissing(f"the payload of frame seq {event.seq} has expired")
        pixels = decoder.decode(event.body, payload)
    assert pixels is not None
    return pixels


def _run_of_frames(log: EventLog, seq: int) -> list[Event]:
    """The channel's frames from the last key frame up to `seq`."""
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
