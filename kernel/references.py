"""References between events: numbers that do not depend on the layout of a log, and their resolution to seqs.

Inside the fold, events point to each other in *session form*: an `EventRef` holds the ordinal of a derived event
(0-based, over the session), a `FrameRef` the number of the frame in its channel (0-based, over the session). The same
frames thus give the same bodies whether they came live, by import or in a what-if, and the fold's state can be
digested as it is. `SeqForm` turns them into seqs when events are logged, `SessionForm` turns them back.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable

import msgspec

from kernel.events import EVENT_REFS, FRAME_REFS, Body, Event, FrameCaptured

CHANNEL_SOURCE = "channel."
FORGET_ABOVE = 4096
"""References kept before those that nothing can point to any more are dropped."""


class Draft(msgspec.Struct, frozen=True):
    """A derived event as the fold makes it: session time, references in session form.

    `cause` is the ordinal of a derived event, or minus the fact_no of a fact.
    """

    time: int
    source: str
    body: Body
    cause: int


def channel_of(source: str, body: Body) -> str:
    """The channel whose frames the body's `FrameRef`s count."""
    named: str | None = getattr(body, "channel", None)
    return named if named is not None else source.removeprefix(CHANNEL_SOURCE)


class LiveReferences(msgspec.Struct, frozen=True):
    """What the fold may still point to: derived ordinals, frames (channel, number), fact_nos."""

    ordinals: frozenset[int]
    frames: frozenset[tuple[str, int]]
    facts: frozenset[int]


class FormState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a `SeqForm` holds of what the fold may still point to; frames are (channel, number, seq)."""

    next_ordinal: int
    frame_counts: dict[str, int]
    ordinals: dict[int, int]
    frames: list[tuple[str, int, int]]
    facts: dict[int, int]


class SeqForm:
    """Resolves the fold's references to seqs. Bounded: what nothing can point to any more is dropped."""

    def __init__(self) -> None:
        self._ordinals: dict[int, int] = {}
        self._frames: dict[tuple[str, int], int] = {}
        self._frame_counts: dict[str, int] = {}
        self._facts: dict[int, int] = {}
        self._next_ordinal = 0
        self._forget_at = FORGET_ABOVE

    def note_fact(self, fact: Event) -> None:
        """Remember where a fact stands in the log."""
        self._facts[fact.fact_no] = fact.seq
        if isinstance(fact.body, FrameCaptured):
            channel = channel_of(fact.source, fact.body)
            number = self._frame_counts.get(channel, 0)
            self._frames[(channel, number)] = fact.seq
            self._frame_counts[channel] = number + 1

    def event(self, draft: Draft, *, seq: int, fact_no: int, origin: int) -> Event:
        """The draft as the event with this seq; `origin` is the logical time at which the session began."""
        self._ordinals[self._next_ordinal] = seq
        self._next_ordinal += 1
        cause = self._facts[-draft.cause] if draft.cause < 0 else self._ordinals[draft.cause]
        body = self._resolved(draft)
        kind = type(body).__name__
        return Event(seq, fact_no, origin + draft.time, draft.source, kind, cause, body)

    def _resolved(self, draft: Draft) -> Body:
        body = draft.body
        channel = channel_of(draft.source, body)
        changes = _changed(body, EVENT_REFS, lambda ordinal: self._ordinals[ordinal])
        changes |= _changed(body, FRAME_REFS, lambda number: self._frames[(channel, number)])
        return msgspec.structs.replace(body, **changes) if changes else body

    def state(self, live: LiveReferences) -> FormState:
        """All that the fold may still point to, for a later `restore`."""
        return FormState(
            self._next_ordinal,
            self._frame_counts,
            {o: s for o, s in self._ordinals.items() if o in live.ordinals},
            [(*f, s) for f, s in self._frames.items() if f in live.frames],
            {n: s for n, s in self._facts.items() if n in live.facts},
        )

    def restore(self, state: FormState) -> None:
        """Go on where the form was that gave `state`; this one is new."""
        self._next_ordinal = state.next_ordinal
        self._frame_counts = state.frame_counts
        self._ordinals = state.ordinals
        self._frames = {(channel, number): seq for channel, number, seq in state.frames}
        self._facts = state.facts

    def forget_if_many(self, live: Callable[[], LiveReferences]) -> None:
        """Once much has gathered, drop all that `live` does not name: what the fold cannot point to any more."""
        if len(self._ordinals) + len(self._frames) + len(self._facts) < self._forget_at:
            return
        keep = live()
        self._ordinals = {o: s for o, s in self._ordinals.items() if o in keep.ordinals}
        self._frames = {f: s for f, s in self._frames.items() if f in keep.frames}
        self._facts = {n: s for n, s in self._facts.items() if n in keep.facts}
        kept = len(self._ordinals) + len(self._frames) + len(self._facts)
        self._forget_at = max(FORGET_ABOVE, 2 * kept)


class SessionForm:
    """Turns a session's logged derived events back into session form; events must come in order of seq."""

    def __init__(self, origin: int) -> None:
        self._origin = origin
        self._derived = array("q")
        self._frames: dict[str, array[int]] = {}

    def note_fact(self, fact: Event) -> None:
        if isinstance(fact.body, FrameCaptured):
            self._frames.setdefault(channel_of(fact.source, fact.body), array("q")).append(fact.seq)

    def draft(self, event: Event) -> Draft:
        """The logged derived event as the fold made it. Raises `ValueError` where it points to nothing known."""
        body = event.body
        self._derived.append(event.seq)
        frames = self._frames.get(channel_of(event.source, body), array("q"))
        changes = _changed(body, EVENT_REFS, lambda seq: _position(self._derived, seq))
        changes |= _changed(body, FRAME_REFS, lambda seq: _position(frames, seq))
        if changes:
            body = msgspec.structs.replace(body, **changes)
        return Draft(event.time - self._origin, event.source, body, 0)


def _changed(
    body: Body, fields: dict[type[Body], tuple[str, ...]], change: Callable[[int], int]
) -> dict[str, int | tuple[int, ...]]:
    """The body's references of one sort, each changed; a field may hold one, none (None) or several."""
    changes: dict[str, int | tuple[int, ...]] = {}
    for name in fields[type(body)]:
        value: int | tuple[int, ...] | None = getattr(body, name)
        if isinstance(value, tuple):
            changes[name] = tuple(change(one) for one in value)
        elif value is not None:
            changes[name] = change(value)
    return changes


def _position(seqs: "array[int]", seq: int) -> int:
    index = bisect_left(seqs, seq)
    if index == len(seqs) or seqs[index] != seq:
        raise ValueError(f"no event with seq {seq} that could be pointed to")
    return index


def live_references(
    ordinals: Iterable[int], frames: Iterable[tuple[str, int]], causes: Iterable[int]
) -> LiveReferences:
    """Gather what is pointed to, sorting causes into derived ordinals and facts."""
    causes = tuple(causes)
    return LiveReferences(
        frozenset(ordinals) | {c for c in causes if c >= 0},
        frozenset(frames),
        frozenset(-c for c in causes if c < 0),
    )
