"""From an action in the log to the words of its notice."""

from collections.abc import Callable

import msgspec

from devices.notice import Notice
from emberline.civil import Moments
from emberline.wording import what_happened
from kernel import events as e
from kernel.log.contract import EventLog, Selection
from kernel.site.model import Site

MILLION = 1_000_000
KEY_CHARS = 24


class Occasion(msgspec.Struct, frozen=True):
    """What an action tells of: the event, the alarm that it is part of, if of one, and the events gathered since."""

    event: e.Event
    alarm: e.Event | None
    also: tuple[e.Event, ...] = ()

    @property
    def raised(self) -> e.AlarmRaised | None:
        return self.alarm.body if self.alarm is not None and isinstance(self.alarm.body, e.AlarmRaised) else None


Find = Callable[[int], e.Event]
"""Gives the event with a seq. Raises `KeyError`."""


def occasion_of(find: Find, action: e.Event) -> Occasion:
    """What an action tells of. Raises `KeyError` where that is not in the log."""
    body = action.body
    assert isinstance(body, e.ActionRequested)
    if body.event is None:  # the operator asked for it
        assert action.cause is not None
        return Occasion(find(action.cause), None)
    first = _occasion(find, body.event)
    return msgspec.structs.replace(first, also=tuple(find(seq) for seq in body.also))


def _occasion(find: Find, seq: int) -> Occasion:
    event = find(seq)
    if isinstance(event.body, e.AlarmRaised):
        return Occasion(event, event)
    if isinstance(event.body, e.AlarmRepeated | e.AlarmCleared):
        return Occasion(event, find(event.body.alarm))
    return Occasion(event, None)


def event_at(log: EventLog, seq: int) -> e.Event:
    """The event with this seq. Raises `KeyError`."""
    found = next(log.read(Selection(first=seq, last=seq)), None)
    if found is None:
        raise KeyError(seq)
    return found


def notice_of(action: e.Event, occasion: Occasion, site: Site, moments: Moments) -> Notice:
    """The notice without its files. Its key is of the chain digest, so it is the same however often it is sent."""
    body, event = action.body, occasion.event
    assert isinstance(body, e.ActionRequested)
    words = body.parameters
    numbers = {c.id: number for number, c in enumerate(site.channels, 1)}
    whole = Notice(
        key=action.digest.hex()[:KEY_CHARS],
        event=event.kind,
        state="inactive" if words.get("state") == "inactive" else "active",
        site=site.name,
        output=body.output,
        seq=event.seq,
        time=moments.show(event.time),
        utc=moments.utc(event.time),
        summary=summary_of(occasion),
        channel=words.get("channel", body.channel),
        channel_number=numbers.get(words.get("channel", body.channel), 1),
        type=words.get("type", body.kind if body.event is None else ""),
        rule=words.get("rule", ""),
        ordinal=int(words.get("ordinal", "0")),
        detail=words.get("detail", ""),
        also=tuple(f"{moments.show(other.time)} {_name(other)}" for other in occasion.also),
    )
    return whole if occasion.raised is None else _of_alarm(whole, occasion.raised, event.body)


def _of_alarm(whole: Notice, raised: e.AlarmRaised, body: e.Body) -> Notice:
    if not raised.channel:
        return whole
    x, y, w, h = body.box if isinstance(body, e.AlarmRepeated) else raised.box
    box = (x / MILLION, y / MILLION, w / MILLION, h / MILLION)
    return msgspec.structs.replace(whole, target=raised.target if raised.rule else "", box=box)


def summary_of(occasion: Occasion) -> str:
    """What happened, in a line."""
    raised, body = occasion.raised, occasion.event.body
    if raised is None:
        return _name(occasion.event)
    name = f"{raised.raiser} #{raised.ordinal}"
    target = f", target {raised.target}" if raised.rule else ""
    where = f", on {raised.channel}" if raised.channel else ""
    happened = f"{what_happened(raised)}{target}{where}"
    if isinstance(body, e.AlarmCleared):
        return f"{name} is over ({body.reason.replace('_', ' ')}): {happened}"
    if isinstance(body, e.AlarmRepeated):
        return f"{name} goes on ({body.count}): {happened}"
    return f"{name}: {happened}"


def _name(event: e.Event) -> str:
    """An event in a few words, where there is no more to say."""
    body = event.body
    match body:
        case e.AlarmRaised():
            return f"{body.raiser} #{body.ordinal}: {what_happened(body)}"
        case e.AlarmRepeated():
            return f"{body.raiser} #{body.ordinal} goes on ({body.count})"
        case e.AlarmCleared():
            return f"{body.raiser} #{body.ordinal} is over ({body.reason.replace('_', ' ')})"
        case e.ExceptionRaised():
            about = ", ".join(filter(None, [body.subject, body.detail]))
            return f"{body.exception.replace('_', ' ')}{': ' if about else ''}{about}"
        case e.ExceptionCleared():
            return f"{body.exception.replace('_', ' ')} is over ({body.reason.replace('_', ' ')})"
        case e.CommandReceived():
            return f"{body.name} {' '.join(body.arguments)}, by {body.who}"
        case _:
            return event.kind
