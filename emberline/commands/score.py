"""`emberline score LOG…`"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from emberline.console import columns, warn
from emberline.corpus import open_corpus
from emberline.errors import Unusable
from kernel.site.reader import Variants
from replay.scoring import Score, Windows, judge, score_of, tally_of
from replay.scoring.corpus import KnownSession, durations_of
from replay.scoring.words import rate, watched

SECOND_NS = 1_000_000_000


def score(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG…", help="The log directories.")],
    truth: Annotated[Path | None, typer.Option(help="What really happened, as JSON Lines; else the labels.")] = None,
    early: Annotated[float, typer.Option(min=0, max=86400, help="Seconds before an event at which it counts.")] = 0.0,
    late: Annotated[float, typer.Option(min=0, max=86400, help="Seconds after its start and duration.")] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="JSON alone on stdout.")] = False,
) -> None:
    """Precision, recall, latency and false alarms a day of the recorded alarms, and how sure that is."""
    windows = Windows(round(early * SECOND_NS), round(late * SECOND_NS))
    with open_corpus(logs, truth) as sessions:
        _check(sessions, truth)
        figures = {"all": _score(sessions, windows, None)}
        for rule in sorted({rule for s in sessions for rule in durations_of(Variants(s.document).site(()))}):
            figures[rule] = _score(sessions, windows, rule)
    if as_json:
        print(json.dumps({name: msgspec.to_builtins(s) for name, s in figures.items()}, indent=1))
        return
    print(*_lines(figures), sep="\n")


def _check(sessions: list[KnownSession], truth: Path | None) -> None:
    if truth is None and not any(s.truth.events or s.truth.marks for s in sessions):
        raise Unusable("no alarm is labelled yet: say --truth FILE, or label alarms with `emberline label LOG SEQ …`")
    if not any(s.truth.reviewed for s in sessions):
        why = "no line says what was reviewed" if truth is not None else "no session has all of its alarms labelled"
        warn(f"{why}: alarms without a label count as unreviewed, not as false, and there is no rate of false alarms")


def _score(sessions: list[KnownSession], windows: Windows, rule: str | None) -> Score:
    tallies = []
    for known in sessions:
        events = tuple(e for e in known.truth.events if rule is None or e.rule in (None, rule))
        truth = msgspec.structs.replace(known.truth, events=events)
        alarms = [a for a in known.alarms if rule is None or a.rule == rule]
        durations = durations_of(Variants(known.document).site(()))
        tallies.append(tally_of(judge(alarms, truth, durations, windows), truth, known.armed))
    return score_of(tallies)


def _lines(figures: dict[str, Score]) -> list[str]:
    header = ("rule", "true", "of", "recall", "false", "precision", "F1", "false/camera-day", "duplicates", "latency")
    rows = [_row(name, score) for name, score in figures.items()]
    whole = figures["all"]
    lines = columns(header, rows, right=frozenset(header[1:]))
    lines.append(
        f"{whole.sessions} sessions, {watched(whole.camera_days)} of camera time armed and reviewed; "
        "in brackets what 95 % confidence allows"
    )
    if whole.recall_biased:
        lines.append("recall is of labelled alarms alone and so too high: what never raised an alarm has no label")
    if whole.causes:
        lines.append("false alarms by cause: " + ", ".join(f"{c} {n}" for c, n in whole.causes.items()))
    if whole.unreviewed or whole.ignored:
        lines.append(f"not counted: {whole.ignored} to be ignored, {whole.unreviewed} never reviewed")
    return lines


def _row(name: str, score: Score) -> tuple[str, ...]:
    return (
        name,
        str(score.hits),
        str(score.expected),
        _share(score.recall, score.recall_interval),
        str(score.false),
        _share(score.precision, score.precision_interval),
        "–" if score.f1 is None else f"{score.f1:.2f}",
        _share(score.false_per_day, score.false_per_day_interval, rate),
        str(score.duplicates),
        "–" if score.latency_s is None else f"{score.latency_s:.1f} s",
    )


def _hundredths(value: float) -> str:
    return f"{value:.2f}"


def _share(
    value: float | None, interval: tuple[float, float] | None, form: Callable[[float], str] = _hundredths
) -> str:
    if value is None or interval is None:
        return "–"
    return f"{form(value)} [{form(interval[0])}–{form(interval[1])}]"
