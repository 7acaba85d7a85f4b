"""The tables of a segment, and rows on their way into them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # pyright: ignore[reportMissingTypeStubs]

from kernel.events import SCHEMA_VERSION
from kernel.log.chain import Row
from kernel.log.contract import LogUnreadable
from kernel.log.database import Database
from kernel.log.ledger_lines import check_schema
from kernel.log.units import Unit

_arrow: Any = pa  # it comes without types
_EVENTS = """CREATE TABLE {}.events (
    seq BIGINT, fact_no BIGINT, time BIGINT, source VARCHAR, kind VARCHAR, cause BIGINT,
    body VARCHAR, digest BLOB, written BIGINT)"""
_FRAMES = "CREATE TABLE {}.frames (seq BIGINT, payload BLOB USING COMPRESSION uncompressed)"
_EVENT_COLUMNS = _arrow.schema(
    [
        ("seq", _arrow.int64()),
        ("fact_no", _arrow.int64()),
        ("time", _arrow.int64()),
        ("source", _arrow.string()),
        ("kind", _arrow.string()),
        ("cause", _arrow.int64()),
        ("body", _arrow.string()),
        ("digest", _arrow.binary()),
        ("written", _arrow.int64()),
    ]
)
_FRAME_COLUMNS = _arrow.schema([("seq", _arrow.int64()), ("payload", _arrow.binary())])
ROW_COLUMNS = "seq, fact_no, time, source, kind, cause, body, digest"


def create_events_file(database: Database, path: Path, schema: int = SCHEMA_VERSION) -> str:
    """Make an events file for bodies of this log schema; returns its name in SQL.

    No key: the writer sees to it that seq is dense.
    """
    alias = database.attach_writable(path)
    database.execute("BEGIN")
    database.execute(f"CREATE TABLE {alias}.meta (key VARCHAR, value VARCHAR)")
    database.execute(f"INSERT INTO {alias}.meta VALUES ('schema_version', ?)", [str(schema)])
    database.execute(_EVENTS.format(alias))
    database.execute("COMMIT")
    return alias


def create_frames_file(database: Database, path: Path) -> str:
    """Make a frames file; returns its name in SQL."""
    alias = database.attach_writable(path)
    database.execute(_FRAMES.format(alias))
    return alias


def schema_of(database: Database, path: Path) -> int:
    """The schema version an events file was written in. Raises `LogUnreadable` where it is newer, or none."""
    rows = database.rows(path, "meta", "SELECT value FROM {} WHERE key = 'schema_version'")
    text = str(rows[0][0]) if rows else ""
    if not (text.isdecimal() and len(text) < 10):
        raise LogUnreadable(f"{path} does not say which log schema it is in")
    check_schema(path, int(text))
    return int(text)


def event_table(units: Sequence[Unit], written_ns: int) -> Any:
    """The rows of units as an Arrow table for the events file."""
    return row_table([row for unit in units for row in unit.rows], written_ns)


def row_table(rows: Sequence[Row], written_ns: int = 0) -> Any:
    """Rows as an Arrow table with the columns of the events file."""
    columns: list[list[Any]] = [[getattr(row, name) for row in rows] for name in ROW_COLUMNS.split(", ")]
    return _arrow.table([*columns, [written_ns] * len(rows)], schema=_EVENT_COLUMNS)


def frame_table(units: Sequence[Unit]) -> Any:
    """The payloads of units as an Arrow table for the frames file, None where there are none."""
    framed = [unit for unit in units if unit.payload is not None]
    if not framed:
        return None
    return payload_table([(unit.frame or 0, unit.payload or b"") for unit in framed])


def payload_table(payloads: Sequence[tuple[int, bytes]]) -> Any:
    """Payloads with their seqs as an Arrow table for the frames file."""
    return _arrow.table([[seq for seq, _ in payloads], [payload for _, payload in payloads]], schema=_FRAME_COLUMNS)
