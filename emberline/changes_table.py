"""What a what-if changes, as people look at it: counts by rule and cause, and a picture of each alarm that differs."""

from collections import Counter
from pathlib import Path

from emberline.alarm_list import alarms_of
from emberline.alarm_picture import site_at
from emberline.civil import Calendar
from emberline.console import columns
from emberline.picture import Overlay, draw
from emberline.wording import what_happened
from kernel.events import AlarmRaised, Event
from kernel.log.contract import EventLog, Selection
from replay.frames import frame_pixels
from replay.refold import FramesMissing
from replay.whatif import AlarmChanges

PICTURES = "pictures"
COUNTED = ("gained", "lost", "shifted", "as before")


def changes_table(recorded: EventLog, changes: AlarmChanges) -> list[str]:
    """Gained, lost and shifted alarms by rule, and by what the recorded ones were labelled as."""
    said = {a.raised.seq: _label(a.review) for a in alarms_of(recorded)}
    counts: Counter[tuple[str, str, str]] = Counter()
    for event in changes.gained:
        counts[(_raiser(event), "", "gained")] += 1
    for event in changes.lost:
        counts[(_raiser(event), said.get(event.seq, ""), "lost")] += 1
    for old, new in changes.kept:
        counts[(_raiser(old), said.get(old.seq, ""), "shifted" if old.time != new.time else "as before")] += 1
    keys = sorted({(rule, label) for rule, label, _ in counts})
    rows = [(rule, label or "–", *(str(counts[(rule, label, what)]) for what in COUNTED)) for rule, label in keys]
    return columns(("rule", "label", *COUNTED), rows, right=frozenset(COUNTED)) if rows else []


def changes_pictures(recorded: EventLog, changed: EventLog, changes: AlarmChanges, directory: Path) -> int:
    """A picture of each alarm gained, lost or shifted; how many there are. Frames that have expired are left out."""
    directory.mkdir(parents=True, exist_ok=True)
    chosen = [("gained", e, changed) for e in changes.gained] + [("lost", e, recorded) for e in changes.lost]
    chosen += [("shifted", new, changed) for _, new in changes.shifted]
    written = 0
    for what, event, log in chosen:
        seq = _recorded_frame(recorded, log, event)
        try:
            pixels = None if seq is None else frame_pixels(recorded, seq)
        except FramesMissing:
            pixels = None
        if pixels is None or not isinstance(event.body, AlarmRaised):
            continue
        body, site = event.body, site_at(log, event)
        channel, rule = site.channel(body.channel), next((r for r in site.rules if r.id == body.rule), None)
        caption = f"{what}: {_raiser(event)} #{body.ordinal}, {what_happened(body)}\n{Calendar(log).show(event)}"
        overlay = Overlay(box=body.box, label=body.target, rule=rule, caption=caption)
        picture = draw(pixels, channel is None or channel.kind == "thermal", overlay)
        picture.save(directory / f"{what}-{_raiser(event)}-{body.ordinal}-{event.fact_no}.png")
        written += 1
    return written


def _recorded_frame(recorded: EventLog, log: EventLog, event: Event) -> int | None:
    """The seq, in the record, of the frame that an alarm of `log` names: facts have the same numbers in both."""
    frame = getattr(event.body, "frame", None)
    named = None if frame is None else next(log.read(Selection(first=frame, last=frame)), None)
    if named is None or log is recorded:
        return frame
    same = Selection(first_fact=named.fact_no, last_fact=named.fact_no, kinds=("FrameCaptured",))
    return next((fact.seq for fact in recorded.read(same)), None)


def _raiser(event: Event) -> str:
    assert isinstance(event.body, AlarmRaised)
    return event.body.raiser


def _label(review: object) -> str:
    if review is None:
        return ""
    return " ".join(filter(None, (getattr(review, "label", ""), getattr(review, "cause", None))))
