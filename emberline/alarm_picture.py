"""The picture of an alarm out of the log: its frame, and what led to it."""

import msgspec
import numpy as np
from PIL import Image

from emberline.civil import Calendar
from emberline.errors import Unusable
from emberline.picture import Overlay, draw
from emberline.wording import what_happened
from kernel.boxes import centre, foot
from kernel.events import AlarmRaised, ConfigChanged, Event, ObjectsDetected, RuleTriggered
from kernel.log.contract import EventLog, Selection
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Point, Rule, Site
from kernel.site.reader import parse_site
from replay.frames import frame_pixels


def alarm_picture(
    log: EventLog, seq: int, *, box: bool = True, trajectory: bool = True, rule: bool = True, size: bool = True
) -> Image.Image:
    """The alarm (or rule hit) with this seq on its frame; each overlay can be left out.

    Raises `Unusable` where the seq is no alarm, `FramesMissing` where its frame has expired.
    """
    event = next(log.read(Selection(first=seq, last=seq)), None)
    if event is None or not isinstance(event.body, AlarmRaised | RuleTriggered):
        what = "the log does not go so far" if event is None else f"it is a {event.kind}"
        raise Unusable(f"seq {seq} is no alarm: {what}; `emberline alarms` lists them")
    scene = alarm_scene(log, event, event.body)
    whole = scene.overlay
    overlay = Overlay(
        box=whole.box if box else None,
        label=(whole.label if size else event.body.target) if box else "",
        trajectory=whole.trajectory if trajectory else (),
        rule=whole.rule if rule else None,
        caption=_caption(log, event, event.body),
    )
    return draw(scene.pixels, scene.thermal, overlay)


class AlarmScene(msgspec.Struct, frozen=True, eq=False):
    """The frame of an alarm, (height, width) uint8 or uint16, and all that can be drawn on it but the caption."""

    pixels: np.ndarray
    thermal: bool
    overlay: Overlay


def alarm_scene(log: EventLog, event: Event, body: AlarmRaised | RuleTriggered) -> AlarmScene:
    """What an alarm or rule hit looked like. Raises `FramesMissing` where its frame has expired."""
    site = site_at(log, event)
    channel = site.channel(body.channel)
    if body.frame is None:
        raise Unusable(f"seq {event.seq} is an alarm of {body.type.replace('_', ' ')}: it has no picture")
    pixels = frame_pixels(log, body.frame)
    height, width = pixels.shape
    _, _, w, h = body.box
    rule = next((r for r in site.rules if r.id == body.rule), None)
    overlay = Overlay(
        box=body.box,
        label=f"{body.target} {round(w * width / 1e6)} x {round(h * height / 1e6)} px",
        trajectory=_trajectory(log, event, body, rule),
        rule=rule,
    )
    return AlarmScene(pixels, channel is None or channel.kind == "thermal", overlay)


def site_at(log: EventLog, event: Event) -> Site:
    """The site as configured when the event happened."""
    last: ConfigChanged | None = None
    for change in log.read(Selection(kinds=("ConfigChanged",), last_fact=event.fact_no)):
        assert isinstance(change.body, ConfigChanged)
        last = change.body
    if last is None:
        raise Unusable(f"no configuration is recorded before seq {event.seq}")
    return parse_site(last.document)[0]


def _trajectory(log: EventLog, event: Event, body: AlarmRaised | RuleTriggered, rule: Rule | None) -> list[Point]:
    """Where the target's anchor (the point that the rule watches) was, from its first sighting on."""
    anchor = foot if rule is not None and rule.anchor == "foot" else centre
    source = CHANNEL_SOURCE + body.channel
    points: list[Point] = []
    for seen in log.read(Selection(kinds=("TrackStarted", "ObjectsDetected"), sources=(source,), last=event.seq)):
        if seen.kind == "TrackStarted" and getattr(seen.body, "track", None) == body.track:
            points.clear()
        if isinstance(seen.body, ObjectsDetected):
            points += [anchor(o.box) for o in seen.body.objects if o.track == body.track]
    return points


def _caption(log: EventLog, event: Event, body: AlarmRaised | RuleTriggered) -> str:
    name = f"{body.raiser} #{body.ordinal}" if isinstance(body, AlarmRaised) else body.rule
    return f"{name}: {what_happened(body)}\n{Calendar(log).show(event)}   {body.channel}   seq {event.seq}"
