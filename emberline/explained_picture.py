"""Pictures to an explanation: the frame of a decision, and the moments before and after it."""

import msgspec
from PIL import Image

from emberline.civil import SECOND_NS, Calendar
from emberline.explaining import headline, verdict_words
from emberline.picture import Overlay, draw
from kernel.boxes import centre, foot
from kernel.events import Box, Event, FrameCaptured
from kernel.log.contract import EventLog, Selection
from kernel.site.model import Point, Site
from replay.explanation import Decision, Explanation
from replay.frames import frame_pixels, objects_in

APART_NS = SECOND_NS
"""The pictures before and after are this far from the decision, or as far as the recording reaches."""


class Shot(msgspec.Struct, frozen=True, eq=False):
    """A picture and what it is of."""

    title: str
    picture: Image.Image


def explained_picture(log: EventLog, explanation: Explanation) -> Image.Image:
    """The frame of the decision with target, way and rule; of a frame without decisions, the frame.

    Raises `FramesMissing` where it has expired, `ValueError` where no frame is behind the event.
    """
    frame = explanation.chain[-1]
    if not isinstance(frame.body, FrameCaptured):
        raise ValueError(f"no frame is behind seq {explanation.event.seq}")
    caption = f"{headline(explanation.event)}\n{Calendar(log).show(frame)}   seq {explanation.event.seq}"
    if not explanation.decisions:
        return draw(frame_pixels(log, frame.seq), _thermal(explanation.site, frame), Overlay(caption=caption))
    return decision_picture(log, explanation.decisions[0], explanation.site, caption)


def decision_picture(log: EventLog, decision: Decision, site: Site | None, caption: str = "") -> Image.Image:
    """The frame of one decision. Raises `FramesMissing` where it has expired."""
    overlay = Overlay(
        box=decision.verdict.box,
        label=decision.verdict.target,
        trajectory=_trajectory(decision),
        rule=decision.rule,
        caption=caption,
    )
    return draw(frame_pixels(log, decision.frame.seq), _thermal(site, decision.frame), overlay)


def before_at_after(log: EventLog, decision: Decision, site: Site | None) -> list[Shot]:
    """The decision's frame, and those about a second before and after it."""
    at = decision.frame
    shots: list[Shot] = []
    for title, frame in (("before", _near(log, at, -APART_NS)), ("after", _near(log, at, APART_NS))):
        if frame is None or frame.seq == at.seq:
            continue
        overlay = Overlay(box=_box_then(log, frame, decision.verdict.track), rule=decision.rule)
        away = (frame.time - at.time) / SECOND_NS
        picture = draw(frame_pixels(log, frame.seq), _thermal(site, frame), overlay)
        shots.append(Shot(f"{abs(away):.1f} s {title}", picture))
    now = Shot(_moment_words(decision), decision_picture(log, decision, site))
    shots.insert(1 if shots and shots[0].title.endswith("before") else 0, now)
    return shots


def _moment_words(decision: Decision) -> str:
    return "the moment of the alarm" if decision.verdict.hit else f"the moment: {verdict_words(decision)}"


def _near(log: EventLog, frame: Event, away_ns: int) -> Event | None:
    """The channel's frame closest to that time before (negative) or after the given one."""
    low, high = sorted((frame.time + 2 * away_ns, frame.time))
    chosen = Selection(kinds=("FrameCaptured",), sources=(frame.source,), since=low, until=high)
    wanted = frame.time + away_ns
    return min(log.read(chosen), key=lambda e: (abs(e.time - wanted), e.seq), default=None)


def _box_then(log: EventLog, frame: Event, track: int) -> Box | None:
    return next((o.box for o in objects_in(log, frame) if o.track == track), None)


def _trajectory(decision: Decision) -> list[Point]:
    anchor = foot if decision.rule.anchor == "foot" else centre
    return [anchor(sighting.verdict.box) for sighting in decision.way]


def _thermal(site: Site | None, frame: Event) -> bool:
    channel = None if site is None else site.channel(frame.source.removeprefix("channel."))
    return channel is None or channel.kind == "thermal"
