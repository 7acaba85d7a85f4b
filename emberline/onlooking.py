"""What whoever watches a run of the daemon gets to see of it."""

from typing import Protocol

import msgspec

from kernel import events as e

DEVICES = (e.DeviceOnline, e.DeviceOffline, e.DeviceFault, e.FramesLost)
NOTED = (*DEVICES, e.ConfigChanged, e.ClockSet, e.FoldFailed, e.LoginFailed)
"""The events that an onlooker is told of once they happen to be committed."""
TOLD = (e.AlarmRaised, e.AlarmRepeated, e.AlarmCleared, e.OutputActivated, e.OutputReleased)
"""The events that an onlooker is told of, once they are committed."""


class RunSummary(msgspec.Struct):
    """What a run came to; `failure` says why it could not go on."""

    frames: int = 0
    lost: int = 0
    alarms: int = 0
    actions: int = 0
    confirmed: int = 0
    outcome: str = ""
    failure: str | None = None


class Onlooker(Protocol):
    """Whoever watches the daemon."""

    def tell(self, event: e.Event) -> None:
        """Hear of one of the events `TOLD` or `NOTED`; it is committed."""
        ...

    def progress(self, summary: RunSummary, time_ns: int) -> None:
        """Hear how far the run has come, in logical time."""
        ...
