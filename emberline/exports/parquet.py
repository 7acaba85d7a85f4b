"""A log as Parquet files: one file a kind of event, typed, in order of the log."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from emberline.errors import Unusable
from kernel.events import KINDS
from kernel.log.contract import EventLog
from replay.tables import alarms_table, detections_table, events_table, tracks_table

TABLES: dict[str, Callable[[EventLog], pl.DataFrame]] = {
    "alarms": alarms_table,
    "detections": detections_table,
    "tracks": tracks_table,
}
"""What is written beside the kinds: the usual questions, answered."""


def write_parquet(log: EventLog, directory: Path) -> dict[str, int]:
    """Write `<Kind>.parquet` for each kind that the log holds, and `TABLES`; returns the rows of each by its name.

    The columns are those of `replay/tables.py`. Each file names the seq and digest at which the log ended, as metadata.
    Raises `Unusable` where the directory is not empty or cannot be written.
    """
    written: dict[str, int] = {}
    end = {"emberline_seq": str(log.head.seq), "emberline_digest": log.head.digest.hex()}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise Unusable(f"--parquet {directory}: is not empty; an export gets a directory of its own")
        for name, make in {**{kind: _of_kind(kind) for kind in KINDS}, **TABLES}.items():
            table = make(log)
            if len(table) or name in TABLES:
                table.write_parquet(directory / f"{name}.parquet", compression="zstd", metadata=end)
                written[name] = len(table)
    except OSError as error:
        raise Unusable(f"--parquet {directory}: cannot be written: {error.strerror or error}") from None
    return written


def _of_kind(kind: str) -> Callable[[EventLog], pl.DataFrame]:
    return lambda log: events_table(log, kind)
