"""An explanation as one self-contained HTML page for somebody who does not know the system."""

import base64
import io
from collections.abc import Iterable
from html import escape
from pathlib import Path

from PIL import Image

from detectors.rules.gates import Gate
from emberline.alarm_list import alarms_of
from emberline.civil import SECOND_NS, Calendar
from emberline.errors import Unusable
from emberline.explained_picture import Shot, before_at_after
from emberline.explaining import all_gates, headline
from emberline.gate_words import article, sentence
from kernel.events import ActionRequested, AlarmRaised, Event
from kernel.log.contract import EventLog, Selection
from kernel.site.model import Site
from replay.explanation import Decision, Explanation

STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; color: #1c2128; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin-top: 2rem }
.when { color: #57606a; margin-top: 0 }
.shots { display: flex; flex-wrap: wrap; gap: .8rem } figure { margin: 0; flex: 1 1 18rem }
.shots img { width: 100%; display: block; border-radius: 4px } figcaption { color: #57606a; font-size: .9rem }
li { margin: .25rem 0 } ul.checks { list-style: none; padding-left: 0 }
ul.checks li::before { content: "✓"; color: #1a7f37; font-weight: bold; display: inline-block; width: 1.6em }
ul.checks li.stopped::before { content: "✕"; color: #b35900 }
table { border-collapse: collapse; font-size: .9rem } td, th { padding: .2rem .8rem .2rem 0; text-align: left }
footer { color: #57606a; font-size: .85rem; margin-top: 2.5rem; border-top: 1px solid #d0d7de; padding-top: .6rem }
"""


def explained_page(log: EventLog, explanation: Explanation) -> str:
    """The page. Raises `FramesMissing` where a picture has expired that the gates were computed from."""
    calendar = Calendar(log)
    event = explanation.event
    parts = [_heading(explanation, calendar)]
    for decision in explanation.decisions:
        assert explanation.site is not None
        parts += [
            _introduction(decision, explanation.site, event),
            _pictures(before_at_after(log, decision, explanation.site)),
            "<h2>What was checked</h2>",
            _checks(all_gates(decision, explanation.site, calendar)),
        ]
        if decision.confirmed is not None:
            parts += ["<h2>Why it counted as a target at all</h2>", _checks(decision.confirmed.gates)]
    if explanation.missing:
        parts.append(f"<p>The pictures behind this have expired: {escape(explanation.missing)}.</p>")
    parts += [_consequences(log, event, calendar), _record(explanation, calendar)]
    return page(headline(event), parts)


def page(title: str, parts: Iterable[str]) -> str:
    """A whole document around its parts, which are HTML already."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n'
    )


def write_page(text: str, path: Path) -> None:
    """Raises `Unusable` where it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"--html {path}: {error.strerror or error}") from None


def picture_tag(picture: Image.Image, words: str) -> str:
    """The picture inside the page, as a JPEG."""
    data = io.BytesIO()
    picture.convert("RGB").save(data, "JPEG", quality=86)
    text = base64.b64encode(data.getvalue()).decode()
    return f'<img alt="{escape(words, quote=True)}" src="data:image/jpeg;base64,{text}">'


def _heading(explanation: Explanation, calendar: Calendar) -> str:
    site = "" if explanation.site is None or not explanation.site.name else f", {escape(explanation.site.name)}"
    when = f"{escape(calendar.show(explanation.event))}{site}"
    return f'<h1>{escape(_sentence_case(headline(explanation.event)))}</h1><p class="when">{when}</p>'


def _introduction(decision: Decision, site: Site, event: Event) -> str:
    rule, verdict = decision.rule, decision.verdict
    channel = site.channel(rule.channel)
    camera = (channel.name if channel is not None else "") or rule.channel
    who = (
        "something not yet classified"
        if verdict.target == "unknown"
        else f"what it took for {article(verdict.target)} {verdict.target}"
    )
    seen = f"The camera “{camera}” followed {who}. The rule “{rule.name or rule.id}” watches for "
    seen += {
        "line_crossing": "targets that cross the line drawn in the pictures.",
        "intrusion": "targets that stay in the area drawn in the pictures.",
        "region_entrance": "targets that enter the area drawn in the pictures.",
        "region_exiting": "targets that leave the area drawn in the pictures.",
    }[rule.type]
    held = [gate for gate in decision.gates if not gate.passed]
    if not held:
        seen += " All that it asks for was true at the same moment."
    else:
        verb = "was" if len(held) == 1 else "were"
        seen += f" It did not alarm: {len(held)} of the things that it asks for {verb} not so."
    return f"<p>{escape(seen)}</p>"


def _pictures(shots: list[Shot]) -> str:
    figures = "".join(
        f"<figure>{picture_tag(s.picture, s.title)}<figcaption>{escape(s.title)}</figcaption></figure>" for s in shots
    )
    legend = "Blue: what the rule watches. White corners: the target. Yellow: the way it came."
    return f'<div class="shots">{figures}</div><p class="when">{legend}</p>'


def _checks(gates: tuple[Gate, ...]) -> str:
    rows = (f"<li{'' if gate.passed else ' class=stopped'}>{escape(sentence(gate))}</li>" for gate in gates)
    return f'<ul class="checks">{"".join(rows)}</ul>'


def _consequences(log: EventLog, event: Event, calendar: Calendar) -> str:
    """What the alarm set off, and how it ended."""
    if not isinstance(event.body, AlarmRaised):
        return ""
    alarm = next((a for a in alarms_of(log) if a.raised.seq == event.seq), None)
    last = None if alarm is None or alarm.cleared is None else alarm.cleared.seq
    behind, items = {event.seq}, []
    for later in log.read(Selection(first=event.seq + 1, last=last, derived_only=True)):
        if later.cause in behind:
            behind.add(later.seq)
            if isinstance(later.body, ActionRequested):
                items.append(f"{calendar.show(later)}: {later.body.output}, {later.body.command}")
    if alarm is not None and alarm.duration_ns is not None:
        items.append(f"The alarm ended after {alarm.duration_ns / SECOND_NS:.1f} s: {alarm.ended_by}.")
    if not items:
        return ""
    return f"<h2>What followed</h2><ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _record(explanation: Explanation, calendar: Calendar) -> str:
    rows = "".join(
        f"<tr><td>{e.seq}</td><td>{escape(e.kind)}</td><td>{escape(e.source)}</td>"
        f"<td>{escape(calendar.show(e))}</td></tr>"
        for e in explanation.chain
    )
    same = all(decision.agrees for decision in explanation.decisions)
    sure = (
        "The checks above were computed again from the recorded pictures, and came to what was recorded at the time."
        if explanation.decisions and same
        else "The checks above do not come to what was recorded at the time."
        if explanation.decisions
        else ""
    )
    table = f"<table><tr><th>no.</th><th>event</th><th>from</th><th>time</th></tr>{rows}</table>"
    return f"<h2>The record behind it</h2>{table}<footer>{sure}</footer>"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
