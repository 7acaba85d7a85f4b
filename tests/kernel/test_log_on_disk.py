"""What the log on disk promises beyond the contract: durability, one writer, clear words for what is no log."""

import json
import os
import stat
from pathlib import Path

import msgspec
import pytest

from kernel.events import Event
from kernel.log.contract import LogError, LogLocked, LogUnreadable, Selection
from kernel.log.duckdb_log import open_log
from kernel.log.ledger_file import LEDGER_NAME, append_line, read_ledger
from kernel.log.ledger_lines import DamagedLedger, LogBegun, Pruned
from kernel.log.retention import prune_frames
from kernel.log.verify import verify_log
from tests.kernel.log_helpers import (
    FIRST,
    SECOND,
    ask,
    change,
    editable_copy,
    fill,
    payload_of,
    three_segments,
    tick_unit,
    write_and_die,
    writing_child,
)


def test_a_reopened_log_goes_on_with_seq_and_chain(tmp_path: Path) -> None:
    events: list[Event] = []
    for _ in range(3):
        log = open_log(tmp_path / "log", "write")
        events += fill(log, 4)
        log.close()
    with_reader = open_log(tmp_path / "log")
    assert list(with_reader.read()) == events
    assert with_reader.head.seq == with_reader.committed == 36
    assert with_reader.head.digest == events[-1].digest
    assert [payload for _, payload in with_reader.payloads(1, 36)] == [payload_of(n) for n in range(4)] * 3
    with_reader.close()
    assert verify_log(tmp_path / "log").sound


