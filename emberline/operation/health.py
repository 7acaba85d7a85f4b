"""How the daemon is: what it counts and times while it runs, and the account of it that `emberline status` shows."""

import os
import shutil
import time
from collections import deque
from pathlib import Path

import msgspec

from devices.host import DriverHost
from emberline.operation.processes import Usage, usage_of
from kernel.events import AlarmRaised, Event
from kernel.log.contract import EventLog

REMEMBERED = 2048
RATE_S = 10.0


class Times(msgspec.Struct, frozen=True):
    """Durations of late, in ms: of `count` measurements the middle one, the one that 1 % exceed, and the longest."""

    count: int
    median_ms: float
    p99_ms: float
    worst_ms: float


class Stopwatch:
    """Remembers the last durations."""

    def __init__(self) -> None:
        self._last_s: deque[float] = deque(maxlen=REMEMBERED)

    def note(self, seconds: float) -> None:
        """One duration."""
        self._last_s.append(seconds)

    def times(self) -> Times | None:
        """None where nothing was measured yet."""
        if not self._last_s:
            return None
        ordered = sorted(self._last_s)
        last = len(ordered) - 1
        middle, late = ordered[last // 2], ordered[(last * 99 + 99) // 100]
        return Times(len(ordered), *(round(1000 * value, 3) for value in (middle, late, ordered[-1])))


class ChannelHealth(msgspec.Struct):
    """One channel: frames recorded and lost since the start, frames a second of late, how long ago the last came."""

    id: str
    online: bool = False
    frames: int = 0
    lost: int = 0
    fps: float = 0.0
    last_frame_s: float | None = None
    waiting: int = 0


class DriverHealth(msgspec.Struct, frozen=True):
    """One driver process; `starts` counts them, `malformed` what it sent and was refused."""

    id: str
    online: bool
    starts: int
    malformed: int
    process: Usage | None


class LastAlarm(msgspec.Struct, frozen=True):
    """The newest alarm; `rule` is the rule or detector that raised it, `time` logical, in ns."""

    rule: str
    channel: str
    ordinal: int
    seq: int
    time: int


def last_alarm(event: Event, body: AlarmRaised) -> LastAlarm:
    """What is kept of an alarm."""
    return LastAlarm(body.raiser, body.channel, body.ordinal, event.seq, event.time)


class Health(msgspec.Struct, frozen=True):
    """The whole account."""

    pid: int
    uptime_s: float
    time: int
    civil_ns: int | None
    channels: list[ChannelHealth]
    drivers: list[DriverHealth]
    refused: dict[str, int]
    daemon: Usage | None
    alarms: int
    last_alarm: LastAlarm | None
    seq: int
    uncommitted: int
    log_free_mb: int
    log_used_percent: float
    actions_under_way: int
    frame_to_decision: Times | None
    frame_to_action: Times | None
    commit: Times | None


class Meter:
    """What the daemon's loop notes as it goes."""

    def __init__(self, channels: list[str]) -> None:
        self._began_s = time.monotonic()
        self._channels = {id: ChannelHealth(id) for id in channels}
        self._arrivals: dict[str, deque[float]] = {id: deque(maxlen=1000) for id in channels}
        self.last_alarm: LastAlarm | None = None
        self.decisions = Stopwatch()
        self.actions = Stopwatch()
        self.commits = Stopwatch()

    def set_channels(self, channels: list[str]) -> None:
        """The site has these channels now; what was counted of those that stay is kept."""
        self._channels = {id: self._channels.get(id, ChannelHealth(id)) for id in channels}
        self._arrivals = {id: self._arrivals.get(id, deque(maxlen=1000)) for id in channels}

    def online(self, channel: str, online: bool) -> None:
        """The channel's driver came or went."""
        if channel in self._channels:
            self._channels[channel].online = online

    def lost(self, channel: str, count: int) -> None:
        """So many of its frames were lost."""
        if channel in self._channels:
            self._channels[channel].lost += count

    def frame(self, channel: str) -> None:
        """A frame was admitted."""
        if channel in self._channels:
            self._channels[channel].frames += 1
            self._arrivals[channel].append(time.monotonic())

    def account(
        self,
        log: EventLog,
        directory: Path | None,
        host: DriverHost,
        waiting: dict[str, int],
        logical_ns: int,
        civil_ns: int | None,
        alarms: int,
    ) -> Health:
        """How it all is now."""
        disk = None if directory is None else shutil.disk_usage(directory)
        return Health(
            pid=os.getpid(),
            uptime_s=round(time.monotonic() - self._began_s, 1),
            time=logical_ns,
            civil_ns=civil_ns,
            channels=[self._of(channel, waiting) for channel in self._channels.values()],
            drivers=[
                DriverHealth(d.id, d.online, d.starts, host.malformed[d.id], None if d.pid is None else usage_of(d.pid))
                for d in host.drivers()
            ],
            refused=dict(host.malformed),
            daemon=usage_of(os.getpid()),
            alarms=alarms,
            last_alarm=self.last_alarm,
            seq=log.head.seq,
            uncommitted=log.head.seq - log.committed,
            log_free_mb=-1 if disk is None else disk.free // 1_000_000,
            log_used_percent=-1.0 if disk is None else round(100 * disk.used / disk.total, 1),
            actions_under_way=host.actions_under_way,
            frame_to_decision=self.decisions.times(),
            frame_to_action=self.actions.times(),
            commit=self.commits.times(),
        )

    def _of(self, channel: ChannelHealth, waiting: dict[str, int]) -> ChannelHealth:
        now_s = time.monotonic()
        arrivals = self._arrivals[channel.id]
        window_s = max(0.1, min(RATE_S, now_s - self._began_s))
        late = sum(now_s - at_s <= window_s for at_s in arrivals)
        return msgspec.structs.replace(
            channel,
            fps=round(late / window_s, 2),
            last_frame_s=round(now_s - arrivals[-1], 3) if arrivals else None,
            waiting=waiting.get(channel.id, 0),
        )
