"""Opening a log for writing mends it, or puts aside what is damaged, says so, and goes on."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.log.contract import LogUnreadable, Recovery
from kernel.log.duckdb_log import open_log
from kernel.log.recovery import scrub
from kernel.log.verify import verify_log
from tests.kernel.log_helpers import (
    FIRST,
    SECOND,
    THIRD,
    change,
    editable_copy,
    fill,
    found_sound,
    payload_of,
    three_segments,
    tick_unit,
    write_and_die,
)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log whose writer was killed after 50 frames, 150 events."""
    path = tmp_path_factory.mktemp("killed") / "log"
    write_and_die(path)
    return path


@pytest.fixture
def left(killed: Path, tmp_path: Path) -> Path:
    return editable_copy(killed, tmp_path / "left")


@pytest.fixture(scope="module")
def three_sessions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of three sealed segments of ten frames each: events 1–30, 31–60, 61–90."""
    return three_segments(tmp_path_factory.mktemp("sealed") / "log")


@pytest.fixture
def copy(three_sessions: Path, tmp_path: Path) -> Path:
    return editable_copy(three_sessions, tmp_path / "copy")


def reopen(path: Path) -> tuple[tuple[Recovery, ...], int]:
    """Open for writing, append one event, close: what was recovered, and where the log ended before."""
    log = open_log(path, "write")
    found, seq = log.recovered, log.head.seq
    log.append(tick_unit(log.head))
    log.close()
    return found, seq


def zeros_from(path: Path, at: int) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:at] + bytes(len(data) - at))


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 4
    path.write_bytes(data)


def kinds(found: tuple[Recovery, ...]) -> list[tuple[str, int]]:
    return [(one.what, one.lost) for one in found]


def test_a_plain_kill_needs_no_mention(left: Path) -> None:
    assert reopen(left) == ((), 150)
    assert found_sound(left) == (151, 50)


def test_zeros_after_the_last_commit_cost_nothing(left: Path) -> None:
    wal = left / f"{FIRST}.events.duckdb.wal"
    wal.write_bytes(wal.read_bytes() + bytes(4096))
    found, seq = reopen(left)
    assert seq == 150
    assert kinds(found) in ([], [("write_ahead_cut", 0)])
    assert verify_log(left).sound


def test_a_zero_filled_tail_is_cut_and_the_loss_counted(left: Path) -> None:
    wal = left / f"{FIRST}.events.duckdb.wal"
    size = wal.stat().st_size
    zeros_from(wal, size - 100)
    found, seq = reopen(left)
    assert [one.what for one in found] == ["write_ahead_cut", "quarantined", "events_lost"]
    assert found[-1].lost == 150 - seq > 0
    assert (left / "quarantine" / wal.name).stat().st_size == size
    assert verify_log(left).sound


def test_a_write_ahead_file_cut_short_is_noticed_although_duckdb_is_content(left: Path) -> None:
    wal = left / f"{FIRST}.events.duckdb.wal"
    with wal.open("r+b") as file:
        file.truncate(wal.stat().st_size - 10)
    found, seq = reopen(left)
    assert found[-1].what == "events_lost"
    assert found[-1].lost == 150 - seq > 0


def test_a_damaged_start_of_the_write_ahead_file_does_not_vanish(left: Path) -> None:
    wal = left / f"{FIRST}.events.duckdb.wal"
    flip(wal, 0)
    before = wal.read_bytes()
    found, seq = reopen(left)
    assert (seq, found[-1].what, found[-1].lost) == (0, "events_lost", 150)
    assert (left / "quarantine" / wal.name).read_bytes() == before


def test_lost_payloads_are_counted_and_their_events_kept(left: Path) -> None:
    zeros_from(left / f"{FIRST}.frames.duckdb.wal", 5000)
    found, seq = reopen(left)
    assert seq == 150
    assert found[-1].what == "payloads_lost"
    verdict = verify_log(left)
    assert not verdict.sound
    assert verdict.first_bad_seq is not None
    assert verdict.events == 151
    assert verdict.frames == 50 - found[-1].lost
    assert len(verdict.quarantined) == 1


def test_a_missing_frames_file_of_the_last_segment_is_named(left: Path) -> None:
    for path in left.glob(f"{FIRST}.frames.*"):
        path.unlink()
    found, seq = reopen(left)
    assert seq == 150
    assert kinds(found) == [("payloads_lost", 50)]
    assert verify_log(left).first_bad_seq == 1


@pytest.mark.parametrize("gone", [".events.duckdb", ".events.duckdb*"])
def test_a_missing_events_file_of_the_last_segment_is_named(left: Path, gone: str) -> None:
    for path in left.glob(f"{FIRST}{gone}"):
        path.unlink()
    found, seq = reopen(left)
    assert (seq, found[-1].what, found[-1].lost) == (0, "events_lost", 150)
    assert verify_log(left).sound


def test_a_seal_that_stopped_between_the_files_is_finished(left: Path) -> None:
    change(left / f"{FIRST}.events.duckdb", "CHECKPOINT")
    assert reopen(left) == ((), 150)
    assert verify_log(left).sound


def test_a_seal_without_its_line_in_the_ledger_is_finished(copy: Path) -> None:
    lines = (copy / "ledger.jsonl").read_text().splitlines(keepends=True)
    (copy / "ledger.jsonl").write_text("".join(lines[:2]))
    for path in copy.glob("*.duckdb"):
        path.chmod(0o444)
    assert reopen(copy) == ((), 90)
    assert found_sound(copy) == (91, 30)


@pytest.mark.parametrize("line", [1, 2, 3, 4])
def test_a_damaged_line_of_the_ledger_is_made_anew(copy: Path, line: int) -> None:
    ledger = copy / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(b":", b";", 1)
    ledger.write_bytes(b"".join(lines))
    with pytest.raises(LogUnreadable, match=rf"ledger\.jsonl line {line} is damaged"):
        open_log(copy)
    found, seq = reopen(copy)
    assert (kinds(found), seq) == ([("ledger_mended", 0)], 90)
    assert found_sound(copy) == (91, 30)


def test_a_changed_number_in_the_ledger_is_damage_and_no_news(copy: Path) -> None:
    ledger = copy / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"schema":1', b'"schema":9', 1))
    found, seq = reopen(copy)
    assert (kinds(found), seq) == ([("ledger_mended", 0)], 90)
    assert verify_log(copy).sound


def test_a_missing_ledger_is_made_anew(copy: Path) -> None:
    (copy / "ledger.jsonl").unlink()
    found, seq = reopen(copy)
    assert (kinds(found), seq) == ([("ledger_mended", 0)], 90)
    assert verify_log(copy).sound


def test_a_segment_gone_together_with_its_line_leaves_a_gap(copy: Path) -> None:
    ledger = copy / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(lines[0] + lines[1] + b"?" + lines[2] + lines[3])
    for path in copy.glob(f"{SECOND}.*"):
        path.unlink()
    found, seq = reopen(copy)
    assert (kinds(found), seq) == ([("ledger_mended", 0), ("events_lost", 30)], 90)
    verdict = verify_log(copy)
    assert (verdict.sound, verdict.first_bad_seq, verdict.events, verdict.frames) == (False, 31, 61, 20)


@pytest.mark.parametrize(
    "damage",
    [
        lambda copy: flip(copy / f"{SECOND}.events.duckdb", 12288 + 5000),
        lambda copy: (copy / f"{SECOND}.events.duckdb").unlink(),
        lambda copy: (copy / f"{SECOND}.events.duckdb").write_bytes(b"no database"),
        lambda copy: change(copy / f"{SECOND}.events.duckdb", "DELETE FROM events WHERE seq = 45"),
    ],
    ids=["bit flip", "missing", "overwritten", "row deleted"],
)
def test_a_damaged_segment_in_the_middle_is_put_aside_and_its_seqs_stay_taken(
    copy: Path, damage: Callable[[Path], object]
) -> None:
    damage(copy)
    found, seq = reopen(copy)
    assert (kinds(found), seq) == ([("events_lost", 30)], 90)
    assert found[0].where == SECOND
    assert not list(copy.glob(f"{SECOND}.*"))
    verdict = verify_log(copy)
    assert (verdict.sound, verdict.first_bad_seq, verdict.events, verdict.frames) == (False, 31, 61, 20)
    assert "events 31 to 60 in quarantine" in verdict.reason
    reader = open_log(copy)
    assert [event.seq for event in reader.read()] == [*range(1, 31), *range(61, 92)]
    assert [line.segment for line in reader.lost] == [SECOND]
    with pytest.raises(LogUnreadable, match=f"event 31 is gone with segment {SECOND}"):
        reader.payload(31)
    reader.close()
    assert reopen(copy) == ((), 91)


def test_damaged_frames_in_the_middle_are_put_aside_and_their_events_stay(copy: Path) -> None:
    path = copy / f"{SECOND}.frames.duckdb"
    flip(path, path.read_bytes().index(b"payload 0006 "))
    found, seq = reopen(copy)
    assert (kinds(found), seq) == ([("payloads_lost", 10)], 90)
    assert (copy / "quarantine" / path.name).exists()
    verdict = verify_log(copy)
    assert (verdict.sound, verdict.first_bad_seq, verdict.events, verdict.frames) == (False, 31, 91, 20)
    reader = open_log(copy)
    assert reader.payload(31) is None
    assert reader.payload(61) == payload_of(0)
    assert len(list(reader.read())) == 91
    reader.close()


def test_what_does_not_belong_to_the_log_is_put_aside(copy: Path) -> None:
    shutil.copy(copy / f"{SECOND}.events.duckdb", copy / "000000000777.events.duckdb")
    (copy / f"{FIRST}.frames.duckdb.wal").write_bytes(b"\x07" * 500)
    found, seq = reopen(copy)
    assert (kinds(found), seq) == ([("quarantined", 0), ("quarantined", 0)], 90)
    assert verify_log(copy).sound


def test_a_stale_write_ahead_file_does_not_leak_into_a_new_segment(copy: Path, left: Path) -> None:
    shutil.copy(left / f"{FIRST}.events.duckdb.wal", copy / "000000000091.events.duckdb.wal")
    found, seq = reopen(copy)
    assert seq == 90
    assert kinds(found) in ([], [("quarantined", 0)])
    assert verify_log(copy).sound


def test_a_second_quarantine_of_a_name_keeps_the_first(left: Path) -> None:
    wal = left / f"{FIRST}.events.duckdb.wal"
    (left / "quarantine").mkdir()
    (left / "quarantine" / wal.name).write_bytes(b"earlier")
    flip(wal, 0)
    reopen(left)
    assert (left / "quarantine" / wal.name).read_bytes() == b"earlier"
    assert (left / "quarantine" / f"{wal.name}.2").exists()


def test_scrubbing_finds_damage_that_opening_does_not_look_for(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.log.recovery.CHECKED_BYTES", 0)
    flip(copy / f"{SECOND}.events.duckdb", 12288 + 5000)
    assert reopen(copy) == ((), 90)
    assert kinds(scrub(copy)) == [("events_lost", 30)]
    assert scrub(copy) == ()
    assert verify_log(copy).first_bad_seq == 31


def test_a_reader_of_a_damaged_crash_changes_nothing_and_reads_what_a_writer_would_keep(left: Path) -> None:
    zeros_from(left / f"{FIRST}.events.duckdb.wal", 20000)
    files = {path.name: path.read_bytes() for path in left.iterdir()}
    reader = open_log(left)
    seen = list(reader.read())
    named = kinds(reader.recovered)
    head = reader.head
    reader.close()
    assert {path.name: path.read_bytes() for path in left.iterdir()} == files
    log = open_log(left, "write")
    assert list(log.read()) == seen
    assert log.head == head
    assert kinds(log.recovered) == named != []
    log.close()


def test_abandoning_after_recovery_keeps_what_was_recovered(left: Path) -> None:
    log = open_log(left, "write")
    fill(log, 3)
    log.sync()
    log.abandon()
    assert reopen(left) == ((), 150)
    assert verify_log(left).sound


def test_all_payloads_of_a_checkpointed_and_damaged_frames_file_are_reported_as_lost(copy: Path) -> None:
    ledger = copy / "ledger.jsonl"
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:-1]))
    frames = copy / f"{THIRD}.frames.duckdb"
    frames.write_bytes(frames.read_bytes()[: frames.stat().st_size * 2 // 3])
    log = open_log(copy, "write")
    assert sum(found.lost for found in log.recovered if found.what == "payloads_lost") == 10
    log.close()
