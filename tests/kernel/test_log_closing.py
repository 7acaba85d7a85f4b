"""Closed days: one line of the ledger for many segments, and still the same events, proofs and recoveries."""

from pathlib import Path

import msgspec
import pytest

from kernel.log import closing
from kernel.log.closing import close_days
from kernel.log.compactor import compact_log
from kernel.log.contract import LogUnreadable, Selection
from kernel.log.duckdb_log import open_log
from kernel.log.ledger_file import LEDGER_NAME, read_ledger
from kernel.log.recovery import scrub
from kernel.log.retention import Choice, prune, prune_frames, stored_segments
from kernel.log.segments import day_file
from kernel.log.verify import verify_log
from tests.kernel.log_helpers import FIRST, SECOND, THIRD, change, editable_copy, fill, found_sound, three_segments


@pytest.fixture(scope="module")
def frameless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of three sealed segments in the file of a day, whose frames were pruned: events 1-30, 31-60, 61-90."""
    log = three_segments(tmp_path_factory.mktemp("three") / "log")
    assert compact_log(log) == (3, 1)
    for first_seq in (1, 31, 61):
        prune_frames(log, first_seq)
    return log


@pytest.fixture
def closed(frameless: Path, tmp_path: Path) -> Path:
    """A copy of it with one line for all three."""
    copy = editable_copy(frameless, tmp_path / "closed")
    assert close_days(copy) == 3
    return copy


def lines(log: Path) -> int:
    return len((log / LEDGER_NAME).read_bytes().splitlines())


def everything(path: Path) -> list[object]:
    """All that can be read from a log."""
    log = open_log(path)
    try:
        return [*log.read(), log.typed("ObjectsDetected").to_pylist(), log.head, [log.payload(seq) for seq in (1, 31)]]
    finally:
        log.close()


def test_one_line_stands_for_the_segments_of_a_day(frameless: Path, closed: Path) -> None:
    assert (lines(frameless), lines(closed)) == (8, 2)
    assert everything(closed) == everything(frameless)
    assert close_days(closed) == 0


def test_every_segment_is_still_held_against_its_own_signed_seal(frameless: Path, closed: Path) -> None:
    assert verify_log(closed) == verify_log(frameless)
    assert [count for _, count in verify_log(closed).signed] == [3]
    assert verify_log(closed).pruned == (FIRST, SECOND, THIRD)


def test_a_closed_log_goes_on(closed: Path) -> None:
    log = open_log(closed, "write")
    assert (log.head.seq, log.recovered) == (90, ())
    fill(log, 5)
    log.close()
    assert found_sound(closed) == (105, 5)


def test_a_reader_that_was_there_before_goes_on_and_knows_what_has_expired(tmp_path: Path) -> None:
    path = three_segments(tmp_path / "log")
    reader = open_log(path)
    compact_log(path)
    for first_seq in (1, 31, 61):
        prune_frames(path, first_seq)
    assert close_days(path) == 3
    assert [event.seq for event in reader.read()] == list(range(1, 91))
    assert [reader.payload(seq) for seq in (1, 31, 61)] == [None, None, None]
    reader.close()


@pytest.mark.parametrize("left", [1, 31, 61])
def test_a_day_of_which_a_frame_is_left_stays_open(left: int, tmp_path: Path) -> None:
    path = three_segments(tmp_path / "log")
    compact_log(path)
    for first_seq in {1, 31, 61} - {left}:
        prune_frames(path, first_seq)
    assert close_days(path) == 0


def test_the_events_of_a_closed_day_go_at_once(closed: Path) -> None:
    (stored,) = stored_segments(closed, read_ledger(closed))
    assert (stored.first_seq, stored.last_seq, stored.frames) == (1, 90, 0)
    prune(closed, [Choice(stored, "events", "expired")])
    assert not day_file(closed, 1).exists()
    assert verify_log(closed).sound
    log = open_log(closed, "write")
    fill(log, 1)
    log.close()
    assert found_sound(closed) == (3, 1)


def test_one_line_stands_for_all_that_is_gone(frameless: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = editable_copy(frameless, tmp_path / "gone")
    log = open_log(path, "write")
    fill(log, 5)
    log.close()
    stored = list(stored_segments(path, read_ledger(path)))
    prune(path, [Choice(segment, "events", "expired") for segment in stored[:2]])
    assert close_days(path) == 0
    monkeypatch.setattr(closing, "WORTHWHILE", 2)
    assert close_days(path) == 2
    assert found_sound(path) == (45, 5)
    log = open_log(path, "write")
    assert (log.recovered, [event.seq for event in log.read()]) == ((), list(range(61, 106)))
    log.close()
    prune(path, [Choice(stored[2], "events", "expired")])
    assert close_days(path) == 2
    assert [(line.first_seq, line.last_seq) for line in read_ledger(path).sealed] == [(1, 90), (91, 105)]
    assert found_sound(path) == (15, 5)


def test_of_a_damaged_file_the_segments_that_the_chain_proves_stay(closed: Path) -> None:
    change(day_file(closed, 1), "UPDATE events SET source = 'x' WHERE seq = 40")
    verdict = verify_log(closed)
    assert (verdict.sound, verdict.first_bad_seq) == (False, 40)
    found = scrub(closed)
    assert [(one.what, one.where, one.lost) for one in found] == [("events_lost", SECOND, 30)]
    verdict = verify_log(closed)
    assert (verdict.events, verdict.first_bad_seq, verdict.pruned) == (60, 31, (FIRST, SECOND, THIRD))
    assert close_days(closed) == 0


def test_a_file_whose_seals_are_gone_as_well_goes_whole(closed: Path) -> None:
    change(day_file(closed, 1), "UPDATE events SET source = 'x' WHERE seq = 40")
    change(day_file(closed, 1), "DELETE FROM sealed")
    assert "names no segment" in verify_log(closed).reason
    found = scrub(closed)
    assert [(one.what, one.where, one.lost) for one in found] == [("events_lost", FIRST, 90)]


def test_a_missing_file_is_named_and_keeps_nothing_from_opening(closed: Path) -> None:
    day_file(closed, 1).unlink()
    assert verify_log(closed).reason == f"{FIRST}.day.duckdb is missing"
    log = open_log(closed, "write")
    assert [(found.what, found.lost) for found in log.recovered] == [("events_lost", 90)]
    assert log.head.seq == 90
    log.close()


def test_seals_in_the_file_that_do_not_fit_the_ledger_are_found(closed: Path) -> None:
    change(day_file(closed, 1), "DELETE FROM sealed WHERE rowid = 2")
    assert "does not hold the segments that the ledger's line for it stands for" in verify_log(closed).reason


def test_a_forged_seal_in_the_file_is_found_by_its_signature(closed: Path) -> None:
    change(day_file(closed, 1), "UPDATE sealed SET line = replace(line, '\"last_seq\":30', '\"last_seq\":29')")
    verdict = verify_log(closed)
    assert (verdict.sound, verdict.first_bad_seq) == (False, 1)
    assert "signature" in verdict.reason


@pytest.mark.parametrize("damaged", [1, 3])
def test_a_ledger_damaged_before_or_after_the_line_is_made_anew(closed: Path, damaged: int) -> None:
    log = open_log(closed, "write")
    fill(log, 5)
    log.close()
    ledger = closed / LEDGER_NAME
    texts = ledger.read_bytes().splitlines(keepends=True)
    texts[damaged - 1] = b"?" + texts[damaged - 1]
    ledger.write_bytes(b"".join(texts))
    with pytest.raises(LogUnreadable, match=rf"line {damaged} is damaged"):
        open_log(closed)
    log = open_log(closed, "write")
    assert [(found.what, found.lost) for found in log.recovered] == [("ledger_mended", 0)]
    assert [event.seq for event in log.read(Selection())] == list(range(1, 106))
    log.close()
    assert found_sound(closed) == (105, 5)


def test_a_line_of_a_newer_log_schema_is_not_guessed_at(closed: Path) -> None:
    (line,) = [line for line in read_ledger(closed).sealed if line.first_seq in read_ledger(closed).closed]
    assert msgspec.structs.asdict(line)["signature"] is None
    ledger = closed / LEDGER_NAME
    ledger.write_bytes(ledger.read_bytes().replace(b'"schema":1', b'"schema":9'))
    with pytest.raises(LogUnreadable, match="newer Emberline"):
        open_log(closed)
