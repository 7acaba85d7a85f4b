"""The outcome digest: one SHA-256 over all that the fold concluded, equal in every run mode and log layout."""

import hashlib
from collections.abc import Iterable

import msgspec

from kernel.events import Event, StateKept, encode_body
from kernel.references import Draft, SessionForm


class OutcomeDigest:
    """SHA-256 over the derived events' (session time, source, kind, body in session form), in order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.events = 0

    def add(self, draft: Draft) -> None:
        head = msgspec.json.encode([draft.time, draft.source, type(draft.body).__name__])
        self._hash.update(head + encode_body(draft.body) + b"\n")
        self.events += 1

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def outcome_of(session: Iterable[Event], origin: int) -> OutcomeDigest:
    """The outcome digest of a session's logged events, given in order of seq; facts are passed over."""
    form, digest = SessionForm(origin), OutcomeDigest()
    for event in session:
        if event.is_fact:
            form.note_fact(event)
        elif not isinstance(event.body, StateKept):
            digest.add(form.draft(event))
    return digest
