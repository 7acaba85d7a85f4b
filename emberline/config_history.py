"""What was set when: the recorded site documents, setting by setting."""

import json
import tomllib
from typing import Any

import polars as pl

from kernel.events import ConfigChanged
from kernel.log.contract import EventLog
from replay.tables import events_table

BEFORE_FIRST: dict[str, str] = {}


def config_history(log: EventLog) -> pl.DataFrame:
    """One row a setting that a ConfigChanged changed, the first one setting everything.

    Columns: seq, session, time (Int64), civil (Datetime), who, path (String, as in `--set`), before, after (String,
    JSON, null where it was not set).
    """
    changes = events_table(log, ConfigChanged.__name__)
    rows: list[dict[str, Any]] = []
    settings = BEFORE_FIRST
    for change in changes.iter_rows(named=True):
        now = dict(_flat(tomllib.loads(change["document"])))
        for path in dict.fromkeys((*settings, *now)):
            if settings.get(path) != now.get(path):
                kept = {name: change[name] for name in ("seq", "session", "time", "civil", "who")}
                rows.append({**kept, "path": path, "before": settings.get(path), "after": now.get(path)})
        settings = now
    kept_types = {name: changes.schema[name] for name in ("seq", "session", "time", "civil", "who")}
    return pl.DataFrame(rows, schema={**kept_types, "path": pl.String, "before": pl.String, "after": pl.String})


def _flat(value: Any, path: str = "") -> list[tuple[str, str]]:
    """(path, JSON) of every setting, ids in place of positions."""
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in _flat(part, f"{path}.{key}" if path else key)]
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        named = [(str(part.get("id", number)), part) for number, part in enumerate(value)]
        return [pair for name, part in named for pair in _flat(part, f"{path}.{name}")]
    return [(path, json.dumps(value, ensure_ascii=False, default=str))]
