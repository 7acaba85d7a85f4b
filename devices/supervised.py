"""One driver under the host's care: its process, its conversation, and when what is due."""

import secrets

import msgspec

from devices.backoff import Allowance, Backoff, Muffler
from devices.conversation import Conversation
from devices.process import DriverProcess, DriverSpec
from devices.wire import DRIVER_SILENCE_S, MAX_FRAMES_A_SECOND

FLUSH_S = 0.3
"""So long after the end of a process its last messages may still arrive."""
CLEAN_FLUSH_S = 2.0
"""The same where it ended with status 0: a SourceEnded is likely still to come."""
PART_S = 3.0
"""A driver that was told to stop has so long to end."""


class Timing(msgspec.Struct, frozen=True):
    """How patient the host is. `silence_s` of silence is offline; `hello_s` is granted from start to Hello."""

    silence_s: float = DRIVER_SILENCE_S
    hello_s: float = 30.0
    backoff_s: float = 0.5
    backoff_longest_s: float = 30.0
    backoff_window_s: float = 300.0
    action_s: float = 10.0


class Supervised:
    """A driver and its present start, if it is running. Every start has a token and a conversation of its own."""

    def __init__(self, spec: DriverSpec, timing: Timing) -> None:
        self.spec = spec
        self.timing = timing
        self.backoff = Backoff(timing.backoff_s, timing.backoff_longest_s, timing.backoff_window_s)
        self.malformed_notes = Muffler(1, 10.0)
        self.faults = Muffler(5, 10.0)
        self.allowance = Allowance(MAX_FRAMES_A_SECOND)
        self.flood = 0
        """Frames thrown away and not yet reported, since the driver sends too many."""
        self.flood_notes = Muffler(1, 1.0)
        self.process: DriverProcess | None = None
        self.token = b""
        self.talk = Conversation(spec.id)
        self.route: bytes | None = None
        self.over = False
        self.starts = 0
        """How often it was started."""
        self.start_at_s = 0.0
        self._started_s = 0.0
        self._heard_s: float | None = None
        self._exited_s: float | None = None
        self._leave_by_s: float | None = None

    def launch(self, facts: str, commands: str, now_s: float) -> None:
        """Start its process. Raises `OSError` where that is not possible."""
        self.token = secrets.token_hex(16).encode()
        self.starts += 1
        self._started_s = now_s
        self._heard_s = self._exited_s = self._leave_by_s = None
        self.process = DriverProcess(self.spec, self.token.decode(), facts, commands)

    def heard(self, now_s: float, route: bytes | None) -> None:
        """A message with its token came in, on the commands socket by way of `route`."""
        self._heard_s = now_s
        if route is not None:
            self.route = route

    def part(self, now_s: float) -> None:
        """It was told to stop."""
        self._leave_by_s = now_s + PART_S

    def trouble(self, now_s: float) -> str | None:
        """Why its present start is over, if it is: it ended, or it is silent. Call after taking in all messages."""
        if self.process is None or self.talk.ended:
            return None
        if not self.process.running():
            return self._after_exit(self.process, now_s)
        if self._heard_s is not None and now_s - self._heard_s > self.timing.silence_s:
            return f"silent for {now_s - self._heard_s:.1f} s"
        if not self.talk.online and now_s - self._started_s > self.timing.hello_s:
            return f"no Hello within {self.timing.hello_s:g} s"
        return None

    def _after_exit(self, process: DriverProcess, now_s: float) -> str | None:
        if self._exited_s is None:
            self._exited_s = now_s
        last_s = max(self._exited_s, self._heard_s or 0.0)
        patience_s = CLEAN_FLUSH_S if process.clean else FLUSH_S
        return process.how_it_ended() if now_s - last_s >= patience_s else None

    def leave(self, now_s: float) -> None:
        """Its source has ended: reap the process, by force if it stays."""
        if self.process is None or not self.talk.ended:
            return
        if not self.process.running() or (self._leave_by_s is not None and now_s >= self._leave_by_s):
            self.discard()

    def gone(self, now_s: float) -> bool:
        """Whether a driver that was told to stop has ended; by force once its time is up."""
        if self.process is not None and (not self.process.running() or now_s >= (self._leave_by_s or now_s)):
            self.discard()
        return self.process is None

    def discard(self) -> None:
        """End the process if it still runs, and let go of it."""
        if self.process is not None:
            self.process.kill()
            self.process.close()
        self.process = None
        self.route = None
        self.talk = Conversation(self.spec.id)  # so that what is still said to the old one has no effect
