"""What the last run of the daemon left undone: it is carried over into the next session, and seen to first."""

from collections.abc import Iterable, Iterator

from kernel import events as e
from kernel.engine import FoldState
from kernel.kept import unpack
from kernel.log.contract import EventLog, LogUnreadable, Selection
from kernel.state import StateDamaged, decode_state

LOOK_BACK = 20
"""So many segments are looked through. What was asked earlier has long been answered or given up by its driver."""
MOST_UNCONFIRMED = 1000
_ASKED = "ActionRequested"
_KINDS = ("SessionStarted", "SessionEnded", "StateKept", "OutputActivated", "OutputReleased", _ASKED)
_ANSWERS = ("ActionFinished", "ActionFailed")

Key = tuple[str, int]


def carried_over(log: EventLog) -> tuple[e.Carried | None, tuple[e.ActionRequested, ...]]:
    """What SessionStarted is to carry, None if nothing is left; and the actions to be sent again, in order.

    Imports act on nothing and are passed over.
    """
    past = _Past(log)
    first = log.segment_starts[-LOOK_BACK:][:1]
    for event in log.read(Selection(first=first[0] if first else None, kinds=_KINDS + _ANSWERS)):
        past.take(event)
    past.settle()
    unconfirmed = tuple(past.pending.values())[-MOST_UNCONFIRMED:]
    if not past.on and not unconfirmed:
        return None, ()
    keys = tuple(e.ActionKey(action.output, action.ordinal) for action in unconfirmed)
    return e.Carried(tuple(past.on), dict(past.ordinals), keys), unconfirmed


class _Past:
    """Follows the runs of a log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._since = 0
        self._is_run = True
        self._kept: e.Event | None = None
        self._after: list[e.Event] = []
        self.pending: dict[Key, e.ActionRequested] = {}
        self.on: dict[str, None] = {}
        self.ordinals: dict[str, int] = {}

    def take(self, event: e.Event) -> None:
        body = event.body
        if isinstance(body, e.SessionStarted):
            self._since, self._is_run = event.fact_no, body.mode == "run"
            if self._is_run:
                self._begin(body)
        elif not self._is_run or event.fact_no < self._since:
            return
        elif isinstance(body, e.ActionFinished | e.ActionFailed):
            self.pending.pop((body.output, body.ordinal), None)
        elif isinstance(body, e.StateKept):
            self._kept, self._after = event, []
        else:
            self._after.append(event)
            if isinstance(body, e.ActionRequested):
                self.pending[body.output, body.ordinal] = body

    def settle(self) -> None:
        """Work out what is on and which numbers are used: the last kept state, and what came after it."""
        if self._kept is not None:
            self._take_up(self._kept)
        for body in _bodies(self._after):
            if isinstance(body, e.OutputActivated):
                self.on[body.output] = None
            elif isinstance(body, e.OutputReleased):
                self.on.pop(body.output, None)
            elif isinstance(body, e.ActionRequested):
                self.ordinals[body.output] = body.ordinal

    def _begin(self, started: e.SessionStarted) -> None:
        """A session sees to what the one before left: what it did not carry over is not owed any more."""
        carried = started.carried
        owed = {(key.output, key.ordinal) for key in carried.unconfirmed} if carried is not None else set[Key]()
        self.pending = {key: action for key, action in self.pending.items() if key in owed}
        self.on = dict.fromkeys(carried.outputs) if carried is not None else {}
        self.ordinals = dict(carried.ordinals) if carried is not None else {}
        self._kept, self._after = None, []

    def _take_up(self, kept: e.Event) -> None:
        assert isinstance(kept.body, e.StateKept)
        try:
            payload = self._log.payload(kept.seq)
            if payload is not None:
                linker = decode_state(unpack(kept.body, payload).engine.fold, FoldState).linkage.linker
                self.on, self.ordinals = dict.fromkeys(linker.outputs.on), dict(linker.actions)
        except (StateDamaged, LogUnreadable):  # of other software, or gone: what came after it is all there is
            return


def _bodies(events: Iterable[e.Event]) -> Iterator[e.Body]:
    return (event.body for event in events)
