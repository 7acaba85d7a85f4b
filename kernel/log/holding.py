"""Holding what a segment stores against the chain and against the digests that its events name."""

import hashlib
from collections.abc import Iterator

import msgspec

from kernel.log.chain import BrokenChain, Row, follow, named_payload
from kernel.log.contract import Head, LogUnreadable
from kernel.log.reading import Reader, Span

_AT_ONCE = 32


class Payloads(msgspec.Struct):
    """`stored` counts the payloads, `gone` are the frames without a sound one, `trouble` the first that is damaged."""

    stored: int
    gone: list[int]
    trouble: str


def walk(reader: Reader, span: Span, before: Head | None) -> tuple[Head | None, str]:
    """Follow the chain through a span: the head after its last sound event, and what is wrong with the next.

    `before` None means that the event before is not known: the first one is then taken as it is.
    """
    head = before
    try:
        reader.schema(span)
        for row in _rows(reader, span):
            head = Head(row.seq, row.fact_no, row.time, row.digest) if head is None else follow(head, row)
        last = span.first_seq - 1 if head is None else head.seq
        if reader.count(span) != last - span.first_seq + 1:
            return head, "there are events twice or out of place"
        if last < span.last_seq:
            return head, f"event {last + 1} is missing"
    except (LogUnreadable, BrokenChain) as error:
        return head, str(error)
    return head, ""


def hold_payloads(reader: Reader, span: Span) -> Payloads:
    """Hold every payload of a span whose events are sound against the digest that its event names."""
    try:
        named = {row.seq: named_payload(row) for row in _rows(reader, span) if named_payload(row)}
    except LogUnreadable as error:
        return Payloads(0, [], str(error))
    try:
        stored = reader.framed_seqs(span, span.first_seq, span.last_seq)
    except LogUnreadable as error:
        return Payloads(0, list(named), str(error))
    sound: set[int] = set()
    trouble = ""
    for seq, payload in _read(reader, span, stored):
        if payload is not None and hashlib.sha256(payload).hexdigest() == named.get(seq):
            sound.add(seq)
        elif not trouble:
            trouble = f"the payload of event {seq} is damaged"
    return Payloads(len(stored), [seq for seq in named if seq not in sound], trouble)


def payload_or_none(reader: Reader, span: Span, seq: int) -> bytes | None:
    """One payload, None where it cannot be read."""
    try:
        return next((payload for _, payload in reader.payloads_of(span, seq, seq)), None)
    except LogUnreadable:
        return None


def _rows(reader: Reader, span: Span) -> Iterator[Row]:
    return reader.rows(span) if span.last_seq >= span.first_seq else iter(())


def _read(reader: Reader, span: Span, seqs: list[int]) -> Iterator[tuple[int, bytes | None]]:
    """The payloads of these events; one by one, None for the damaged ones, where some cannot be read."""
    for start in range(0, len(seqs), _AT_ONCE):
        some = seqs[start : start + _AT_ONCE]
        try:
            yield from list(reader.payloads_of(span, some[0], some[-1]))
        except LogUnreadable:
            for seq in some:
                yield seq, payload_or_none(reader, span, seq)
