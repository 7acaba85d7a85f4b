"""Whatever is changed in a log behind its back, `verify_log` finds it and names the event where it can be named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.log.contract import LogUnreadable
from kernel.log.duckdb_log import open_log
from kernel.log.verify import verify_log
from tests.kernel.log_helpers import (
    FIRST,
    SECOND,
    THIRD,
    change,
    editable_copy,
    fill,
    found_sound,
    frame_unit,
    payload_of,
    three_segments,
    write_and_die,
)


@pytest.fixture(scope="module")
def three_sessions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of three segments of ten frames each: events 1–30, 31–60, 61–90."""
    return three_segments(tmp_path_factory.mktemp("sound") / "log")


@pytest.fixture
def copy(three_sessions: Path, tmp_path: Path) -> Path:
    return editable_copy(three_sessions, tmp_path / "copy")


def test_an_untouched_log_is_sound(copy: Path) -> None:
    assert found_sound(copy) == (90, 30)


def test_progress_ends_at_the_last_event(copy: Path) -> None:
    heard: list[tuple[int, int]] = []
    verify_log(copy, lambda done, total: heard.append((done, total)))
    assert heard[-1] == (90, 90)


@pytest.mark.parametrize(
    ("file", "sql", "seq"),
    [
        (f"{SECOND}.events", "UPDATE events SET body = replace(body, '55', '56') WHERE seq = 38", 38),
        (f"{SECOND}.events", "UPDATE events SET source = 'channel.thermaL' WHERE seq = 34", 34),
        (f"{SECOND}.events", "UPDATE events SET time = time + 1 WHERE seq = 35", 35),
        (f"{SECOND}.events", "UPDATE events SET cause = 31 WHERE seq = 35", 35),
        (f"{SECOND}.events", "UPDATE events SET kind = 'FrameCaptured' WHERE seq = 36", 36),
        (f"{SECOND}.events", "UPDATE events SET body = 'no json' WHERE seq = 34", 34),
        (f"{SECOND}.events", "UPDATE events SET digest = '\\x00'::BLOB WHERE seq = 40", 40),
        (f"{SECOND}.events", "DELETE FROM events WHERE seq = 41", 41),
        (f"{SECOND}.events", "INSERT INTO events SELECT * FROM events WHERE seq = 44", 44),
        (f"{SECOND}.events", "UPDATE events SET seq = CASE seq WHEN 45 THEN 46 ELSE 45 END WHERE seq IN (45, 46)", 45),
        (f"{SECOND}.events", "DELETE FROM events WHERE seq = 60", 60),
        (f"{SECOND}.frames", "DELETE FROM frames WHERE seq = 40", 40),
        (f"{SECOND}.frames", "INSERT INTO frames VALUES (42, 'stray')", 42),
        (f"{SECOND}.frames", "INSERT INTO frames VALUES (60, 'stray')", 60),
        (f"{THIRD}.events", "UPDATE events SET fact_no = fact_no + 1 WHERE seq = 61", 61),
    ],
)
def test_a_changed_row_is_found_and_named(copy: Path, file: str, sql: str, seq: int) -> None:
    change(copy / f"{file}.duckdb", sql)
    verdict = verify_log(copy)
    assert not verdict.sound
    assert verdict.first_bad_seq == seq


@pytest.mark.parametrize("frame", [0, 4, 9])
def test_one_changed_byte_of_a_payload_is_found_and_named(copy: Path, frame: int) -> None:
    changed = bytearray(payload_of(frame))
    changed[17] ^= 1
    seq = 31 + 3 * frame
    change(copy / f"{SECOND}.frames.duckdb", "UPDATE frames SET payload = ? WHERE seq = ?", bytes(changed), seq)
    verdict = verify_log(copy)
    assert (verdict.sound, verdict.first_bad_seq) == (False, seq)
    assert verdict.reason == f"the payload of event {seq} was changed"


