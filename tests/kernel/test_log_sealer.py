"""The sealer: a process beside the writer that makes segments final, and may die at any moment."""

import os
import signal
import time
from pathlib import Path

import pytest

from kernel.log.contract import Selection
from kernel.log.duckdb_log import DuckDBLog, open_log
from kernel.log.ledger_file import read_ledger
from kernel.log.verify import verify_log
from tests.kernel.log_helpers import editable_copy, fill, found_sound, payload_of, writing_child

WITHIN_S = 60.0


def until(what: object, log: DuckDBLog, path: Path) -> None:
    """Wait until the ledger has `what` seals."""
    end = time.monotonic() + WITHIN_S
    while len(read_ledger(path).sealed) != what:
        assert time.monotonic() < end, "nothing is sealed"
        time.sleep(0.02)


def test_segments_are_sealed_while_the_writer_goes_on(tmp_path: Path) -> None:
    log = open_log(tmp_path, "write", segment_bytes=2000)
    events = fill(log, 9)
    log.sync()
    until(4, log, tmp_path)
    sealer = log.sealer_process
    assert sealer is not None
    least = 19  # a test run may be there already
    assert os.getpriority(os.PRIO_PROCESS, sealer) >= min(os.getpriority(os.PRIO_PROCESS, 0) + 1, least)
    assert [path.stat().st_mode & 0o222 for path in sorted(tmp_path.glob("*.events.duckdb"))[:4]] == [0] * 4
    events += fill(log, 9)
    assert list(log.read()) == events
    log.close()
    assert found_sound(tmp_path) == (54, 18)


def test_a_log_of_one_segment_needs_no_process(tmp_path: Path) -> None:
    log = open_log(tmp_path, "write")
    fill(log, 3)
    log.sync()
    assert log.sealer_process is None
    log.close()
    assert found_sound(tmp_path) == (9, 3)


def test_what_was_just_handed_over_can_be_read_at_once(tmp_path: Path) -> None:
    log = open_log(tmp_path, "write", segment_bytes=2000)
    for number in range(12):
        fill(log, 1)
        assert [event.seq for event in log.read()] == list(range(1, 3 * number + 4))
        assert log.payload(1) == payload_of(0)
    log.close()
    assert found_sound(tmp_path) == (36, 12)


@pytest.mark.parametrize("kills", [1, 4])
def test_a_sealer_that_is_killed_is_replaced_and_nothing_is_lost(kills: int, tmp_path: Path) -> None:
    log = open_log(tmp_path, "write", segment_bytes=2000)
    for round in range(kills):
        fill(log, 9)
        log.sync()
        if log.sealer_process is not None:
            time.sleep(0.05 * round)
            os.kill(log.sealer_process, signal.SIGKILL)
    fill(log, 9)
    log.close()
    assert found_sound(tmp_path) == (27 * (kills + 1), 9 * (kills + 1))
    read = open_log(tmp_path)
    assert read.recovered == ()
    assert len(list(read.read(Selection(kinds=("FrameCaptured",))))) == 9 * (kills + 1)
    read.close()


_MANY = """
log.close()
log = open_log({path!r}, "write", segment_bytes=2000)
print("again", flush=True)
fill_for_ever(log)
"""


@pytest.mark.parametrize("after_s", [0.2, 1.0])
def test_a_writer_killed_with_segments_at_the_sealer_is_read_and_recovered(after_s: float, tmp_path: Path) -> None:
    path = tmp_path / "log"
    child = writing_child(path, _MANY.format(path=str(path)))
    assert child.stdout is not None
    while child.stdout.readline() != "again\n":
        pass
    time.sleep(after_s)
    child.kill()
    child.wait()
    read = open_log(path)
    seqs = [event.seq for event in read.read()]
    assert seqs == list(range(1, read.head.seq + 1))
    assert read.recovered == ()
    read.close()
    log = open_log(path, "write")
    assert (log.head.seq, log.recovered) == (len(seqs), ())
    log.close()
    assert found_sound(path)[0] == len(seqs)


_HELD_BACK = """
import kernel.log.sealing_desk
kernel.log.sealing_desk.MOST_STARTS = 0  # as if no process could be had
log.close()
log = open_log({path!r}, "write", segment_bytes=2000)
fill(log, 9)
log.append(tick_unit(log.head))
log.sync()
print("written", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def held_back(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log whose writer was killed with several segments closed and none of them sealed."""
    path = tmp_path_factory.mktemp("held") / "log"
    writing_child(path, _HELD_BACK.format(path=str(path))).communicate(timeout=60)
    assert len(list(path.glob("*.frames.duckdb"))) - len(read_ledger(path).sealed) >= 3
    return path


@pytest.mark.parametrize("which", [0, 1, -1])
def test_frames_that_go_between_closing_and_sealing_are_missed_by_all(
    which: int, held_back: Path, tmp_path: Path
) -> None:
    path = editable_copy(held_back, tmp_path / "log")
    sealed = {line.segment for line in read_ledger(path).sealed}
    gone = [file for file in sorted(path.glob("*.frames.duckdb")) if file.name[:12] not in sealed][which]
    for file in path.glob(f"{gone.name}*"):
        file.unlink()
    verdict = verify_log(path)
    assert not verdict.sound
    assert (verdict.first_bad_seq or 0) - int(gone.name[:12]) in (0, 1)  # its first frame, perhaps after a tick
    assert "were committed and are not there" in verdict.reason
    read = open_log(path)
    assert [(found.what, found.where) for found in read.recovered] == [("payloads_lost", gone.name[:12])]
    read.close()
    log = open_log(path, "write")
    assert [(found.what, found.where) for found in log.recovered] == [("payloads_lost", gone.name[:12])]
    log.close()
    assert verify_log(path).quarantined[0].startswith(f"payloads of frames {verdict.first_bad_seq} to ")


def test_a_segment_without_its_frames_is_not_sealed_as_if_it_never_had_any(tmp_path: Path) -> None:
    log = open_log(tmp_path, "write", segment_bytes=2000)
    fill(log, 6)
    log.sync()
    until(2, log, tmp_path)
    assert log.sealer_process is not None
    os.kill(log.sealer_process, signal.SIGSTOP)
    fill(log, 9)
    log.sync()
    waiting = sorted(tmp_path.glob("*.frames.duckdb.wal"))[0]
    for file in (waiting, waiting.with_suffix("")):
        file.unlink()
    os.kill(log.sealer_process, signal.SIGCONT)
    log.close()
    assert f"{waiting.name[:12]}.frames.duckdb was gone before the segment was sealed" in verify_log(tmp_path).reason
