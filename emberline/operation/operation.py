"""All that makes the daemon a good service, in one object for its loop."""

import time
from collections.abc import Callable
from pathlib import Path

from emberline.operation.clock_watch import ClockWatch
from emberline.operation.health import Health, Meter
from emberline.operation.metrics import MetricsServer
from emberline.operation.service_manager import ServiceManager

PUBLISH_EVERY_S = 1.0


class Operation:
    """The meter, the watch over the clock, the service manager, and the metrics if they are asked for.

    Parameters
    ----------
    directory
        The log's, for the free space of its disk; None where it has none.
    metrics
        Where to serve metrics, such as `127.0.0.1:9189`; empty is nowhere.
    wall_ns
        Civil time now, ns since 1970, UTC.
    """

    def __init__(
        self, directory: Path | None = None, metrics: str = "", wall_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self.directory = directory
        self.meter = Meter([])
        self.manager = ServiceManager()
        self._metrics = MetricsServer(metrics) if metrics else None
        self._wall_ns = wall_ns
        self._clock: ClockWatch | None = None
        self._next_s = 0.0

    def __enter__(self) -> "Operation":
        return self

    def __exit__(self, *_: object) -> None:
        if self._metrics is not None:
            self._metrics.close()

    def watch_clock(self, offset_ns: int) -> None:
        """From now on civil time is logical time + `offset_ns`."""
        self._clock = ClockWatch(self._wall_ns, offset_ns)

    def clock_step(self, logical_ns: int) -> tuple[int, int] | None:
        """Where the clock was set: the offset from now on, and by how many ns it was set."""
        step_ns = None if self._clock is None else self._clock.stepped(logical_ns)
        return None if step_ns is None or self._clock is None else (self._clock.offset_ns, step_ns)

    def civil_ns(self, logical_ns: int) -> int | None:
        """Civil time, where it is known."""
        return None if self._clock is None else logical_ns + self._clock.offset_ns

    def round(self, account: Callable[[], Health]) -> None:
        """The loop went round."""
        self.manager.alive()
        if self._metrics is not None and time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + PUBLISH_EVERY_S
            self._metrics.publish(account())