def test_one_changed_byte_of_a_payload_in_the_file_is_found_and_named(copy: Path) -> None:
    path = copy / f"{SECOND}.frames.duckdb"
    data = bytearray(path.read_bytes())
    at = data.index(b"payload 0006 ")
    data[at + 8] ^= 1
    path.write_bytes(data)
    verdict = verify_log(copy)
    assert not verdict.sound
    # DuckDB's checksum covers a block: nothing in it can be read, so the first frame in it is named.
    assert verdict.first_bad_seq == 31
    assert path.name in verdict.reason


def test_one_changed_byte_of_a_body_in_the_file_is_found_and_named(copy: Path) -> None:
    path = copy / f"{SECOND}.events.duckdb"
    data = bytearray(path.read_bytes())
    at = data.index(b"captured_ns")
    data[at] ^= 1
    path.write_bytes(data)
    verdict = verify_log(copy)
    assert (verdict.sound, verdict.first_bad_seq) == (False, 31)
    assert path.name in verdict.reason


def test_a_change_that_no_row_shows_is_found_by_the_digest_of_the_file(copy: Path) -> None:
    change(copy / f"{FIRST}.events.duckdb", "UPDATE events SET written = 1")
    verdict = verify_log(copy)
    assert not verdict.sound
    assert verdict.reason == f"{FIRST}.events.duckdb was changed after it was sealed"


def _swap(copy: Path, what: str) -> None:
    one, two = copy / f"{FIRST}.{what}.duckdb", copy / f"{SECOND}.{what}.duckdb"
    one.rename(copy / "aside")
    two.rename(one)
    (copy / "aside").rename(two)


def _edit_ledger(copy: Path, edit: Callable[[list[str]], list[str]]) -> None:
    lines = (copy / "ledger.jsonl").read_text().splitlines()
    (copy / "ledger.jsonl").write_text("\n".join(edit(lines)) + "\n")


@pytest.mark.parametrize(
    ("damage", "seq"),
    [
        (lambda copy: _swap(copy, "events"), 1),
        (lambda copy: _swap(copy, "frames"), 1),
        (lambda copy: (copy / f"{SECOND}.events.duckdb").unlink(), 31),
        (lambda copy: (copy / f"{SECOND}.frames.duckdb").unlink(), 31),
        (lambda copy: _edit_ledger(copy, lambda lines: [*lines[:2], *lines[3:]]), None),
        (lambda copy: _edit_ledger(copy, lambda lines: [lines[0], lines[2], lines[1], lines[3]]), 1),
        (lambda copy: shutil.copy(copy / f"{SECOND}.events.duckdb", copy / "000000000777.events.duckdb"), None),
    ],
    ids=["events swapped", "frames swapped", "events gone", "frames gone", "line gone", "lines swapped", "file added"],
)
def test_swapped_missing_and_added_files_are_found(
    copy: Path, damage: Callable[[Path], object], seq: int | None
) -> None:
    damage(copy)
    verdict = verify_log(copy)
    assert not verdict.sound
    assert verdict.reason
    assert verdict.first_bad_seq == seq


def test_a_damaged_ledger_line_is_unreadable_and_named(copy: Path) -> None:
    _edit_ledger(copy, lambda lines: [lines[0], lines[1][:50], *lines[2:]])
    with pytest.raises(LogUnreadable, match=r"ledger\.jsonl line 2 is damaged"):
        verify_log(copy)


def test_a_ledger_line_cut_short_by_a_crash_is_written_again(copy: Path) -> None:
    ledger = copy / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-40])
    assert verify_log(copy).sound
    log = open_log(copy, "write")
    assert log.head.seq == 90
    fill(log, 1)
    log.close()
    assert found_sound(copy) == (93, 31)


def test_frames_that_a_crash_left_without_their_payloads_are_found(tmp_path: Path) -> None:
    write_and_die(tmp_path / "log")
    change(tmp_path / "log" / f"{FIRST}.frames.duckdb", "DELETE FROM frames WHERE seq = 148")
    verdict = verify_log(tmp_path / "log")
    assert (verdict.sound, verdict.first_bad_seq) == (False, 148)


