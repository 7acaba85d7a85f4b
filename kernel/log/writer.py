"""The writer thread: takes units from a bounded queue and commits them in groups."""

import threading
from collections.abc import Callable, Sequence

from kernel.log.contract import LogError, NoRoom
from kernel.log.units import Unit

GROUP_S = 0.15
"""How long a unit waits at most for others to be committed with it."""
MAX_WAITING_BYTES = 32 * 1024 * 1024
"""`put` blocks while more than this waits for the disk."""
ROOM_TRIES = 100
"""How often a full disk is tried again: whoever bounds the log makes room, or gives up the reserve, meanwhile."""
_AGAIN_S = 0.1


class Writer:
    """Runs `commit` on groups of units, whole units in order, and `on_commit` with the seq that is then durable.

    Where `commit` raises `NoRoom` it is called again with the same units for a while. Once it has raised for good, or
    `on_commit` has, nothing more is written and every call raises `LogError` with the cause.
    """

    def __init__(
        self, commit: Callable[[Sequence[Unit]], None], committed: int, on_commit: Callable[[int], None] | None
    ) -> None:
        self._commit = commit
        self._on_commit = on_commit
        self._committed = committed
        self._waiting: list[Unit] = []
        self._waiting_bytes = 0
        self._hurry = False
        self._closing = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="event log writer", daemon=True)
        self._thread.start()

    @property
    def committed(self) -> int:
        """The seq up to which everything is durable."""
        return self._committed

    def check(self) -> None:
        """Raise `LogError` if the writer has failed."""
        if self._failure is not None:
            raise LogError(
                f"the event log can no longer be written, all up to event {self._committed} is safe: {self._failure}"
            ) from self._failure

    def put(self, unit: Unit) -> None:
        """Hand over a unit; blocks while the queue is full."""
        with self._changed:
            while self._waiting_bytes > MAX_WAITING_BYTES and self._failure is None:
                self._changed.wait()
            self.check()
            self._waiting.append(unit)
            self._waiting_bytes += unit.size
            self._changed.notify_all()

    def sync(self, seq: int) -> None:
        """Have everything committed at once; returns when it is durable up to `seq`."""
        with self._changed:
            while self._committed < seq and self._failure is None:
                self._hurry = True
                self._changed.notify_all()
                self._changed.wait()
            self.check()

    def close(self) -> None:
        """Commit what waits and end the thread. Does not raise: `check` tells."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            try:
                self._commit_as_soon_as_there_is_room(group)
                self._advance(group)
            except BaseException as error:  # whatever it is, the callers must hear of it
                with self._changed:
                    self._failure = error
                    self._changed.notify_all()
                return

    def _commit_as_soon_as_there_is_room(self, group: Sequence[Unit]) -> None:
        for _ in range(ROOM_TRIES):
            try:
                return self._commit(group)
            except NoRoom:
                with self._changed:
                    if self._changed.wait_for(lambda: self._closing, timeout=_AGAIN_S):
                        break
        self._commit(group)

    def _advance(self, group: Sequence[Unit]) -> None:
        with self._changed:
            self._committed = group[-1].rows[-1].seq
            self._changed.notify_all()
        if self._on_commit is not None:
            self._on_commit(self._committed)

    def _next_group(self) -> list[Unit]:
        """Wait for units; empty once the log is closing and nothing is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            self._changed.wait_for(self._is_due, timeout=GROUP_S)
            group, self._waiting = self._waiting, []
            self._waiting_bytes = 0
            self._hurry = False
            self._changed.notify_all()
            return group

    def _is_due(self) -> bool:
        return self._hurry or self._closing or self._waiting_bytes > MAX_WAITING_BYTES // 2
