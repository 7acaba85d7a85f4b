"""Days in one file: the same events, the same proof, whatever interrupts the work."""

import shutil
import time
from pathlib import Path

import msgspec
import pytest

from kernel.log.compactor import compact_log
from kernel.log.contract import Head, LogError, LogUnreadable, Selection
from kernel.log.day_desk import DayDesk
from kernel.log.days import DAY_NS, build_day, due_runs
from kernel.log.duckdb_log import open_log
from kernel.log.ledger_file import read_ledger
from kernel.log.recovery import scrub
from kernel.log.retention import Choice, prune, remove_leftovers, stored_segments
from kernel.log.segments import day_file
from kernel.log.verify import verify_log
from tests.kernel.log_helpers import (
    FIRST,
    SECOND,
    change,
    editable_copy,
    fill,
    found_sound,
    payload_of,
    three_segments,
    tick_unit,
)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of three sealed segments of ten frames each: events 1-30, 31-60, 61-90."""
    return three_segments(tmp_path_factory.mktemp("three") / "log")


@pytest.fixture
def apart(three: Path, tmp_path: Path) -> Path:
    """A copy of it, the events still by themselves."""
    return editable_copy(three, tmp_path / "apart")


@pytest.fixture
def together(apart: Path) -> Path:
    """A copy of it, the events in one file."""
    assert compact_log(apart) == (3, 1)
    return apart


def contents(path: Path) -> list[object]:
    """All that can be read from a log."""
    log = open_log(path)
    try:
        found: list[object] = [*log.read(), *log.payloads(1, log.head.seq), log.typed("ObjectsDetected").to_pylist()]
        return [*found, log.segment_starts, log.head, [log.payload(seq) for seq in (1, 31, 88)]]
    finally:
        log.close()


def test_events_frames_columns_and_segments_read_as_before(three: Path, together: Path) -> None:
    assert contents(together) == contents(three)
    assert [path.name for path in together.glob("*.events.duckdb")] == []
    assert len(list(together.glob("*.frames.duckdb"))) == 3


def test_chain_seals_and_signatures_still_prove_it(together: Path) -> None:
    assert found_sound(together) == (90, 30)
    assert [id for id, count in verify_log(together).signed if count == 3] != []


def test_a_log_goes_on_after_it(together: Path) -> None:
    log = open_log(together, "write")
    assert (log.head.seq, log.recovered) == (90, ())
    fill(log, 5)
    log.close()
    assert found_sound(together) == (105, 35)
    assert compact_log(together) == (0, 0)


def test_a_reader_that_was_there_before_goes_on_reading(apart: Path) -> None:
    reader = open_log(apart)
    first = next(reader.read())
    assert compact_log(apart) == (3, 1)
    assert [event.seq for event in reader.read()] == list(range(1, 91))
    assert next(reader.read(Selection(first=1))) == first
    assert reader.payload(31) == payload_of(0)
    assert reader.typed("Ticked").num_rows == 30
    reader.close()


def test_only_days_that_are_over_are_due(tmp_path: Path) -> None:
    for day in range(3):
        for _ in range(2):
            log = open_log(tmp_path, "write")
            later = Head(log.head.seq, log.head.fact_no, max(log.head.time, day * DAY_NS))
            log.append(tick_unit(later))
            log.close()
    ledger = read_ledger(tmp_path)
    seqs = [[line.first_seq for line in run] for run in due_runs(ledger, 2 * DAY_NS + 5)]
    assert seqs == [[1, 2], [3, 4]]
    assert [[line.first_seq for line in run] for run in due_runs(ledger)] == [[1, 2], [3, 4], [5, 6]]


def test_a_file_built_and_not_yet_named_in_the_ledger_is_removed(three: Path, apart: Path) -> None:
    (run,) = due_runs(read_ledger(apart))
    build_day(apart, run, day_file(apart, 1))
    assert contents(apart) == contents(three)
    open_log(apart, "write").close()
    assert not day_file(apart, 1).exists()
    assert found_sound(apart) == (90, 30)


def test_segments_that_a_crash_left_beside_the_file_are_removed(three: Path, together: Path) -> None:
    for path in three.glob("*.events.duckdb"):
        shutil.copy(path, together)
    assert found_sound(together) == (90, 30)
    assert contents(together) == contents(three)
    remove_leftovers(together)
    assert list(together.glob("*.events.duckdb")) == []
    assert contents(together) == contents(three)


def test_a_file_that_was_half_built_is_removed(apart: Path) -> None:
    half = apart / "mending-x"
    half.mkdir()
    (half / day_file(apart, 1).name).write_bytes(b"half")
    open_log(apart, "write").close()
    assert not half.exists()
    assert found_sound(apart) == (90, 30)


@pytest.mark.parametrize("what", ["all of it", "its last line"])
def test_a_ledger_that_is_lost_is_made_anew_from_the_file(what: str, three: Path, together: Path) -> None:
    ledger = together / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.unlink()
    if what == "its last line":
        ledger.write_bytes(b"".join(lines[:-1]))
    open_log(together, "write").close()
    assert contents(together) == contents(three)
    assert found_sound(together) == (90, 30)


def test_segments_that_were_changed_are_not_put_together(apart: Path) -> None:
    change(apart / f"{SECOND}.events.duckdb", "UPDATE events SET source = 'x' WHERE seq = 40")
    (run,) = due_runs(read_ledger(apart))
    with pytest.raises(LogError, match="event 40 was changed"):
        build_day(apart, run, day_file(apart, 1))


def test_a_changed_event_in_the_file_is_named(together: Path) -> None:
    day_file(together, 1).chmod(0o600)
    change(day_file(together, 1), "UPDATE events SET source = 'x' WHERE seq = 40")
    verdict = verify_log(together)
    assert (verdict.sound, verdict.first_bad_seq) == (False, 40)


def test_a_change_that_no_event_shows_is_named(together: Path) -> None:
    day_file(together, 1).chmod(0o600)
    change(day_file(together, 1), "UPDATE events SET written = 7 WHERE seq = 40")
    assert "day.duckdb was changed after it was sealed" in verify_log(together).reason


def test_of_a_damaged_file_the_segments_that_the_chain_proves_stay(together: Path) -> None:
    day_file(together, 1).chmod(0o600)
    change(day_file(together, 1), "UPDATE events SET source = 'x' WHERE seq = 40")
    found = scrub(together)
    assert [(one.what, one.where, one.lost) for one in found] == [("events_lost", SECOND, 30)]
    verdict = verify_log(together)
    assert (verdict.events, verdict.first_bad_seq) == (60, 31)


def test_a_missing_file_is_named_and_keeps_nothing_from_opening(together: Path) -> None:
    day_file(together, 1).unlink()
    assert verify_log(together).reason == f"{FIRST}.day.duckdb is missing"
    with pytest.raises(LogUnreadable, match="is missing"):
        open_log(together)
    log = open_log(together, "write")
    assert sum(found.lost for found in log.recovered if found.what == "events_lost") == 90
    assert log.head.seq == 90
    log.close()


def test_the_file_goes_with_the_last_of_its_segments(together: Path) -> None:
    stored = list(stored_segments(together, read_ledger(together)))
    assert all(segment.events > 0 for segment in stored)
    prune(together, [Choice(segment, "events", "expired") for segment in stored[:2]])
    assert day_file(together, 1).exists()
    log = open_log(together)
    assert [event.seq for event in log.read()] == list(range(61, 91))
    log.close()
    prune(together, [Choice(stored[2], "events", "expired")])
    assert not day_file(together, 1).exists()
    assert verify_log(together).sound


def test_a_process_of_its_own_does_it_beside_the_daemon(three: Path, apart: Path) -> None:
    desk = DayDesk(apart)
    desk.step(read_ledger(apart), DAY_NS, room_bytes=0)
    assert not desk.is_busy
    end = time.monotonic() + 60
    while not read_ledger(apart).days:
        assert time.monotonic() < end, "nothing was compacted"
        desk.step(read_ledger(apart), DAY_NS, room_bytes=1 << 30)
        time.sleep(0.02)
    desk.close()
    assert contents(apart) == contents(three)
    assert [path.name for path in apart.iterdir() if path.is_dir()] == []


def test_trouble_is_told_once_and_leaves_all_as_it_was(three: Path, apart: Path) -> None:
    change(apart / f"{SECOND}.events.duckdb", "UPDATE events SET source = 'x' WHERE seq = 40")
    desk = DayDesk(apart)
    desk.step(read_ledger(apart), DAY_NS, room_bytes=1 << 30)
    end = time.monotonic() + 60
    with pytest.raises(LogError, match="event 40 was changed"):
        while time.monotonic() < end:
            desk.step(read_ledger(apart), DAY_NS, room_bytes=1 << 30)
            time.sleep(0.02)
    desk.step(read_ledger(apart), DAY_NS, room_bytes=1 << 30)
    assert not desk.is_busy
    assert msgspec.structs.asdict(read_ledger(apart))["days"] == ()
    assert len(list(apart.glob("*.events.duckdb"))) == len(list(three.glob("*.events.duckdb")))
