"""What every event log promises, held against each backend."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from kernel.events import Event, Ticked
from kernel.log.chain import chain_digest
from kernel.log.contract import GENESIS, EventLog, Head, LogError, Selection
from kernel.log.duckdb_log import open_log
from kernel.log.memory import MemoryLog
from tests.kernel.log_helpers import (
    CHANNEL,
    fill,
    frame_unit,
    payload_of,
    tick_unit,
)


@pytest.fixture(params=["memory", "duckdb"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    opened: EventLog = MemoryLog() if request.param == "memory" else open_log(tmp_path / "log", "write")
    yield opened
    opened.close()


def test_a_new_log_is_empty_and_begins_the_chain(log: EventLog) -> None:
    assert log.head == Head(0, 0, 0, GENESIS)
    assert log.committed == 0
    assert list(log.read()) == []
    assert list(log.payloads(1, 100)) == []


def test_what_was_appended_is_read_back_at_once_and_in_order(log: EventLog) -> None:
    events = fill(log, 10)
    assert list(log.read()) == events
    assert [event.seq for event in events] == list(range(1, 31))
    assert log.head.seq == 30
    assert log.head.fact_no == 20


def test_append_chains_the_events(log: EventLog) -> None:
    digest = GENESIS
    for event in fill(log, 3):
        payload_sha256 = getattr(event.body, "payload_sha256", None)
        digest = chain_digest(digest, event, payload_sha256)
        assert event.digest == digest
    assert log.head.digest == digest


def test_the_chain_digest_can_be_recomputed_from_its_description() -> None:
    event = Event(1, 1, 5, "clock", "Ticked", None, Ticked())
    expected = hashlib.sha256(bytes(32) + b'[1,1,5,"clock","Ticked",null]\n{}\n\n').digest()
    assert chain_digest(GENESIS, event, None) == expected
    expected = hashlib.sha256(bytes(32) + b'[1,1,5,"clock","Ticked",null]\n{}\nabcd\n').digest()
    assert chain_digest(GENESIS, event, "abcd") == expected


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(first=4, last=9), lambda e: 4 <= e.seq <= 9),
        (Selection(kinds=("Ticked",)), lambda e: e.kind == "Ticked"),
        (Selection(kinds=("Ticked", "FrameCaptured"), last=5), lambda e: e.kind != "ObjectsDetected" and e.seq <= 5),
        (Selection(sources=(CHANNEL,)), lambda e: e.source == CHANNEL),
        (Selection(sources=("it's", 'a "source"')), lambda e: False),
        (Selection(since=500, until=900), lambda e: 500 <= e.time <= 900),
        (Selection(facts_only=True, first=3), lambda e: e.is_fact and e.seq >= 3),
        (Selection(first=-5, last=10**12), lambda e: True),
        (Selection(first=8, last=3), lambda e: False),
        (Selection(kinds=()), lambda e: False),
    ],
)
def test_a_selection_picks_exactly_what_it_says(
    log: EventLog, selection: Selection, wanted: Callable[[Event], bool]
) -> None:
    events = fill(log, 6)
    assert list(log.read(selection)) == [event for event in events if wanted(event)]


def test_payloads_come_back_byte_for_byte(log: EventLog) -> None:
    fill(log, 40)
    assert log.payload(1) == payload_of(0)
    assert log.payload(7) == payload_of(2)
    assert list(log.payloads(1, log.head.seq)) == [(1 + 3 * n, payload_of(n)) for n in range(40)]
    assert list(log.payloads(2, 7)) == [(4, payload_of(1)), (7, payload_of(2))]


def test_a_payload_that_never_was_is_a_key_error(log: EventLog) -> None:
    fill(log, 1)
    for seq in (0, 2, 3, 99):
        with pytest.raises(KeyError, match=f"event {seq} is not a FrameCaptured"):
            log.payload(seq)


def test_a_unit_that_does_not_fit_is_refused_and_leaves_no_trace(log: EventLog) -> None:
    events = fill(log, 2)
    good = frame_unit(log.head, b"abc")
    head = log.head
    replace = msgspec.structs.replace
    bad_units: list[tuple[list[Event], bytes | None]] = [
        ([replace(good[0], seq=99)], b"abc"),
        ([good[0], replace(good[1], seq=good[0].seq)], b"abc"),
        ([replace(good[0], fact_no=99)], b"abc"),
        ([replace(good[0], time=1)], b"abc"),
        ([replace(good[0], kind="Ticked")], b"abc"),
        ([replace(good[0], cause=1)], b"abc"),
        ([good[0], replace(good[1], cause=None)], b"abc"),
        (good, b"abcd"),
        (tick_unit(head), b"abc"),
        ([replace(good[0], source="\ud800")], b"abc"),
    ]
    for unit, payload in bad_units:
        with pytest.raises(LogError):
            log.append(unit, payload)
    assert log.head == head
    assert list(log.read()) == events
    log.append(good, b"abc")
    assert log.payload(good[0].seq) == b"abc"


def test_an_empty_unit_changes_nothing(log: EventLog) -> None:
    assert log.append([]) == ()
    assert log.head == Head()


def test_text_of_every_kind_survives(log: EventLog) -> None:
    event = Event(1, 1, 0, "quotes ' \" \\ \n \x00 ß 漢字 😀", "Ticked", None, Ticked())
    (linked,) = log.append([event])
    assert list(log.read()) == [linked]
    assert list(log.read(Selection(sources=(event.source,)))) == [linked]


def test_after_sync_everything_is_committed(log: EventLog) -> None:
    fill(log, 5)
    log.sync()
    assert log.committed == log.head.seq == 15


def test_a_closed_log_may_be_closed_again_and_not_used(log: EventLog) -> None:
    fill(log, 1)
    log.close()
    log.close()
    for use in (lambda: log.append(tick_unit(log.head)), log.sync, log.read, lambda: log.payload(1)):
        with pytest.raises(LogError, match="closed"):
            use()


@pytest.mark.parametrize("backend", ["memory", "duckdb"])
def test_on_commit_hears_of_every_event_in_order(backend: str, tmp_path: Path) -> None:
    heard: list[int] = []
    log: EventLog = (
        MemoryLog(heard.append) if backend == "memory" else open_log(tmp_path / "log", "write", on_commit=heard.append)
    )
    fill(log, 3)
    log.close()
    assert heard == sorted(heard)
    assert heard[-1] == 9
