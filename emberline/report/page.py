"""The report as one HTML file: no script, no address outside it, everything that users wrote escaped."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from emberline.report.curves import axis_curve, heat_map, trade_off
from emberline.report.gallery import Group, false_alarm_groups, scene_of
from replay.scoring import Judged
from replay.scoring.corpus import KnownSession
from replay.tuning.choice import Candidate
from replay.tuning.tune import Tuned
from replay.tuning.wording import figures

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
MOST_ROWS = 400
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2328;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #d0d7de;padding-bottom:.2rem}
svg{max-width:100%;height:auto}table{border-collapse:collapse;font-size:13px}
td,th{border-bottom:1px solid #d8dee4;padding:.2rem .7rem;text-align:right}
td:first-child,th:first-child{text-align:left}
.first{font-weight:600}.figures{display:flex;flex-wrap:wrap;gap:1rem}
figure{margin:0;width:210px;font-size:12px;color:#57606a}figure img{width:100%;border-radius:4px}
figure.gone img{opacity:.55}.chosen td{background:#dafbe1}.recorded td{background:#eaeef2}
"""


def write_report(path: Path, tuned: Tuned, said: Sequence[str], sessions: Sequence[KnownSession]) -> None:
    """Write the report; it can be opened, mailed and kept as it is."""
    parts = [
        _words(tuned, said, sessions),
        *_curves(tuned),
        *_heat(sessions, tuned.recorded_judged, tuned.judged),
        *_gallery(false_alarm_groups(sessions, tuned.recorded_judged, tuned.judged)),
        _tried(tuned),
        _table(tuned),
    ]
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>Emberline tuning report</title><style>{STYLE}</style></head><body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )
    path.write_text(page, encoding="utf-8")


def _words(tuned: Tuned, said: Sequence[str], sessions: Sequence[KnownSession]) -> str:
    names = ", ".join(known.title for known in sessions)
    lines = "".join(f"<li{' class=first' if n == 0 else ''}>{escape(line)}</li>" for n, line in enumerate(said))
    swept = f"{len(tuned.candidates)} settings over {len(sessions)} sessions: {names}"
    return f"<h1>Tuning report</h1><p>{escape(swept)}</p><ul>{lines}</ul>"


def _curves(tuned: Tuned) -> list[str]:
    parts = ["<h2>Recall and false alarms</h2>", trade_off(tuned)]
    for axis in tuned.axes:
        curve = axis_curve(tuned, axis)
        if curve is not None:
            parts += [f"<h2>Along {escape(axis.path)}, all else as chosen</h2>", curve]
    return parts


def _heat(sessions: Sequence[KnownSession], before: Sequence[Judged], after: Sequence[Judged]) -> list[str]:
    """A map for each channel with false alarms under the recorded settings, over its first session's scene."""
    parts: list[str] = []
    false = [[v.alarm for j in judged for v in j.verdicts if v.kind == "false"] for judged in (before, after)]
    for channel in sorted({alarm.channel for alarms in false for alarm in alarms}):
        boxes = [[a.box for a in alarms if a.channel == channel] for alarms in false]
        scenes = (scene_of(known, channel) for known in sessions)
        picture = next((scene for scene in scenes if scene is not None), None)
        if picture is not None:
            parts.append(f"<h2>Where the false alarms of {escape(channel)} lie</h2>")
            for words, some in zip(("recorded settings", "recommended settings"), boxes, strict=True):
                parts.append(f"<p>{words}: {len(some)}</p>" + heat_map(picture, some, f"False alarms, {words}"))
    return parts


def _gallery(groups: Sequence[Group]) -> list[str]:
    parts = ["<h2>False alarms by cause and place</h2>"] if groups else []
    for group in groups:
        parts.append(f"<h3>{escape(group.title)}</h3><div class=figures>")
        for alarm in group.alarms:
            image = "<p>its frame has expired</p>"
            if alarm.picture is not None:
                image = f'<img src="{alarm.picture}" alt="{escape(alarm.words, quote=True)}">'
            parts.append(f"<figure{' class=gone' if alarm.gone else ''}>{image}{escape(alarm.words)}</figure>")
        parts.append("</div>")
    return parts


def _tried(tuned: Tuned) -> str:
    if not tuned.tried:
        return ""
    rows = "".join(
        f"<tr><td>{escape(f'{idea.path} = {idea.value}')}</td><td>{escape(idea.why)}</td>"
        f"<td>{result.score.hits}</td><td>{result.score.false}</td>"
        f"<td>{'taken' if idea in tuned.taken else 'left'}</td></tr>"
        for idea, result in tuned.tried
    )
    head = "<tr><th>on top of the chosen settings</th><th>why</th><th>found</th><th>false</th><th></th></tr>"
    return f"<h2>What else was tried</h2><table>{head}{rows}</table>"


def _table(tuned: Tuned) -> str:
    ranked = sorted(tuned.candidates, key=lambda c: (-c.score.hits, c.score.false))[:MOST_ROWS]
    rows = "".join(_row(c, tuned) for c in ranked)
    head = "<tr><th>settings</th><th>found</th><th>of</th><th>false</th><th>precision</th><th>F1</th></tr>"
    more = len(tuned.candidates) - len(ranked)
    rest = f"<p>and {more} more</p>" if more else ""
    recorded = f"<p>as recorded: {escape(figures(tuned.recorded.score))}</p>"
    return f"<h2>All settings</h2>{recorded}<table>{head}{rows}</table>{rest}"


def _row(candidate: Candidate, tuned: Tuned) -> str:
    score = candidate.score
    said = ", ".join(f"{path.split('.', 1)[-1]} = {value}" for path, value in candidate.settings) or "as recorded"
    mark = "recorded" if candidate is tuned.recorded else "chosen" if candidate is tuned.chosen else ""
    cells = (score.hits, score.expected, score.false, _number(score.precision), _number(score.f1))
    return f'<tr class="{mark}"><td>{escape(said)}</td>' + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
