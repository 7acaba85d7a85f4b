"""Folding recorded facts again, with the Engine that runs live."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from kernel.engine import Engine
from kernel.events import Event, FrameCaptured
from kernel.log.contract import EventLog
from kernel.outcome import OutcomeDigest
from kernel.payloads import FrameDecoder, PayloadDamaged
from kernel.references import SeqForm
from replay.sessions import Session

Progress = Callable[[int, int], None]
"""Told (facts done, facts in all)."""


class FramesMissing(Exception):
    """A session cannot be refolded: frames that it needs have expired or are missing."""


def refold(
    log: EventLog,
    session: Session,
    engine: Engine,
    next_seq: Callable[[], int],
    outcome: OutcomeDigest,
    progress: Progress | None = None,
) -> Iterator[list[Event]]:
    """Fold the session's facts with `engine`; for each fact the derived events in log order, without chain digests.

    `next_seq` gives the seq that the next derived event has, or is to have; `outcome` takes in each of them.
    Raises `FramesMissing` where a frame's payload is not in the log any more.
    """
    form, pixels = SeqForm(), Pixels(log, session)
    total = session.last_fact - session.first_fact + 1
    for done, fact in enumerate(log.read(session.facts()), 1):
        before, after = engine.handle(fact, pixels.of(fact))
        place = partial(form.event, origin=session.origin)
        events = [place(draft, seq=next_seq(), fact_no=fact.fact_no - 1) for draft in before]
        form.note_fact(fact)
        events += [place(draft, seq=next_seq(), fact_no=fact.fact_no) for draft in after]
        for draft in (*before, *after):
            outcome.add(draft)
        form.forget_if_many(engine.references)
        yield events
        if progress is not None:
            progress(done, total)


class Pixels:
    """The decoded frames of a session, asked for in order."""

    def __init__(self, log: EventLog, session: Session) -> None:
        last = log.head.seq
        self._payloads = log.payloads(session.started.seq, last)
        self._next = next(self._payloads, None)
        self._decoders: dict[str, FrameDecoder] = {}

    def of(self, fact: Event) -> np.ndarray | None:
        """(height, width) uint8 or uint16 of a FrameCaptured; None for other facts and for damaged frames."""
        if not isinstance(fact.body, FrameCaptured):
            return None
        while self._next is not None and self._next[0] < fact.seq:
            self._next = next(self._payloads, None)
        if self._next is None or self._next[0] != fact.seq:
            raise FramesMissing(f"the payload of frame seq {fact.seq} ({fact.source}) is not in the log any more")
        decoder = self._decoders.setdefault(fact.source, FrameDecoder())
        try:
            return decoder.decode(fact.body, self._next[1])
        except PayloadDamaged:
            return None
