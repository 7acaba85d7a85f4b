"""What a sweep gave, as a polars frame."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from replay.sweep import SweptRun

SECOND_NS = 1_000_000_000
ALARM: dict[str, Any] = {
    "rule": pl.String,
    "channel": pl.String,
    "target": pl.String,
    "track": pl.Int64,
    "frame": pl.Int64,
    "session_s": pl.Float64,
    "duration_s": pl.Float64,
}


def swept_table(runs: Sequence[SweptRun]) -> pl.DataFrame:
    """A column for each setting (numbers as such), `outcome`, `alarms` (how many), then one row for each of them."""
    rows: list[dict[str, object]] = []
    for run in runs:
        common: dict[str, object] = {path: _value(value) for path, value in run.settings}
        common |= {"outcome": run.outcome, "alarms": len(run.alarms)}
        for alarm in run.alarms or (None,):
            told: dict[str, Any] = dict.fromkeys(ALARM)
            if alarm is not None:
                lasted = None if alarm.ended_ns is None else (alarm.ended_ns - alarm.time_ns) / SECOND_NS
                told |= {name: getattr(alarm, name) for name in ("rule", "channel", "target", "track", "frame")}
                told |= {"session_s": alarm.time_ns / SECOND_NS, "duration_s": lasted}
            rows.append({**common, **told})
    return pl.DataFrame(rows, schema_overrides=ALARM, infer_schema_length=None)


def _value(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
