"""The chain digest: one SHA-256 over everything up to and including an event.

    digest = SHA-256( previous ‖ envelope ‖ LF ‖ body ‖ LF ‖ payload ‖ LF )

`previous` is the digest of the event before, 32 bytes, 32 zero bytes before the first. `envelope` is the JSON array
`[seq,fact_no,time,source,kind,cause]` and `body` the body's JSON exactly as it is stored, both UTF-8 without white
space, with `null` for no cause. `payload` is the SHA-256 of the stored payload in lower-case hexadecimal, and empty
where the event names none (see `events.WITH_PAYLOAD`). JSON holds no bare line feed, so no two events give the same
bytes. The payload itself is not needed: after it has expired the chain still proves the rest.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from kernel.events import FACTS, KINDS, WITH_PAYLOAD, Event, FrameCaptured, StateKept, encode_body
from kernel.log.contract import Head, LogError

_FACT_KINDS = frozenset(body.__name__ for body in FACTS)
PAYLOAD_KINDS = tuple(body.__name__ for body in WITH_PAYLOAD)
"""The kinds of events that name a payload."""


class Row(msgspec.Struct, frozen=True):
    """An event as it is stored: the envelope, the body's JSON and the chain digest."""

    seq: int
    fact_no: int
    time: int
    source: str
    kind: str
    cause: int | None
    body: str
    digest: bytes


class _PayloadNamed(msgspec.Struct):
    payload_sha256: str


def row_digest(previous: bytes, row: Row, payload_sha256: str | None) -> bytes:
    """The chain digest of a stored event (its own `digest` is not looked at)."""
    envelope = msgspec.json.encode((row.seq, row.fact_no, row.time, row.source, row.kind, row.cause))
    payload = (payload_sha256 or "").encode()
    return hashlib.sha256(b"".join((previous, envelope, b"\n", row.body.encode(), b"\n", payload, b"\n"))).digest()


def chain_digest(previous: bytes, event: Event, payload_sha256: str | None) -> bytes:
    """The chain digest of `event` after an event whose digest is `previous`; 32 bytes."""
    return row_digest(previous, row_of(event), payload_sha256)


def named_payload(row: Row) -> str | None:
    """The payload's SHA-256 that a stored event names, None for the kinds that name none.

    Raises `ValueError` where the body does not name it as it should.
    """
    if row.kind not in PAYLOAD_KINDS:
        return None
    try:
        return msgspec.json.decode(row.body, type=_PayloadNamed).payload_sha256
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None


class BrokenChain(Exception):
    """A stored event is not what was written after the one before it."""

    def __init__(self, seq: int, reason: str) -> None:
        super().__init__(reason)
        self.seq = seq
        self.reason = reason


def follow(head: Head, row: Row) -> Head:
    """The head after a stored event that follows `head`. Raises `BrokenChain` where it does not follow."""
    is_fact = row.cause is None
    if row.seq != head.seq + 1:
        raise BrokenChain(head.seq + 1, f"event {row.seq} stands where {head.seq + 1} should")
    if is_fact and row.fact_no != head.fact_no + 1:
        raise BrokenChain(row.seq, f"event {row.seq} is fact {row.fact_no}, after fact {head.fact_no}")
    if is_fact and row.time < head.time:
        raise BrokenChain(row.seq, f"event {row.seq} goes back in time")
    if is_fact != (row.kind in _FACT_KINDS):
        raise BrokenChain(row.seq, f"event {row.seq} of kind {row.kind} contradicts its cause")
    try:
        digest = row_digest(head.digest, row, named_payload(row))
    except ValueError as error:
        raise BrokenChain(row.seq, f"the body of event {row.seq} was changed: {error}") from None
    if digest != row.digest:
        raise BrokenChain(row.seq, f"event {row.seq} was changed: its chain digest is another one")
    fact_no, time = (row.fact_no, row.time) if is_fact else (head.fact_no, head.time)
    return Head(row.seq, fact_no, time, digest)


def link(head: Head, events: Sequence[Event]) -> tuple[tuple[Event, ...], tuple[Row, ...], Head]:
    """Chain a unit to the log that ends at `head`.

    Returns the events with their digests, the rows to store, and the head after them. Raises `LogError` where a seq
    or fact_no is not the next one, a fact goes back in time, or an envelope contradicts its body.
    """
    linked: list[Event] = []
    rows: list[Row] = []
    for event in events:
        _check(head, event)
        row = row_of(event)
        payload_sha256 = event.body.payload_sha256 if isinstance(event.body, FrameCaptured | StateKept) else None
        digest = row_digest(head.digest, row, payload_sha256)
        linked.append(msgspec.structs.replace(event, digest=digest))
        rows.append(msgspec.structs.replace(row, digest=digest))
        last_fact = event if event.is_fact else head
        head = Head(event.seq, last_fact.fact_no, last_fact.time, digest)
    return tuple(linked), tuple(rows), head


def row_of(event: Event) -> Row:
    """An event as it is stored, without its digest. Raises `LogError` where it cannot be written as JSON."""
    try:
        body = encode_body(event.body).decode()
        event.source.encode()
    except (ValueError, TypeError, msgspec.MsgspecError) as error:
        raise LogError(f"event {event.seq}: {event.kind} cannot be written as JSON: {error}") from None
    return Row(event.seq, event.fact_no, event.time, event.source, event.kind, event.cause, body, b"")


def _check(head: Head, event: Event) -> None:
    kind = type(event.body).__name__
    if event.seq != head.seq + 1:
        raise LogError(f"event {event.seq} cannot follow event {head.seq}: the next seq is {head.seq + 1}")
    if event.kind != kind or kind not in KINDS:
        raise LogError(f"event {event.seq}: kind {event.kind!r} with a body of {kind!r}")
    if (kind in _FACT_KINDS) != event.is_fact:
        raise LogError(f"event {event.seq}: a fact has no cause and a derived event has one, {kind} is otherwise here")
    if event.is_fact and event.fact_no != head.fact_no + 1:
        raise LogError(f"event {event.seq}: fact {event.fact_no} cannot follow fact {head.fact_no}")
    if event.is_fact and event.time < head.time:
        raise LogError(f"event {event.seq}: logical time {event.time} is before {head.time}")
