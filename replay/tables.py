"""A log's events as typed tables, straight from DuckDB: what notebooks, exports and reports ask for.

All of them are polars frames in order of the log. Each begins with

    seq, fact_no    Int64     the event, and the fact that it belongs to
    session         Int64     from 1, see `replay/sessions.py`
    time            Int64     logical time, ns
    civil           Datetime  UTC, ns; null where civil time is unknown
    source          String    such as channel.thermal
    cause           Int64     the seq of what brought it about; null on a fact

and goes on with the fields of its kind as the catalogue (`kernel/events.py`) has them: whole numbers are Int64, words
String, tuples List, mappings Map, structs Struct; a field with one of the names above has `body_` before it.
`events_table` gives any kind like this; the other functions are for the usual questions and say what they add. Boxes
are in four columns `x`, `y`, `width`, `height`, Float64, fractions of the frame with the origin top left.
"""

from typing import Any

import polars as pl

from kernel.log.contract import EventLog, Selection

MILLION = 1_000_000
SECOND_NS = 1_000_000_000
BOX = ("x", "y", "width", "height")
_ALL = Selection()


def events_table(log: EventLog, kind: str, selection: Selection = _ALL) -> pl.DataFrame:
    """The events of one kind. Raises `KeyError` where there is no such kind."""
    return _placed(log, _frame(log.typed(kind, selection)))


def alarms_table(log: EventLog, selection: Selection = _ALL) -> pl.DataFrame:
    """One row an alarm: the fields of AlarmRaised, and what followed.

    Added are `repeats` (Int64), `cleared` (Int64, logical ns, null while it goes on), `reason` (String, why it ended)
    and `duration_s` (Float64); of its review `label`, `label_cause` and `note` (String, null where nobody judged it).
    The box is that of the moment at which it was raised.
    """
    raised = _with_box(events_table(log, "AlarmRaised", selection))
    repeats = _frame(log.typed("AlarmRepeated")).group_by("alarm").agg(pl.len().cast(pl.Int64).alias("repeats"))
    cleared = _frame(log.typed("AlarmCleared")).select("alarm", "reason", cleared="time")
    joined = raised.join(repeats, left_on="seq", right_on="alarm", how="left", maintain_order="left")
    joined = joined.join(cleared, left_on="seq", right_on="alarm", how="left", maintain_order="left")
    joined = _with_reviews(log, joined)
    return joined.with_columns(
        pl.col("repeats").fill_null(0), duration_s=(pl.col("cleared") - pl.col("time")) / SECOND_NS
    )


def _with_reviews(log: EventLog, alarms: pl.DataFrame) -> pl.DataFrame:
    """The last word on each alarm; a review names its session by the fact that began it."""
    said = events_table(log, "AlarmReviewed").select(
        "rule", "ordinal", "label", "note", began="body_session", label_cause="body_cause"
    )
    starts = _frame(log.typed("SessionStarted")).select(began="fact_no")
    starts = starts.with_row_index("session", offset=1).with_columns(pl.col("session").cast(pl.Int64))
    last = said.join(starts, on="began").group_by("session", "rule", "ordinal", maintain_order=True).last()
    key = ["session", "rule", "ordinal"]
    return alarms.join(last.drop("began"), on=key, how="left", maintain_order="left")


def detections_table(log: EventLog, selection: Selection = _ALL) -> pl.DataFrame:
    """One row for each target in each frame: `channel`, `frame` (seq), `track`, `target`, box, `score` (Float64, σ)."""
    objects = events_table(log, "ObjectsDetected", selection).with_columns(_channel())
    rows = objects.explode("objects").unnest("objects")
    return _with_box(rows).with_columns(pl.col("score") / 10)


def tracks_table(log: EventLog, selection: Selection = _ALL) -> pl.DataFrame:
    """One row a track, in the order in which they started.

    `seq` to `cause` are those of its TrackStarted; then `channel`, `track`, the box at the start, `target` (String, the
    last class that was decided, `unknown` before any), `confidence` (Float64, 0 to 1, null before any), `ended` (Int64,
    logical ns, null while it goes on) and `duration_s` (Float64, from the first to the last sighting, null likewise).
    """
    key = ["session", "channel", "track"]
    started = _with_box(events_table(log, "TrackStarted", selection).with_columns(_channel())).drop("frame")
    updated = events_table(log, "TrackUpdated").with_columns(_channel())
    classes = updated.group_by(key, maintain_order=True).last().select(*key, "target", "confidence")
    ended = events_table(log, "TrackEnded").with_columns(_channel())
    ends = ended.select(*key, final="target", ended="time", duration_s=pl.col("duration_ns") / SECOND_NS)
    joined = started.join(classes, on=key, how="left", maintain_order="left")
    joined = joined.join(ends, on=key, how="left", maintain_order="left")
    target = pl.coalesce("final", "target", pl.lit("unknown"))
    return joined.with_columns(target=target, confidence=pl.col("confidence") / MILLION).drop("final")


def frames_table(log: EventLog, selection: Selection = _ALL) -> pl.DataFrame:
    """One row a frame: the fields of FrameCaptured, and `channel`."""
    return events_table(log, "FrameCaptured", selection).with_columns(_channel())


def _placed(log: EventLog, events: pl.DataFrame) -> pl.DataFrame:
    """With session and civil time, as of each event's fact; a field called session is `body_session`."""
    events = events.rename({"session": "body_session"}, strict=False)
    starts = _frame(log.typed("SessionStarted")).select("fact_no", began="fact_no")
    starts = starts.with_row_index("session", offset=1).with_columns(pl.col("session").cast(pl.Int64))
    clocks = _frame(log.typed("ClockSet")).select("fact_no", "offset_ns", clocked="fact_no")
    by_fact = events.sort("fact_no", maintain_order=True)  # an import's conclusions follow facts of later sessions
    placed = by_fact.join_asof(starts, on="fact_no").join_asof(clocks, on="fact_no").sort("seq")
    offset = pl.when(pl.col("clocked") >= pl.col("began")).then(pl.col("offset_ns"))
    civil = (pl.col("time") + offset).cast(pl.Datetime("ns", "UTC"))
    order = ["seq", "fact_no", "session", "time", "civil", "source", "cause"]
    fields = [name for name in events.columns if name not in order]
    return placed.with_columns(civil=civil).select(*order, *fields)


def _with_box(rows: pl.DataFrame) -> pl.DataFrame:
    at = rows.columns.index("box")
    sides = [(pl.col("box").list.get(n) / MILLION).alias(name) for n, name in enumerate(BOX)]
    return rows.with_columns(sides).select(*rows.columns[:at], *BOX, *rows.columns[at + 1 :])


def _channel() -> pl.Expr:
    return pl.col("source").str.strip_prefix("channel.").alias("channel")


def _frame(table: Any) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame.set_sorted("seq")
