"""The figures of a report as SVG: what each setting does, at what price, and where false alarms lie."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kernel.events import Box
from replay.scoring import Score
from replay.sweep import Axis
from replay.tuning.choice import Candidate
from replay.tuning.tune import Tuned

RECALL, FALSE, CHOSEN, RECORDED = "#1f6feb", "#d1462f", "#1a7f37", "#6e7781"
STYLE: dict[Any, Any] = {"font.size": 9, "axes.spines.top": False, "svg.hashsalt": "emberline", "svg.fonttype": "none"}
MILLION = 1_000_000


def axis_curve(tuned: Tuned, axis: Axis) -> str | None:
    """Recall and false alarms along one setting, all else as chosen, each with its interval; None for names."""
    along = _along(tuned, axis)
    try:
        values = [float(value) for value, _ in along]
    except ValueError:
        return None
    if len(values) < 2:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.4), layout="constrained")
        left = figure.add_subplot()
        right = left.twinx()
        right.spines["right"].set_visible(True)
        scores = [c.score for _, c in along]
        _band(left, values, [s.recall for s in scores], [s.recall_interval for s in scores], RECALL, "-")
        rates = [_rate(s) for s in scores]
        _band(right, values, [r[0] for r in rates], [r[1] for r in rates], FALSE, "--")
        left.set_ylim(-0.02, 1.05)
        right.set_ylim(bottom=0)
        left.set_xlabel(axis.path)
        left.set_ylabel("recall (solid)", color=RECALL)
        right.set_ylabel(_rate_words(scores) + " (dashed)", color=FALSE)
        chosen = dict(tuned.chosen.settings).get(axis.path)
        if chosen is not None:
            left.axvline(float(chosen), color=CHOSEN, lw=1.2)
            left.annotate("chosen", (float(chosen), 1.06), color=CHOSEN, ha="center", annotation_clip=False)
        return _svg(figure, f"Recall and false alarms over {axis.path}")


def trade_off(tuned: Tuned) -> str:
    """Every setting of the grid as a point: recall over false alarms."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.add_subplot()
        scores = [c.score for c in tuned.candidates]
        points = [(s.false, s.recall or 0.0) for s in scores]
        axes.scatter([p[0] for p in points], [p[1] for p in points], s=14, color="#8c959f", alpha=0.6, lw=0)
        for score, colour, name, mark in (
            (tuned.recorded.score, RECORDED, "recorded", "s"),
            (tuned.final.score, CHOSEN, "recommended", "o"),
        ):
            axes.scatter([score.false], [score.recall or 0.0], s=60, color=colour, marker=mark, label=name, zorder=3)
        score = tuned.final.score
        low, high = score.recall_interval
        axes.vlines(score.false, low, high, color=CHOSEN, lw=1)
        axes.set_xlabel("false alarms in all")
        axes.set_ylabel("recall (line: 95 %)")
        axes.set_ylim(-0.02, 1.05)
        axes.set_xlim(left=-0.5)
        axes.legend(frameon=False, loc="lower right")
        return _svg(figure, "Recall over false alarms for every setting")


def heat_map(picture: np.ndarray, boxes: Sequence[Box], title: str) -> str:
    """Where the boxes of alarms lie over the scene; `picture` is (height, width, 3) uint8."""
    height, width = picture.shape[:2]
    heat = np.zeros((height, width))
    for x, y, w, h in boxes:
        top, left = y * height // MILLION, x * width // MILLION
        bottom, right = -(-(y + h) * height // MILLION), -(-(x + w) * width // MILLION)
        heat[top:bottom, left:right] += 1
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 6.4 * height / width + 0.5), layout="constrained")
        axes = figure.add_subplot()
        axes.imshow(picture.mean(axis=2), cmap="gray", vmin=0, vmax=255)
        if boxes:
            shown = axes.imshow(np.ma.masked_equal(heat, 0), cmap="autumn_r", alpha=0.55, vmin=0)
            figure.colorbar(shown, ax=axes, shrink=0.7, label="false alarms")
        axes.set_axis_off()
        return _svg(figure, title)


def _along(tuned: Tuned, axis: Axis) -> list[tuple[str, Candidate]]:
    by_settings = {c.settings: c for c in tuned.candidates}
    base = tuned.chosen.settings or tuple((a.path, a.values[len(a.values) // 2]) for a in tuned.axes)
    found: list[tuple[str, Candidate]] = []
    for value in axis.values:
        other = by_settings.get(tuple((p, value if p == axis.path else v) for p, v in base))
        if other is not None:
            found.append((value, other))
    return found


def _rate(score: Score) -> tuple[float, tuple[float, float]]:
    """False alarms a camera-day where there is reviewed time, or else their number."""
    if score.false_per_day is None or score.false_per_day_interval is None:
        return float(score.false), (float(score.false), float(score.false))
    return score.false_per_day, score.false_per_day_interval


def _rate_words(scores: Sequence[Score]) -> str:
    return "false alarms" if any(s.false_per_day is None for s in scores) else "false alarms a camera-day"


def _band(
    axes: Axes,
    values: Sequence[float],
    middle: Sequence[float | None],
    intervals: Sequence[tuple[float, float]],
    colour: str,
    line: str,
) -> None:
    axes.plot(values, [np.nan if m is None else m for m in middle], line, color=colour, lw=1.6)
    axes.fill_between(values, [i[0] for i in intervals], [i[1] for i in intervals], color=colour, alpha=0.12, lw=0)


def _svg(figure: Figure, title: str) -> str:
    """The figure as an SVG element with a title for those who cannot see it; the same bytes each time."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    text = out.getvalue()
    return text[text.index("<svg") :]