def test_a_session_of_derived_events_alone_keeps_the_last_fact(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", "write")
    seen = fill(log, 1)[1]
    log.close()
    log = open_log(tmp_path / "log", "write")
    log.append([msgspec.structs.replace(seen, seq=4)])
    log.close()
    reader = open_log(tmp_path / "log")
    assert (reader.head.seq, reader.head.fact_no, reader.head.time) == (4, 2, 200)
    reader.close()
    assert verify_log(tmp_path / "log").sound


def test_opening_for_writing_and_closing_leaves_no_segment(tmp_path: Path) -> None:
    open_log(tmp_path / "log", "write").close()
    names = [path.name for path in (tmp_path / "log").iterdir() if not path.name.startswith("seal")]
    assert sorted(names) == ["LOCK", "ledger.jsonl"]
    reader = open_log(tmp_path / "log")
    assert list(reader.read()) == []
    reader.close()


def test_sealed_files_are_read_only_and_the_directory_is_private(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", "write")
    fill(log, 1)
    log.close()
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o700
    names = sorted(path.name for path in (tmp_path / "log").glob("*.duckdb*"))
    assert names == ["000000000001.events.duckdb", "000000000001.frames.duckdb"]
    assert all(stat.S_IMODE((tmp_path / "log" / name).stat().st_mode) == 0o444 for name in names)


def test_a_segment_without_frames_has_no_frames_file(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", "write")
    log.append(tick_unit(log.head))
    log.close()
    assert [path.name for path in (tmp_path / "log").glob("*.duckdb")] == ["000000000001.events.duckdb"]


def test_a_full_segment_is_sealed_and_the_next_begun(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", "write", segment_bytes=2000)
    events: list[Event] = []
    for _ in range(3):
        events += fill(log, 3)
        log.sync()
    assert list(log.read()) == events
    assert log.payload(19) == payload_of(0)
    log.close()
    assert len(list((tmp_path / "log").glob("*.events.duckdb"))) == 5
    assert verify_log(tmp_path / "log").sound


def test_segments_get_smaller_from_the_moment_on_that_somebody_says_so(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", "write")
    fill(log, 9)
    assert not log.segment_is_due
    log.limit_segments(2000)
    assert log.segment_is_due
    fill(log, 9)
    assert len(log.segment_starts) > 3
    log.close()


def test_a_ledger_is_read_on_where_it_grew_and_anew_where_it_did_not_only_grow(tmp_path: Path) -> None:
    log = three_segments(tmp_path / "log")
    before = read_ledger(log)
    assert read_ledger(log) is before
    append_line(log, Pruned(FIRST))
    grown = read_ledger(log)
    assert (grown.sealed, grown.pruned) == (before.sealed, {FIRST})
    path = log / LEDGER_NAME
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"line":"pruned","segm')
    assert read_ledger(log) == grown
    append_line(log, Pruned(SECOND))
    assert read_ledger(log).pruned == {FIRST, SECOND}
    path.write_bytes(whole)
    assert read_ledger(log) == grown
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    assert read_ledger(log).sealed == before.sealed[:1]
    path.write_bytes(whole.replace(b'"last_seq":30', b'"last_seq":31'))
    with pytest.raises(DamagedLedger, match="line 2"):
        read_ledger(log)


def test_the_wall_clock_is_kept_beside_the_events_and_outside_the_chain(tmp_path: Path) -> None:
    digests: list[bytes] = []
    for moment in (111, 222):
        log = open_log(tmp_path / str(moment), "write", wall_clock_ns=lambda moment=moment: moment)
        fill(log, 1)
        digests.append(log.head.digest)
        log.close()
        events_file = tmp_path / str(moment) / "000000000001.events.duckdb"
        assert ask(events_file, "SELECT DISTINCT written FROM events") == [(moment,)]
    assert digests[0] == digests[1]


def test_what_was_synced_survives_a_kill(tmp_path: Path) -> None:
    said = write_and_die(tmp_path / "log").split()
    reader = open_log(tmp_path / "log")
    assert [str(reader.head.seq), reader.head.digest.hex()] == said == ["150", said[1]]
    assert (reader.head.fact_no, reader.head.time) == (100, 10000)
    assert len(list(reader.payloads(1, 150))) == 50
    reader.close()
    assert verify_log(tmp_path / "log").sound
    log = open_log(tmp_path / "log", "write")
    assert log.head.seq == 150
    fill(log, 2)
    assert len(list(log.read())) == 156
    log.close()
    assert verify_log(tmp_path / "log").sound


def test_a_second_process_is_told_who_has_the_log(tmp_path: Path) -> None:
    child = writing_child(tmp_path / "log", "sys.stdin.read()")
    assert child.stdout is not None
    child.stdout.readline()
    for attempt in (lambda: open_log(tmp_path / "log", "write"), lambda: open_log(tmp_path / "log")):
        with pytest.raises(LogLocked, match=f"in use by process {child.pid}"):
            attempt()
    with pytest.raises(LogLocked):
        verify_log(tmp_path / "log")
    child.kill()
    child.communicate(timeout=60)
    log = open_log(tmp_path / "log", "write")
    assert log.head.seq == 150
    log.close()


def test_sealed_segments_can_be_read_while_a_writer_has_nothing_open(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", "write")
    fill(log, 1)
    log.close()
    writer = open_log(tmp_path / "log", "write")
    reader = open_log(tmp_path / "log")
    assert len(list(reader.read())) == 3
    reader.close()
    writer.close()


def test_frames_whose_events_were_not_committed_are_dropped(tmp_path: Path) -> None:
    write_and_die(tmp_path / "log")
    change(tmp_path / "log" / "000000000001.frames.duckdb", "INSERT INTO frames VALUES (151, 'never named')")
    open_log(tmp_path / "log", "write").close()
    reader = open_log(tmp_path / "log")
    assert len(list(reader.payloads(1, 1000))) == 50
    reader.close()
    assert verify_log(tmp_path / "log").sound


def test_a_log_open_for_reading_refuses_to_be_written(tmp_path: Path) -> None:
    open_log(tmp_path / "log", "write").close()
    reader = open_log(tmp_path / "log")
    with pytest.raises(LogError, match="reading only"):
        reader.append(tick_unit(reader.head))
    reader.close()


def test_pruned_frames_have_expired_and_their_events_stay(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", "write")
    fill(log, 3)
    log.close()
    prune_frames(tmp_path / "log", 1)
    reader = open_log(tmp_path / "log")
    assert reader.payload(1) is None
    assert list(reader.payloads(1, 9)) == []
    assert len(list(reader.read())) == 9
    with pytest.raises(KeyError):
        reader.payload(2)
    reader.close()
    verdict = verify_log(tmp_path / "log")
    assert verdict.sound
    assert verdict.pruned == ("000000000001",)
    with pytest.raises(LogError, match="no sealed segment 000000000005"):
        prune_frames(tmp_path / "log", 5)


_FILL_A_FULL_DISK = """
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))  # as a disk of 3 MB would
said = []
for use in (lambda: fill_for_ever(log), log.sync, lambda: log.append(tick_unit(log.head)), log.close, log.close):
    try:
        use()
        said.append("")
    except LogError as error:
        said.append(str(error))
print(json.dumps([log.committed, said]))
"""


def test_a_full_disk_stops_the_log_with_its_reason_and_loses_nothing_committed(tmp_path: Path) -> None:
    child = writing_child(tmp_path / "log", _FILL_A_FULL_DISK)
    committed, said = json.loads(child.communicate(timeout=60)[0].splitlines()[1])
    assert child.returncode == 0
    assert committed >= 150, "what was synced before is safe at the least"
    for message in said[:4]:
        assert f"can no longer be written, all up to event {committed} is safe" in message
        assert "File too large" in message
    assert said[4] == ""
    log = open_log(tmp_path / "log", "write")
    assert log.head.seq == committed
    fill(log, 1)
    log.close()
    assert verify_log(tmp_path / "log").sound


def test_a_failing_listener_stops_the_log_with_its_reason(tmp_path: Path) -> None:
    def refuse(seq: int) -> None:
        raise RuntimeError("listener broke")

    log = open_log(tmp_path / "log", "write", on_commit=refuse)
    log.append(tick_unit(log.head))
    with pytest.raises(LogError, match="listener broke"):
        while True:
            log.append(tick_unit(log.head))
    with pytest.raises(LogError):
        log.close()
    reader = open_log(tmp_path / "log")
    assert reader.head.seq >= 1
    reader.close()


def test_what_is_no_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "holiday.jpg").write_text("x")
    (tmp_path / "empty").mkdir()
    for name, reason in (("file", "is a file"), ("full", "not an Emberline log"), ("empty", "not an Emberline log")):
        with pytest.raises(LogUnreadable, match=reason):
            open_log(tmp_path / name)
    with pytest.raises(LogUnreadable, match="there is no log at"):
        open_log(tmp_path / "nothing")
    with pytest.raises(LogError, match="is a file"):
        open_log(tmp_path / "file", "write")
    with pytest.raises(LogError, match="not empty and not an Emberline log"):
        open_log(tmp_path / "full", "write")
    open_log(tmp_path / "empty", "write").close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(LogError, match="cannot be"):
        open_log(tmp_path / "closed", "write")


def test_a_parent_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LogError, match="cannot be used as a log"):
        open_log(tmp_path / "file" / "log", "write")


def test_a_log_of_a_newer_schema_is_not_guessed_at(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", "write")
    fill(log, 1)
    log.close()
    segment = editable_copy(tmp_path / "log", tmp_path / "segment")
    change(segment / "000000000001.events.duckdb", "UPDATE meta SET value = '7'")
    reader = open_log(segment)
    with pytest.raises(LogUnreadable, match=r"newer Emberline \(log schema 7, this one reads up to 1\)"):
        list(reader.read())
    reader.close()
    ledger = tmp_path / "log" / "ledger.jsonl"
    lines = ledger.read_bytes().split(b"\n", 1)
    ledger.write_bytes(msgspec.json.encode(LogBegun("emberline", 7)) + b"\n" + lines[1])
    for mode in ("read", "write"):
        with pytest.raises(LogUnreadable, match="newer Emberline"):
            open_log(tmp_path / "log", mode)


def test_a_kind_that_the_catalogue_does_not_know_is_named_with_its_seq(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", "write")
    fill(log, 2)
    log.close()
    copy = editable_copy(tmp_path / "log", tmp_path / "copy")
    change(copy / "000000000001.events.duckdb", "UPDATE events SET kind = 'Teleported' WHERE seq = 4")
    reader = open_log(copy)
    with pytest.raises(LogUnreadable, match="event 4 cannot be understood: unknown event kind 'Teleported'"):
        list(reader.read())
    assert len(list(reader.read(Selection(last=3)))) == 3
    reader.close()
