"""The actions that were asked for and not yet answered."""

from collections.abc import Iterator

from devices.reports import ActionAnswered
from devices.wire import Act

MAX_PENDING = 1000


class Pending:
    """One action under way: for which driver, until when, and whether this start of the driver was told."""

    def __init__(self, driver: str, act: Act, until_s: float) -> None:
        self.driver = driver
        self.act = act
        self.until_s = until_s
        self.sent = False


class PendingActions:
    """All actions under way, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._pending: dict[tuple[str, int], Pending] = {}

    def add(self, driver: str, act: Act, until_s: float) -> str | None:
        """Remember an action, or say why not: too many are under way. A known key is kept as it is."""
        key = (act.output, act.ordinal)
        if key in self._pending:
            return None
        if len(self._pending) >= MAX_PENDING:
            return f"{MAX_PENDING} actions are already under way"
        self._pending[key] = Pending(driver, act, until_s)
        return None

    def unsent(self, driver: str) -> Iterator[Pending]:
        """The actions of the driver that its present start has not been told of."""
        return (p for p in self._pending.values() if p.driver == driver and not p.sent)

    def driver_lost(self, driver: str) -> None:
        """What the driver left unanswered is sent again, under the same key, once it is back."""
        for pending in self._pending.values():
            if pending.driver == driver:
                pending.sent = False

    def answered(self, driver: str, answer: ActionAnswered) -> bool:
        """Whether `driver` was asked for what it answers; if so the action is over."""
        key = (answer.output, answer.ordinal)
        pending = self._pending.get(key)
        if pending is None or pending.driver != driver:
            return False
        del self._pending[key]
        return True

    def expired(self, now_s: float) -> list[ActionAnswered]:
        """The actions that nobody answered in time; they are over."""
        late = [key for key, p in self._pending.items() if now_s >= p.until_s]
        answers = [
            ActionAnswered(o, n, False, f"no answer from driver {self._pending[o, n].driver}", True) for o, n in late
        ]
        for key in late:
            del self._pending[key]
        return answers

    def __len__(self) -> int:
        return len(self._pending)

    def drop(self, driver: str, reason: str) -> list[ActionAnswered]:
        """The driver will not come back: its actions have failed."""
        keys = [key for key, p in self._pending.items() if p.driver == driver]
        for key in keys:
            del self._pending[key]
        return [ActionAnswered(output, ordinal, False, reason, True) for output, ordinal in keys]
