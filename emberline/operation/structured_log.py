"""What happens as lines of JSON on stderr, for log collectors: an onlooker of the daemon."""

import sys

import msgspec
import structlog

from emberline.onlooking import Onlooker, RunSummary
from kernel import events as e

LEVELS: dict[type[e.Body], str] = {
    e.AlarmRaised: "warning",
    e.DeviceOffline: "warning",
    e.DeviceFault: "warning",
    e.FramesLost: "warning",
    e.FoldFailed: "error",
    e.ActionFailed: "error",
}


class Onlookers:
    """Several at once."""

    def __init__(self, *onlookers: Onlooker) -> None:
        self._onlookers = onlookers

    def tell(self, event: e.Event) -> None:
        """Tell all."""
        for onlooker in self._onlookers:
            onlooker.tell(event)

    def progress(self, summary: RunSummary, time_ns: int) -> None:
        """Tell all."""
        for onlooker in self._onlookers:
            onlooker.progress(summary, time_ns)


class StructuredLog:
    """One line an event that is committed, with its `seq`, so that the log itself tells the rest."""

    def __init__(self) -> None:
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(sort_keys=False),
            ],
        )

    def tell(self, event: e.Event) -> None:
        """One line."""
        words = msgspec.to_builtins(event.body)
        words.pop("document", None)  # the log keeps it
        level = LEVELS.get(type(event.body), "info")
        self._log.msg(event.kind, level=level, seq=event.seq, logical_ns=event.time, source=event.source, body=words)

    def progress(self, summary: RunSummary, time_ns: int) -> None:
        """Nothing to say."""
