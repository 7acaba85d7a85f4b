"""Where a recording surprised the background most: what to look at when there was no alarm."""

from collections.abc import Callable

import msgspec
import numpy as np

from detectors.background import Background
from detectors.geometry import rasterise
from detectors.scene_modes import SCENE_MODES
from detectors.segmentation import Blob, segment
from kernel.events import Box, Event, FrameCaptured
from kernel.log.contract import EventLog
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Channel, Polygon
from replay.refold import Pixels
from replay.sessions import Session

APART_NS = 1_000_000_000
"""Of moments closer together only the strongest counts."""


class Moment(msgspec.Struct, frozen=True, eq=False):
    """A frame, (height, width) uint8 or uint16, and its strongest piece of foreground.

    `score` is in tenths of σ, at most 255; `sensitivity` the least at which detection sees anything in this frame.
    """

    frame: Event
    pixels: np.ndarray
    box: Box
    score: int
    area_px: int
    sensitivity: int


def strongest_moments(
    log: EventLog, session: Session, channel: Channel, most: int, progress: Callable[[int, int | None], None]
) -> list[Moment]:
    """Up to `most` moments of the channel, the strongest first, under its scene mode and shield."""
    pixels, background = Pixels(log, session), Background(thermal=channel.kind == "thermal")
    best: list[Moment] = []
    total = session.last_fact - session.first_fact + 1
    for done, fact in enumerate(log.read(session.facts()), 1):
        progress(done, total)
        frame, body = pixels.of(fact), fact.body
        if frame is None or not isinstance(body, FrameCaptured) or fact.source != CHANNEL_SOURCE + channel.id:
            continue
        score = background.perceive(frame, body.captured_ns - session.origin, body.shutter == "corrected")
        score = _outside(score, channel.shield)
        moment = _moment(fact, frame, score, channel)
        if moment is not None:
            best = _with(best, moment)[:most]
    return best


def _moment(fact: Event, pixels: np.ndarray, score: np.ndarray, channel: Channel) -> Moment | None:
    parameters = SCENE_MODES[channel.scene_mode]
    blobs = segment(score, 100, parameters)
    if not blobs:
        return None
    blob = max(blobs, key=lambda b: (b.score, b.area))
    low, high = 0, 100
    while high - low > 1:  # what is seen at one sensitivity is seen at every higher one
        middle = (low + high) // 2
        low, high = (low, middle) if segment(score, middle, parameters) else (middle, high)
    return Moment(fact, pixels, _box(blob, score.shape), blob.score, blob.area, high)


def _with(best: list[Moment], new: Moment) -> list[Moment]:
    """The moments with the new one, unless a stronger one is close to it; the strongest first."""
    near = [m for m in best if abs(m.frame.time - new.frame.time) < APART_NS]
    if any(_strength(m) >= _strength(new) for m in near):
        return best
    kept = [m for m in best if not any(m is n for n in near)]
    return sorted([*kept, new], key=_strength, reverse=True)


def _strength(moment: Moment) -> tuple[int, int, int]:
    return -moment.sensitivity, moment.score, moment.area_px


def _outside(score: np.ndarray, shield: tuple[Polygon, ...]) -> np.ndarray:
    height, width = score.shape
    for polygon in shield:
        score = np.where(rasterise(polygon, width, height), np.uint8(0), score)
    return score


def _box(blob: Blob, shape: tuple[int, ...]) -> Box:
    height, width = shape
    x, y = blob.x0 * 1_000_000 // width, blob.y0 * 1_000_000 // height
    return x, y, blob.width * 1_000_000 // width, blob.height * 1_000_000 // height
