"""Retention: what goes first, what stays, and that nobody is alarmed by what went on purpose."""

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.ages import Ages
from kernel.events import AlarmCleared, AlarmRaised, ClockSet, Event, SegmentsPruned, SessionStarted
from kernel.evidence import AFTER_NS, BEFORE_NS, Evidence
from kernel.log.contract import LogError
from kernel.log.duckdb_log import open_log
from kernel.log.ledger_file import append_line, read_ledger
from kernel.log.ledger_lines import Pruned
from kernel.log.recovery import scrub
from kernel.log.retention import (
    Choice,
    Part,
    Policy,
    Stored,
    choose,
    merged,
    prune,
    prune_frames,
    remove_leftovers,
    stored_segments,
    waiting_bytes,
)
from kernel.log.room import Reserve, free_bytes, margins_for, used_bytes
from kernel.log.rotation import SEGMENT_BYTES
from kernel.log.verify import verify_log
from support.waiting import wait_until
from tests.kernel.log_helpers import FIRST, SECOND, fill, three_segments

POLICY = Policy(quota_bytes=1000, expire_ns=100, evidence_expire_ns=300, events_expire_ns=1000)


def segments(frames: list[int], evidence: list[bool]) -> list[Stored]:
    """Segments of ten seqs and ten ns each."""
    pairs = enumerate(zip(frames, evidence, strict=True))
    return [
        Stored(10 * n + 1, 10 * n + 10, 10 * n, 10 * n + 10, size, 5, 10 * n + 10, kept) for n, (size, kept) in pairs
    ]


sizes = st.lists(st.integers(0, 50), min_size=1, max_size=30)


@settings(max_examples=200)
@given(frames=sizes, data=st.data(), now=st.integers(0, 2000), excess=st.integers(0, 800))
def test_frames_go_by_age_then_oldest_first_evidence_last_and_no_more_than_needed(
    frames: list[int], data: st.DataObject, now: int, excess: int
) -> None:
    evidence = data.draw(st.lists(st.booleans(), min_size=len(frames), max_size=len(frames)))
    stored = segments(frames, evidence)
    choices = [choice for choice in choose(stored, POLICY, now, over_quota=excess) if choice.part == "frames"]
    gone = {choice.segment.first_seq for choice in choices}
    assert len(gone) == len(choices)
    for segment in stored:
        if segment.frames and now - segment.ended > (300 if segment.evidence else 100):
            assert segment.first_seq in gone
    by_quota = [choice.segment for choice in choices if choice.why == "quota"]
    kept = [segment for segment in stored if segment.frames and segment.first_seq not in gone]
    for segment in by_quota:
        for other in kept:
            assert (segment.evidence, segment.ended) < (other.evidence, other.ended)
    freed = sum(choice.bytes for choice in choices)
    assert freed >= excess or not kept
    if by_quota:
        assert freed - by_quota[-1].frames < excess


@given(frames=sizes, now=st.integers(0, 2000))
def test_events_go_in_order_from_the_start_and_only_after_their_frames(frames: list[int], now: int) -> None:
    stored = segments(frames, [False] * len(frames))
    choices = choose(stored, POLICY, now)
    events = [choice.segment.first_seq for choice in choices if choice.part == "events"]
    assert events == [segment.first_seq for segment in stored[: len(events)]]
    assert all(now - stored[n].ended > 1000 for n in range(len(events)))


@given(st.lists(st.integers(0, 300), min_size=1, max_size=20), st.integers(0, 20), st.none() | st.integers(0, 1500))
def test_segments_whose_events_take_more_than_half_of_the_room_go_whole_and_from_the_start(
    sizes: list[int], pruned: int, room: int | None
) -> None:
    stored = [
        Stored(10 * n + 1, 10 * n + 10, 10 * n, 10 * n + 10, 0 if n < pruned else 1, size, 0, evidence=True)
        for n, size in enumerate(sizes)
    ]
    choices = choose(stored, POLICY, now=50, room=room)
    gone = [choice.segment for choice in choices if choice.part == "events"]
    left = [segment for segment in stored if segment.events and segment not in gone]
    half = min(POLICY.filled_at, POLICY.filled_at if room is None else room) // 2
    assert all(choice.why in ("quota", "disk") for choice in choices)
    assert [choice.segment for choice in choices if choice.part == "frames"] == [s for s in gone if s.frames]
    assert gone == [segment for segment in stored if segment.events][: len(gone)]
    assert sum(segment.events for segment in left) <= half
    if gone:
        assert gone[-1].events + sum(segment.events for segment in left) > half


