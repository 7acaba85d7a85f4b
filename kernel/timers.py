"""Timers of logical time: what is due fires in the order of (due, arming), never by a clock."""

from collections.abc import Iterator

import msgspec

from kernel.state import StateDamaged

Key = tuple[str, ...]


class Timer(msgspec.Struct, frozen=True):
    """Due at `due` (session time, ns). `cause` is what armed it, as in `Draft.cause`."""

    due: int
    order: int
    key: Key
    cause: int


class Timers:
    """At most one timer a key; arming a key again moves its timer."""

    def __init__(self) -> None:
        self._by_key: dict[Key, Timer] = {}
        self._armed = 0

    def arm(self, key: Key, due: int, cause: int) -> None:
        self._armed += 1
        self._by_key[key] = Timer(due, self._armed, key, cause)

    def cancel(self, key: Key) -> None:
        self._by_key.pop(key, None)

    def cancel_all(self) -> None:
        self._by_key.clear()

    def is_armed(self, key: Key) -> bool:
        return key in self._by_key

    def next_due(self) -> int | None:
        return min((t.due for t in self._by_key.values()), default=None)

    def pop_due(self, until: int) -> Iterator[Timer]:
        """Take out, one by one, the timers due up to and including `until`, also those armed meanwhile."""
        while due := [t for t in self._by_key.values() if t.due <= until]:
            timer = min(due, key=lambda t: (t.due, t.order))
            del self._by_key[timer.key]
            yield timer

    def causes(self) -> list[int]:
        """What armed each timer, in firing order."""
        return [t.cause for t in self._in_firing_order()]

    def state(self) -> list[tuple[int, Key]]:
        """(due, key) in firing order; the causes, which depend on how facts are numbered, come with `causes`."""
        return [(t.due, t.key) for t in self._in_firing_order()]

    def restore(self, state: list[tuple[int, Key]], causes: list[int]) -> None:
        """Go on with the timers that `state` and `causes` gave. Raises `StateDamaged` where they do not fit."""
        if len(state) != len(causes):
            raise StateDamaged(f"{len(state)} timers with {len(causes)} causes")
        pairs = zip(state, causes, strict=True)
        self._by_key = {key: Timer(due, order, key, cause) for order, ((due, key), cause) in enumerate(pairs)}
        self._armed = len(state)

    def _in_firing_order(self) -> list[Timer]:
        return sorted(self._by_key.values(), key=lambda t: (t.due, t.order))
