"""Which pictures and clips go with a notice, and the scenes that they are made of."""

import msgspec

from emberline.delivery.notices import Find, Occasion
from emberline.delivery.scene import Scene, Wanted, anchor_of, boxes_of, gather, seen_in
from kernel.events import ActionRequested, AlarmRaised, Box, FrameCaptured, MediaWanted
from kernel.log.contract import EventLog, Selection
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Site

APPROACH_NS = 10_000_000_000
"""So much of a target's way is drawn at most."""


class Moment(msgspec.Struct, frozen=True):
    """When an occasion was: its frame, or for one without a frame its own seq and time."""

    seq: int
    captured_ns: int


def moment_of(find: Find, action: ActionRequested, occasion: Occasion) -> Moment:
    """What the times of the action's media count from. Raises `KeyError` where the frame is not in the log."""
    if action.frame is None:
        return Moment(occasion.event.seq, occasion.event.time)
    body = find(action.frame).body
    assert isinstance(body, FrameCaptured)
    return Moment(action.frame, body.captured_ns)


def wanted_for(media: tuple[MediaWanted, ...], at_ns: int) -> list[Wanted]:
    """What goes along, channel by channel."""
    by_channel: dict[str, Wanted] = {}
    for one in media:
        found = by_channel.get(one.channel, Wanted(one.channel))
        start, end = at_ns + one.from_ns, at_ns + one.to_ns
        if one.what == "clip":
            by_channel[one.channel] = msgspec.structs.replace(found, clip=(start, end))
        else:
            name = "before" if one.from_ns < 0 else "after" if one.from_ns > 0 else "at"
            by_channel[one.channel] = msgspec.structs.replace(found, pictures=(*found.pictures, (name, start)))
    return list(by_channel.values())


def scene_of(log: EventLog, wanted: Wanted, moment: Moment, occasion: Occasion, site: Site) -> Scene:
    """The scene, with what is drawn on its pictures where it is of the alarm's own channel. Raises `SceneMissing`."""
    frames = gather(log, wanted, moment.seq, moment.captured_ns)
    channel = site.channel(wanted.channel)
    thermal = channel is None or channel.kind == "thermal"
    raised = occasion.raised
    if raised is None or raised.channel != wanted.channel or not raised.rule:
        return Scene(wanted, frames, thermal)
    rule = next((r for r in site.rules if r.id == raised.rule), None)
    anchor = anchor_of(rule)
    boxes = boxes_of(log, wanted.channel, raised.track, frames)
    way = tuple(anchor(box) for box in _way(log, occasion, raised))
    box = getattr(occasion.event.body, "box", raised.box)
    return Scene(wanted, frames, thermal, boxes, box, raised.target, way, rule)


def _way(log: EventLog, occasion: Occasion, raised: AlarmRaised) -> list[Box]:
    """Where the target was seen in the seconds up to the alarm."""
    event = occasion.event
    source = CHANNEL_SOURCE + raised.channel
    seen = seen_in(log, Selection(last=event.seq, sources=(source,), since=event.time - APPROACH_NS), raised.track)
    return list(seen.values())