def test_a_quota_for_years_is_kept_although_events_outlive_their_frames() -> None:
    policy = Policy(quota_bytes=1000, expire_ns=10**6, evidence_expire_ns=10**6, events_expire_ns=10**9)
    stored: list[Stored] = []
    for n in range(500):
        stored.append(Stored(10 * n + 1, 10 * n + 10, 10 * n, 10 * n + 10, 30, 7, 10 * n + 10, n % 50 == 0))
        used = sum(segment.frames + segment.events for segment in stored)
        for choice in choose(stored, policy, 10 * n + 10, over_quota=max(0, used - policy.filled_at)):
            at = next(i for i, segment in enumerate(stored) if segment.first_seq == choice.segment.first_seq)
            stored[at] = msgspec.structs.replace(stored[at], **{choice.part: 0})
        assert sum(segment.frames + segment.events for segment in stored) <= policy.filled_at
        assert stored[-1].frames
    assert sum(segment.frames > 0 for segment in stored) >= 8 and sum(segment.events > 0 for segment in stored) >= 40


def test_what_waits_to_be_sealed_is_what_the_ledger_does_not_name_but_the_segment_being_written(tmp_path: Path) -> None:
    directory = tmp_path / "log"
    log = open_log(directory, "write", segment_bytes=2000)
    before = read_ledger(directory)
    fill(log, 9)
    log.sync()
    wait_until(lambda: len(read_ledger(directory).sealed) == len(log.segment_starts) - 1)
    assert waiting_bytes(directory, read_ledger(directory)) == []
    sealed = sum(path.stat().st_size for path in directory.glob("*.duckdb") if path.stat().st_mode & 0o222 == 0)
    assert sum(waiting_bytes(directory, before)) == sealed > 0
    log.close()


def test_segments_are_small_where_the_quota_is() -> None:
    def segment_mb(quota_mb: int) -> float:
        return Policy(quota_mb * 1_000_000, 1, 1).segment_bytes / 1e6

    assert segment_mb(100) == 12.5
    assert segment_mb(20_000) == SEGMENT_BYTES / 1e6


def test_without_overwrite_nothing_goes_before_its_time() -> None:
    policy = Policy(1000, expire_ns=100, evidence_expire_ns=100, overwrite=False)
    assert choose(segments([10, 10], [False, False]), policy, now=50, over_quota=500, short_of=500, room=0) == []


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted).map(tuple)))
def test_merged_stretches_cover_the_same_moments_without_overlaps(stretches: list[tuple[int, int]]) -> None:
    out = merged(stretches)
    for moment in range(101):
        assert any(a <= moment <= b for a, b in out) == any(a <= moment <= b for a, b in stretches)
    assert all(a[1] < b[0] for a, b in pairwise(out))


def alarm(seq: int, time: int) -> Event:
    body = AlarmRaised("thermal", "gate", "intrusion", 1, 1, "human", (0, 0, 1, 1), 1, 1)
    return Event(seq, seq, time, "rule.gate", "AlarmRaised", 1, body)


def test_what_a_session_without_civil_time_recorded_is_as_old_as_the_next_one_that_knows_it() -> None:
    ages = Ages()
    started = SessionStarted("run", 1, {}, ())
    for seq, (time, body) in enumerate(
        [(0, started), (50, started), (10**18, started), (10**18, ClockSet(0, "")), (10**18 + 90, started)], 1
    ):
        ages.note(Event(seq, seq, time, "session", type(body).__name__, None, body))
    assert [ages.counted_from(moment) for moment in (5, 60, 10**18 + 7)] == [10**18, 10**18, 10**18 + 7]
    assert ages.counted_from(10**18 + 95) == 10**18 + 95


def test_an_alarm_keeps_what_was_before_and_after_it() -> None:
    evidence, second = Evidence(), 1_000_000_000
    evidence.note(alarm(7, 100 * second))
    assert evidence.stretches()[0][0] == 100 * second - BEFORE_NS
    assert evidence.stretches()[0][1] > 10**6 * second
    cleared = AlarmCleared(7, "thermal", "gate", 1, "target_gone")
    evidence.note(Event(9, 9, 130 * second, "rule.gate", "AlarmCleared", 8, cleared))
    assert evidence.stretches() == [(100 * second - BEFORE_NS, 130 * second + AFTER_NS)]
    evidence.forget_before(200 * second)
    assert evidence.stretches() == []


