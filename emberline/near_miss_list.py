"""Near misses as people look for them: a list, JSON, or a page with a picture of each."""

import json
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from emberline.civil import SECOND_NS, Calendar
from emberline.console import columns, progress_bar
from emberline.errors import Unusable
from emberline.explained_page import page, picture_tag, write_page
from emberline.gate_words import sentence, shown
from emberline.picture import Overlay, draw
from emberline.wiring import read_log
from kernel.engine import recorded_site
from kernel.events import ConfigChanged
from kernel.log.contract import EventLog, Selection
from kernel.site.model import Site
from replay.frames import frame_pixels
from replay.near_misses import NearMiss, near_misses
from replay.sessions import sessions_of

MOST_PICTURES = 100


class Search(msgspec.Struct, frozen=True):
    """Which near misses are wanted."""

    rule: str | None = None
    since: str | None = None
    until: str | None = None


def show_near_misses(path: Path, search: Search, as_json: bool, html: Path | None) -> None:
    """Find, print and, where asked for, write the page."""
    with read_log(path) as log:
        calendar = Calendar(log)
        found = _found(log, search, calendar)
        if as_json:
            print(json.dumps([miss_as_json(miss, calendar) for miss in found], ensure_ascii=False, indent=1))
        elif not found:
            print("no near misses")
        else:
            print(*_lines(found, calendar), sep="\n")
            print(f"\nnext: emberline explain {path} {found[0].frame.seq}")
        if html is not None:
            write_page(_page(log, found, calendar), html)


def miss_as_json(miss: NearMiss, calendar: Calendar) -> dict[str, Any]:
    """A near miss for other programs."""
    return {
        "rule": miss.rule,
        "channel": miss.channel,
        "frame": miss.frame.seq,
        "time": miss.frame.time,
        "local": calendar.show(miss.frame),
        "track": miss.track or None,
        "target": miss.target,
        "box": miss.box,
        "score": miss.score,
        "stopped_by": msgspec.to_builtins(miss.gate),
        "percent": miss.percent,
        "would_alarm_with": miss.sibling or None,
        "duration_s": (miss.last_ns - miss.first_ns) / SECOND_NS,
    }


def _found(log: EventLog, search: Search, calendar: Calendar) -> list[NearMiss]:
    sessions = sessions_of(log)
    if not sessions:
        raise Unusable("the log holds no session yet; import a recording, or run the daemon")
    rules = sorted({rule.id for site in _sites(log) for rule in site.rules})
    if search.rule is not None and search.rule not in rules:
        raise Unusable(f"--rule {search.rule}: the site has no such rule; it has {', '.join(rules)}")
    with progress_bar("replaying") as tell:
        found = [miss for session in sessions for miss in near_misses(log, session, tell)]
    return [
        miss
        for miss in found
        if search.rule in (None, miss.rule) and calendar.within(miss.frame, search.since, search.until)
    ]


def _sites(log: EventLog) -> list[Site]:
    bodies = [event.body for event in log.read(Selection(kinds=("ConfigChanged",)))]
    return [recorded_site(body.document) for body in bodies if isinstance(body, ConfigChanged)]


def _lines(found: list[NearMiss], calendar: Calendar) -> list[str]:
    header = ("frame", "time", "channel", "rule", "target", "stopped by", "value", "asked for", "close")
    rows: list[tuple[str, ...]] = []
    for miss in found:
        gate = shown(miss.gate)
        rows.append(
            (
                str(miss.frame.seq),
                calendar.show(miss.frame),
                miss.channel,
                miss.rule,
                miss.target,
                gate.name,
                gate.value,
                gate.limit,
                f"{miss.percent} %",
            )
        )
    return columns(header, rows, right=frozenset(("frame", "close")))


def _page(log: EventLog, found: list[NearMiss], calendar: Calendar) -> str:
    parts = [f"<h1>What almost alarmed: {len(found)}</h1>"]
    if len(found) > MOST_PICTURES:
        parts.append(f"<p>Shown are the first {MOST_PICTURES}.</p>")
    sites = _sites(log)
    for miss in found[:MOST_PICTURES]:
        title = f"{miss.rule}: {miss.target}, {calendar.show(miss.frame)}"
        picture = _picture(log, miss, sites)
        parts += [
            f"<h2>{escape(title)}</h2>",
            f'<div class="shots"><figure>{picture}</figure></div>',
            f"<p>{escape(sentence(miss.gate))} It came within {100 - miss.percent} % of an alarm.</p>",
        ]
    return page("What almost alarmed", parts)


def _picture(log: EventLog, miss: NearMiss, sites: list[Site]) -> str:
    site = next((s for s in reversed(sites) if any(r.id == miss.rule for r in s.rules)), None)
    rule = None if site is None else next(r for r in site.rules if r.id == miss.rule)
    channel = None if site is None else site.channel(miss.channel)
    overlay = Overlay(box=miss.box, label=miss.target, rule=rule)
    thermal = channel is None or channel.kind == "thermal"
    return picture_tag(draw(frame_pixels(log, miss.frame.seq), thermal, overlay), f"{miss.rule}, {miss.target}")
