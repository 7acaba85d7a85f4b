"""Logs that earlier versions wrote are read, verified and folded as ever."""

import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from kernel.events import SCHEMA_VERSION, AlarmRaised
from kernel.log.database import STORAGE_VERSION
from kernel.log.duckdb_log import open_log
from kernel.log.upcast import upcast
from kernel.log.verify import verify_log
from replay.sessions import sessions_of
from replay.verification import compare, differences
from support.fixture_log import KEPT, engine, pixels_digest


class Kept(NamedTuple):
    """A log unpacked, and what it must be found to hold."""

    path: Path
    said: dict[str, Any]


@pytest.fixture(params=sorted(json.loads((KEPT / "kept.json").read_text())))
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    with zipfile.ZipFile(KEPT / f"{request.param}.zip") as packed:
        packed.extractall(tmp_path / "log")
    return Kept(tmp_path / "log", json.loads((KEPT / "kept.json").read_text())[request.param])


def test_there_is_a_kept_log_of_this_schema() -> None:
    assert (KEPT / f"schema_{SCHEMA_VERSION}.zip").exists()


def test_a_kept_log_is_sound(kept: Kept) -> None:
    result = verify_log(kept.path)
    assert result.sound, result.reason
    assert result.events == kept.said["events"]
    assert result.frames >= kept.said["frames"]


def test_a_kept_log_is_understood_to_the_last_event_in_order(kept: Kept) -> None:
    log = open_log(kept.path)
    events = list(log.read())
    assert [event.seq for event in events] == list(range(1, kept.said["events"] + 1))
    assert events[-1].digest.hex() == kept.said["digest"]
    alarms = [event.body for event in events if isinstance(event.body, AlarmRaised)]
    assert [(alarm.rule, alarm.ordinal, alarm.track) for alarm in alarms] == [("all", 1, 1), ("all", 2, 2)]
    log.close()


def test_the_frames_of_a_kept_log_decode_to_the_same_pixels(kept: Kept) -> None:
    log = open_log(kept.path)
    for seq, digest in kept.said["pixels"].items():
        assert pixels_digest(log, int(seq)) == digest
    log.close()


def test_a_kept_log_folds_to_the_same_events(kept: Kept) -> None:
    """All of them field by field, but for what is in a state: its digest holds for the software that wrote it."""
    log = open_log(kept.path)
    (session,) = sessions_of(log)
    result = compare(log, session, engine())
    assert set(result.different) <= {("StateDigested", "body")}, list(differences(result))
    assert (result.missing, result.extra) == (0, 0)
    assert result.compared > 10
    log.close()


def test_a_kept_log_can_be_written_on(kept: Kept) -> None:
    log = open_log(kept.path, "write")
    assert log.recovered == ()
    assert log.head.seq == kept.said["events"]
    log.close()


def test_segments_are_in_the_pinned_storage_format(kept: Kept) -> None:
    for path in sorted(kept.path.glob("*.duckdb")):
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{path}' AS segment (READ_ONLY)")
            sql = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'segment'"
            (version,) = connection.execute(sql).fetchone() or ("",)
        assert str(version).startswith(STORAGE_VERSION.removesuffix(".0")), path.name


def test_upcasters_are_applied_in_the_order_of_the_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {("Ticked", 1): lambda body: body + "b", ("Ticked", 2): lambda body: body + "c"}
    monkeypatch.setattr("kernel.log.upcast.SCHEMA_VERSION", 3)
    assert upcast("Ticked", 1, "a", steps) == "abc"
    assert upcast("Ticked", 2, "a", steps) == "ac"
    assert upcast("Ticked", 3, "a", steps) == "a"
    assert upcast("Other", 1, "a", steps) == "a"