def chosen(path: Path, part: Part, first_seq: int) -> Choice:
    (found,) = [s for s in stored_segments(path, read_ledger(path)) if s.first_seq == first_seq]
    return Choice(found, part, "expired")


def test_the_segment_of_an_alarm_is_evidence(tmp_path: Path) -> None:
    path = three_segments(tmp_path / "log")
    ledger = read_ledger(path)
    middle = (ledger.sealed[0].last_time + 1, ledger.sealed[1].last_time - 1)
    assert [s.evidence for s in stored_segments(path, ledger, [middle])] == [False, True, False]


def test_pruned_frames_are_named_and_alarm_nobody(tmp_path: Path) -> None:
    path = three_segments(tmp_path / "log")
    prune(path, [chosen(path, "frames", 1), chosen(path, "frames", 31)])
    result = verify_log(path)
    assert result.sound and result.pruned == (FIRST, SECOND)
    assert scrub(path) == ()
    log = open_log(path)
    assert log.payload(1) is None
    assert len(list(log.read())) == 90
    log.close()


def test_a_reader_that_was_there_before_takes_pruned_frames_for_expired(tmp_path: Path) -> None:
    path = three_segments(tmp_path / "log")
    log = open_log(path)
    prune(path, [chosen(path, "frames", 1)])
    assert log.payload(1) is None
    assert log.payload(31) is not None
    log.close()


def test_pruned_events_leave_a_log_that_is_sound_read_and_written_on(tmp_path: Path) -> None:
    path = three_segments(tmp_path / "log")
    prune(path, [chosen(path, "frames", 1), chosen(path, "events", 1)])
    assert not (path / f"{FIRST}.events.duckdb").exists()
    result = verify_log(path)
    assert result.sound and result.pruned == (FIRST, f"{FIRST} events")
    assert result.events == 60
    log = open_log(path, "write")
    assert log.recovered == ()
    fill(log, 1)
    log.close()
    log = open_log(path)
    assert [event.seq for event in log.read()] == list(range(31, 94))
    assert len(log.typed("Ticked")) == 21
    log.close()
    assert scrub(path) == ()


def test_files_that_a_crash_left_after_they_were_pruned_go_at_the_next_start(tmp_path: Path) -> None:
    path = three_segments(tmp_path / "log")
    append_line(path, Pruned(FIRST, "frames"))
    assert verify_log(path).sound
    remove_leftovers(path)
    assert not (path / f"{FIRST}.frames.duckdb").exists()
    assert verify_log(path).sound


def test_a_missing_frames_file_that_nobody_pruned_is_still_found(tmp_path: Path) -> None:
    path = three_segments(tmp_path / "log")
    prune(path, [chosen(path, "frames", 1)])
    (path / f"{SECOND}.frames.duckdb").unlink()
    assert not verify_log(path).sound


def test_the_reserve_takes_room_and_gives_it_back(tmp_path: Path) -> None:
    before = used_bytes(tmp_path)
    reserve = Reserve(tmp_path, 4_000_000)
    assert reserve.set_up() and (tmp_path / "reserve").stat().st_blocks * 512 >= 4_000_000
    assert used_bytes(tmp_path) == before
    reserve.give_up()
    reserve.give_up()
    assert not reserve.is_there


def test_a_reserve_larger_than_the_disk_is_not_had_and_leaves_nothing(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path, 2 * free_bytes(tmp_path))
    assert not reserve.set_up()
    assert not reserve.is_there


@given(st.integers(1, 1 << 50))
def test_margins_are_in_order_on_any_disk(total: int) -> None:
    margins = margins_for(total)
    assert margins.reserve <= margins.give_up <= margins.stop <= margins.resume <= margins.scarce <= total


def test_segments_that_do_not_exist_cannot_be_pruned(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no sealed segment"):
        prune_frames(three_segments(tmp_path / "log"), 2)


def test_what_was_pruned_and_no_event_says_so_is_told_apart(tmp_path: Path) -> None:
    path = three_segments(tmp_path / "log")
    prune_frames(path, int(FIRST))
    prune_frames(path, int(SECOND))
    log = open_log(path, "write")
    body = SegmentsPruned("frames", (SECOND,), 1000, "quota")
    head = log.head
    log.append([Event(head.seq + 1, head.fact_no + 1, head.time, "storage", "SegmentsPruned", None, body)])
    log.close()
    verdict = verify_log(path)
    assert (verdict.sound, verdict.pruned, verdict.untold) == (True, (FIRST, SECOND), (FIRST,))
