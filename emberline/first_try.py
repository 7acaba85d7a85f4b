"""`emberline try` in steps: a folder of its own, the recording folded into a log there, the sheet of its alarms."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PIL import Image

from emberline.alarm_list import Alarm, alarms_of
from emberline.alarm_picture import alarm_scene
from emberline.civil import SECOND_NS, Calendar
from emberline.console import progress_bar, warn
from emberline.contact_sheet import Card, contact_sheet
from emberline.errors import Unusable
from emberline.picture import Overlay
from emberline.strongest_moments import Moment, strongest_moments
from emberline.wiring import import_log, make_engine, read_log, write_log
from emberline.wording import what_happened
from kernel.events import DetectedObject, FrameCaptured
from kernel.log.contract import EventLog, Selection
from kernel.site.model import Channel, Rule, Site
from replay.frames import objects_in
from replay.importer import ImportPlan, import_recordings
from replay.outcome_writer import append_outcome
from replay.sessions import sessions_of

MARK, LOG, SHEET = "try.txt", "log", "alarms.png"
MOST_MOMENTS = 4
ENDED = {"target gone": "the target was gone", "session ended": "the recording ended"}


class Tried(msgspec.Struct, frozen=True):
    """What came of it: the seqs of the alarms.

    Without alarms, `needed` is the least sensitivity at which anything shows, and `ignored` are the classes that were
    followed but are no rule's targets.
    """

    alarms: tuple[int, ...]
    needed: int | None = None
    ignored: tuple[str, ...] = ()


def make_room(folder: Path, words: str) -> None:
    """A fresh folder for a try: what an earlier try left there goes, anything else is refused with `Unusable`."""
    try:
        if folder.exists() and not folder.is_dir():
            raise Unusable(f"--out {folder}: is a file; a try gets a folder of its own")
        if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
            raise Unusable(f"--out {folder}: is there and is no earlier try; name another folder with --out")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / LOG, ignore_errors=True)
        (folder / SHEET).unlink(missing_ok=True)
        (folder / MARK).write_text(f"{words}\nThe next try into this folder replaces {LOG} and {SHEET}.\n")
    except OSError as error:
        raise Unusable(f"--out {folder}: {error.strerror or error}") from None


def fold(folder: Path, plan: ImportPlan) -> int:
    """Import the recordings and append their outcome. Gives the number of frames that were analysed."""
    with progress_bar("importing") as tell, import_log(folder / LOG) as log:
        imported = import_recordings(log, plan, tell)
    if imported.damaged:
        warn(f"{imported.damaged} damaged frames are kept, but are not analysed")
    with write_log(folder / LOG) as log, progress_bar("detecting") as tell:
        append_outcome(log, sessions_of(log)[0], make_engine(), tell)
    return sum(imported.frames.values())


def make_sheet(folder: Path, site: Site, channel: Channel, name: str, most: int) -> tuple[Image.Image, Tried]:
    """The sheet of up to `most` alarms; without any, of the strongest moments."""
    with read_log(folder / LOG) as log:
        alarms = list(alarms_of(log))
        about = f"{channel.id}, {_extent(log)}"
        if alarms:
            return _alarm_sheet(log, alarms, name, about, most), Tried(tuple(a.raised.seq for a in alarms))
        with progress_bar("looking for the strongest moments") as tell:
            moments = strongest_moments(log, sessions_of(log)[0], channel, min(most, MOST_MOMENTS), tell)
        rules = site.rules_of(channel.id)
        needed = min((m.sensitivity for m in moments), default=None)
        ignored = sorted({c for m in moments for c in _ignored(objects_in(log, m.frame), rules)})
        return _quiet_sheet(log, rules, channel, moments, name, about), Tried((), needed, tuple(ignored))


def _alarm_sheet(log: EventLog, alarms: Sequence[Alarm], name: str, about: str, most: int) -> Image.Image:
    chosen = _spread(len(alarms), most)
    calendar = Calendar(log)
    with progress_bar("drawing") as tell:
        cards: list[Card] = []
        for index in chosen:
            cards.append(_alarm_card(log, alarms[index], index + 1, calendar))
            tell(len(cards), len(chosen))
    lines = [about, "blue: the rule   white: the target   yellow: the way it came"]
    if len(chosen) < len(alarms):
        lines.insert(1, f"{len(chosen)} of {len(alarms)} alarms are shown, spread evenly over the recording")
    return contact_sheet(f"{len(alarms)} alarm{'s' * (len(alarms) != 1)} in {name}", lines, cards)


def _spread(count: int, most: int) -> list[int]:
    """Up to `most` positions of `count`, first and last among them."""
    if count <= most:
        return list(range(count))
    return [i * (count - 1) // max(1, most - 1) for i in range(most)]


def _alarm_card(log: EventLog, alarm: Alarm, number: int, calendar: Calendar) -> Card:
    body = alarm.body
    scene = alarm_scene(log, alarm.raised, body)
    lasted = "goes on" if alarm.duration_ns is None else f"for {alarm.duration_ns / SECOND_NS:.1f} s"
    ended = f", until {ENDED.get(alarm.ended_by, alarm.ended_by)}" if alarm.ended_by else ""
    return Card(
        scene.pixels,
        scene.thermal,
        scene.overlay,
        f"{number}   {calendar.show(alarm.raised)}   {body.raiser}: {what_happened(body)}",
        f"{scene.overlay.label}, {lasted}{ended}   (seq {alarm.raised.seq})",
    )


def _quiet_sheet(
    log: EventLog, rules: Sequence[Rule], channel: Channel, moments: Sequence[Moment], name: str, about: str
) -> Image.Image:
    """No alarm: what came closest, and what it would have taken."""
    calendar = Calendar(log)
    cards = [_moment_card(log, m, rules, channel, calendar, n) for n, m in enumerate(moments, 1)]
    if moments:
        lines = [about, "Below: what stood out most from the background. Is it what should have raised an alarm?"]
    else:
        lines = [about, "Nothing stood out from the background, even at sensitivity 100."]
    if not rules:
        lines.append("The site file has no rule for this channel: without one nothing raises an alarm.")
    return contact_sheet(f"No alarm in {name}", lines, cards)


def _moment_card(
    log: EventLog, moment: Moment, rules: Sequence[Rule], channel: Channel, calendar: Calendar, number: int
) -> Card:
    height, width = moment.pixels.shape
    _, _, w, h = moment.box
    size = f"{round(w * width / 1e6)} x {round(h * height / 1e6)} px"
    overlay = Overlay(box=moment.box, label=size, rule=rules[0] if rules else None)
    more = "at least " if moment.score == 255 else ""
    return Card(
        moment.pixels,
        channel.kind == "thermal",
        overlay,
        f"{number}   {calendar.show(moment.frame)}   stands out {more}{moment.score / 10:.1f} x the noise",
        _why_quiet(log, moment, rules),
    )


def _why_quiet(log: EventLog, moment: Moment, rules: Sequence[Rule]) -> str:
    """Where the moment fell by the wayside, in words."""
    highest = max((r.sensitivity for r in rules if r.enabled), default=0)
    if moment.sensitivity > highest:
        return f"too faint for sensitivity {highest}: it takes {moment.sensitivity}"
    followed = objects_in(log, moment.frame)
    if ignored := _ignored(followed, rules):
        return f"followed as {' and '.join(ignored)}, which no rule has among its targets"
    if followed:
        classes = " and ".join(sorted({o.target for o in followed}))
        return f"followed as {classes}, but did not do what a rule watches for"
    return "seen, but not followed as a target: too brief, or it hardly moved"


def _ignored(followed: Sequence[DetectedObject], rules: Sequence[Rule]) -> list[str]:
    """The classes followed, if there are any and every one is none of the rules' targets."""
    wanted = {target for rule in rules if rule.enabled for target in rule.targets} | {"unknown"}
    classes = {o.target for o in followed}
    return sorted(classes) if wanted.isdisjoint(classes) else []


def _extent(log: EventLog) -> str:
    """`160 x 120 pixels, 160 frames, 17.7 s`."""
    first, last, count = None, None, 0
    for frame in log.read(Selection(kinds=("FrameCaptured",))):
        first, last, count = first or frame, frame, count + 1
    assert first is not None and last is not None and isinstance(first.body, FrameCaptured)
    seconds = (last.time - first.time) / SECOND_NS
    return f"{first.body.width} x {first.body.height} pixels, {count} frames, {seconds:.1f} s"
