"""The tables of a log: typed, in order, and the same as the events one by one."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import polars as pl
import pytest

from kernel.events import KINDS
from kernel.log.contract import EventLog, Selection
from kernel.log.duckdb_log import open_log
from kernel.log.memory import MemoryLog
from replay import tables
from support.cli import emberline, good
from support.recordings import cptv, walk
from support.sites import whole_frame


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions in a log: one imported without civil time, and a run that knows it."""
    place = tmp_path_factory.mktemp("tables")
    site, log = place / "site.toml", place / "log"
    recording = cptv(place / "a.cptv", walk(70))
    site.write_text(whole_frame(f"file:{recording}"))
    good("import", recording, "--log", log, "--site", site)
    good("import", recording, "--log", log, "--site", site, "--start", "2026-03-01T02:00:00+00:00")
    good("replay", log)
    return log


@pytest.fixture(scope="module", params=["on disk", "in memory"])
def log(request: pytest.FixtureRequest, path: Path) -> EventLog:
    opened = open_log(path)
    if request.param == "on disk":
        return opened
    memory = MemoryLog()
    for event in opened.read():
        memory.append([event])
    return memory


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_table_that_says_what_its_events_say(log: EventLog, kind: str) -> None:
    table = tables.events_table(log, kind)
    events = list(log.read(Selection(kinds=(kind,))))
    assert table["seq"].to_list() == [event.seq for event in events]
    for row, event in zip(table.iter_rows(named=True), events, strict=True):
        for name, value in msgspec.json.decode(msgspec.json.encode(event.body)).items():
            assert row.get(f"body_{name}", row[name]) == value, (kind, name)


def test_an_alarm_stands_with_its_end_in_one_row(log: EventLog) -> None:
    alarms = tables.alarms_table(log)
    assert alarms["session"].to_list() == [1, 2]
    assert alarms["reason"].to_list() == ["session_ended"] * 2
    assert alarms["duration_s"].to_list() == pytest.approx([4.995] * 2)
    assert alarms["civil"][0] is None
    assert str(alarms["civil"][1]).startswith("2026-03-01 02:00:02.664")
    assert alarms.schema["x"] == pl.Float64
    assert 0 < alarms["x"][0] < 1


def test_detections_are_one_row_a_target_and_frame(log: EventLog) -> None:
    seen = tables.detections_table(log)
    events = log.read(Selection(kinds=("ObjectsDetected",)))
    assert len(seen) == sum(len(event.body.objects) for event in events) > 40
    assert set(seen["channel"]) == {"thermal"}
    assert seen.schema["score"] == pl.Float64


def test_a_track_has_its_last_class(log: EventLog) -> None:
    tracks = tables.tracks_table(log)
    assert tracks.select("session", "channel", "track", "target").rows() == [
        (1, "thermal", 1, "human"),
        (2, "thermal", 1, "human"),
    ]


def test_a_selection_narrows_a_table(log: EventLog) -> None:
    frames = tables.frames_table(log)
    few = tables.frames_table(log, Selection(first=frames["seq"][3], last=frames["seq"][7]))
    assert few["seq"].to_list() == frames["seq"].to_list()[3:8]


def test_an_empty_log_has_empty_tables_of_the_same_columns(log: EventLog) -> None:
    for make in (tables.alarms_table, tables.detections_table, tables.tracks_table, tables.frames_table):
        empty = make(MemoryLog())
        assert len(empty) == 0
        assert empty.schema == make(log).schema


def test_parquet_holds_each_kind_in_order_and_where_the_log_ended(path: Path, tmp_path: Path) -> None:
    said = good("export", path, "--parquet", tmp_path / "out")
    assert "AlarmRaised.parquet  2 rows" in said
    with_frames = pl.read_parquet(tmp_path / "out" / "FrameCaptured.parquet")
    log = open_log(path)
    assert with_frames.equals(tables.events_table(log, "FrameCaptured"))
    metadata = pl.read_parquet_metadata(tmp_path / "out" / "alarms.parquet")
    assert metadata["emberline_digest"] == log.head.digest.hex()
    assert not (tmp_path / "out" / "Ticked.parquet").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (lambda place: [], "say what to export to"),
        (lambda place: ["--parquet", place], "is not empty"),
        (lambda place: ["--parquet", place / "file"], "cannot be written"),
    ],
)
def test_an_export_that_cannot_be_says_why(
    path: Path, tmp_path: Path, words: Callable[[Path], list[object]], reason: str
) -> None:
    (tmp_path / "file").touch()
    result = emberline("export", path, *words(tmp_path))
    assert result.code == 2
    assert reason in result.err
