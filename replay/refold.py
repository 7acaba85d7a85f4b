"""Folding recorded facts again, with the Engine that runs live."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from kernel.engine import Engine
from kernel.events import Event, FrameCaptured, StateKept
from kernel.kept import unpack
from kernel.log.contract import EventLog
from kernel.outcome import OutcomeDigest
from kernel.payloads import FrameDecoder, PayloadDamaged
from kernel.references import SeqForm
from replay.frames import FramesMissing, decode_frame, run_of_frames
from replay.parts import Part, whole
from replay.sessions import Session

Progress = Callable[[int, int], None]
"""Told (facts done, facts in all)."""


def refold(
    log: EventLog,
    of: Session | Part,
    engine: Engine,
    next_seq: Callable[[], int],
    outcome: OutcomeDigest,
    progress: Progress | None = None,
    ahead: Callable[[Event, SeqForm], None] | None = None,
) -> Iterator[list[Event]]:
    """Fold the facts of a session, or a part of it, with `engine`, a new one; for each fact the derived events in log
    order, without chain digests.

    `next_seq` gives the seq that the next derived event has, or is to have; `outcome` takes in each of them; `ahead`
    hears of each fact before it is folded.
    Raises `FramesMissing` where a frame's payload, or the state that the part begins with, is not in the log any
    more, `StateDamaged` where that state is not one of this software.
    """
    part = of if isinstance(of, Part) else whole(of)
    session, form = part.session, SeqForm()
    if part.kept is not None:
        resume(log, part.kept, engine, form)
    pixels = Pixels(log, part)
    for done, fact in enumerate(log.read(part.facts()), 1):
        if ahead is not None:
            ahead(fact, form)
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
            progress(done, part.size)


def resume(log: EventLog, kept: Event, engine: Engine, form: SeqForm) -> None:
    """Put a new Engine and form where the fold was at a StateKept. Raises `FramesMissing`, `StateDamaged`."""
    assert isinstance(kept.body, StateKept)
    payload = log.payload(kept.seq)
    if payload is None:
        raise FramesMissing(f"the state kept at seq {kept.seq} has expired with its segment's frames")
    state = unpack(kept.body, payload)
    engine.restore(state.engine)
    form.restore(state.form)


class Pixels:
    """The decoded frames of a session, or a part of one, asked for in order."""

    def __init__(self, log: EventLog, of: Session | Part) -> None:
        self._log = log
        first_fact = next(log.read(of.facts()))
        self._payloads = log.payloads(first_fact.seq, log.head.seq)
        self._next = next(self._payloads, None)
        self._decoders: dict[str, FrameDecoder] = {}
        self._goes_on = isinstance(of, Part) and of.kept is not None

    def of(self, fact: Event) -> np.ndarray | None:
        """(height, width) uint8 or uint16 of a FrameCaptured; None for other facts and for damaged frames."""
        if not isinstance(fact.body, FrameCaptured):
            return None
        while self._next is not None and self._next[0] < fact.seq:
            self._next = next(self._payloads, None)
        if self._next is None or self._next[0] != fact.seq:
            raise FramesMissing(f"the payload of frame seq {fact.seq} ({fact.source}) is not in the log any more")
        decoder = self._decoders.get(fact.source) or self._decoder_for(fact)
        try:
            return decoder.decode(fact.body, self._next[1])
        except PayloadDamaged:
            return None

    def _decoder_for(self, first: Event) -> FrameDecoder:
        """A decoder for a channel's frames from `first` on: where that builds on earlier ones, it is given them."""
        decoder = self._decoders[first.source] = FrameDecoder()
        assert isinstance(first.body, FrameCaptured)
        alone = first.body.key or not self._goes_on
        for event in [] if alone else run_of_frames(self._log, first.seq)[:-1]:
            try:
                decode_frame(self._log, decoder, event)
            except PayloadDamaged:
                continue
        return decoder