def test_events_alone_without_any_payloads_are_sound(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", "write")
    log.append(frame_unit(log.head, b"kept elsewhere"))
    log.close()
    assert found_sound(tmp_path / "log") == (2, 0)


@pytest.mark.parametrize("file", ["events", "frames"])
@pytest.mark.parametrize("content", [b"", b"not a database", bytes(8192)], ids=["empty", "text", "zeros"])
def test_a_file_that_is_no_database_is_unreadable_and_named(copy: Path, file: str, content: bytes) -> None:
    (copy / f"{SECOND}.{file}.duckdb").write_bytes(content)
    with pytest.raises(LogUnreadable, match=rf"{SECOND}\.{file}\.duckdb"):
        verify_log(copy)
    reader = open_log(copy)
    with pytest.raises(LogUnreadable, match=rf"{SECOND}\.{file}\.duckdb"):
        list(reader.read() if file == "events" else reader.payloads(1, 90))
    reader.close()


def test_a_missing_segment_is_named_on_reading(copy: Path) -> None:
    (copy / f"{SECOND}.events.duckdb").unlink()
    with pytest.raises(LogUnreadable, match=rf"{SECOND}\.events\.duckdb is missing"):
        open_log(copy)


def test_a_missing_frames_file_is_no_expired_payload(copy: Path) -> None:
    (copy / f"{SECOND}.frames.duckdb").unlink()
    reader = open_log(copy)
    assert len(list(reader.read())) == 90
    assert reader.payload(1) == payload_of(0)
    for use in (lambda: reader.payload(31), lambda: list(reader.payloads(1, 90))):
        with pytest.raises(LogUnreadable, match=rf"{SECOND}\.frames\.duckdb is missing"):
            use()
    reader.close()


@pytest.mark.parametrize("what", ["events", "frames"])
def test_swapped_files_are_not_read_as_if_they_held_nothing(copy: Path, what: str) -> None:
    _swap(copy, what)
    reader = open_log(copy)
    with pytest.raises(LogUnreadable, match=rf"{FIRST}\.{what}\.duckdb"):
        list(reader.read() if what == "events" else reader.payloads(1, 90))
    reader.close()


@pytest.mark.parametrize("places", [(0,), (5,), (20,), (4100, 8196)])
def test_a_damaged_header_is_not_taken_for_another_process(copy: Path, places: tuple[int, ...]) -> None:
    path = copy / f"{SECOND}.events.duckdb"
    data = bytearray(path.read_bytes())
    for at in places:
        data[at] ^= 4
    path.write_bytes(data)
    with pytest.raises(LogUnreadable, match=rf"{SECOND}\.events\.duckdb cannot be opened"):
        verify_log(copy)


def test_a_write_ahead_file_beside_a_sealed_segment_is_found(copy: Path) -> None:
    (copy / f"{SECOND}.frames.duckdb.wal").write_bytes(b"\x07" * 500)
    verdict = verify_log(copy)
    assert not verdict.sound
    assert f"{SECOND}.frames.duckdb.wal" in verdict.reason


@pytest.mark.parametrize("file", ["events", "frames"])
def test_damage_in_what_a_crash_left_is_named_with_its_file(tmp_path: Path, file: str) -> None:
    write_and_die(tmp_path / "log")
    path = tmp_path / "log" / f"{FIRST}.{file}.duckdb.wal"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(LogUnreadable, match=rf"{FIRST}\.{file}\.duckdb"):
        verify_log(tmp_path / "log")


def test_events_that_were_committed_and_are_gone_are_found(tmp_path: Path) -> None:
    write_and_die(tmp_path / "log")
    (tmp_path / "log" / f"{FIRST}.events.duckdb.wal").unlink()
    verdict = verify_log(tmp_path / "log")
    assert (verdict.sound, verdict.first_bad_seq) == (False, 1)
    assert verdict.reason == "events 1 to 150 were committed and are not there"
