"""A log in memory: for what-ifs, sweeps and tests. It forgets everything with the process."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from kernel.events import WITH_PAYLOAD, Event
from kernel.log.chain import link, row_of
from kernel.log.contract import Head, LogError, Recovery, Selection
from kernel.log.database import Database
from kernel.log.reading import typed_rows
from kernel.log.units import check_payload


class MemoryLog:
    """An `EventLog` whose disk is a list."""

    def __init__(self, on_commit: Callable[[int], None] | None = None) -> None:
        self._events: list[Event] = []
        self._payloads: dict[int, bytes] = {}
        self._head = Head()
        self._on_commit = on_commit
        self._closed = False

    @property
    def head(self) -> Head:
        return self._head

    @property
    def committed(self) -> int:
        return self._head.seq

    @property
    def recovered(self) -> tuple[Recovery, ...]:
        return ()

    @property
    def segment_is_due(self) -> bool:
        return False

    def segment_may_end(self, payload_bytes: int, time: int) -> bool:
        return False

    def limit_segments(self, payload_bytes: int) -> None:
        """It has one segment whatever happens."""

    @property
    def segment_starts(self) -> tuple[int, ...]:
        return (1,) if self._events else ()

    def append(self, events: Sequence[Event], payload: bytes | None = None) -> tuple[Event, ...]:
        self._check_open()
        linked, _, head = link(self._head, events)
        frame = check_payload(linked, payload)
        if frame is not None and payload is not None:
            self._payloads[frame] = payload
        self._events += linked
        self._head = head
        if linked and self._on_commit is not None:
            self._on_commit(head.seq)
        return linked

    def sync(self) -> None:
        self._check_open()

    def read(self, selection: Selection = Selection()) -> Iterator[Event]:
        self._check_open()
        first = 1 if selection.first is None else max(1, selection.first)
        last = self._head.seq if selection.last is None else min(self._head.seq, selection.last)
        return (event for event in self._events[first - 1 : max(0, last)] if _selected(selection, event))

    def typed(self, kind: str, selection: Selection = Selection()) -> Any:
        events = self.read(msgspec.structs.replace(selection, kinds=(kind,)))
        database = Database()
        try:
            return typed_rows(database, kind, [row_of(event) for event in events])
        finally:
            database.close()

    def payload(self, seq: int) -> bytes | None:
        self._check_open()
        if not (1 <= seq <= self._head.seq and isinstance(self._events[seq - 1].body, WITH_PAYLOAD)):
            raise KeyError(f"event {seq} is not a FrameCaptured of this log")
        return self._payloads.get(seq)

    def payloads(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        self._check_open()
        return iter([(seq, payload) for seq, payload in self._payloads.items() if first <= seq <= last])

    def close(self) -> None:
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise LogError("the log is closed")


def _selected(selection: Selection, event: Event) -> bool:
    return (
        (selection.kinds is None or event.kind in selection.kinds)
        and (selection.sources is None or event.source in selection.sources)
        and (selection.since is None or event.time >= selection.since)
        and (selection.until is None or event.time <= selection.until)
        and (selection.first_fact is None or event.fact_no >= selection.first_fact)
        and (selection.last_fact is None or event.fact_no <= selection.last_fact)
        and (event.is_fact or not selection.facts_only)
        and not (event.is_fact and selection.derived_only)
    )
