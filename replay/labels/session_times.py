"""How people name moments of a session, civil times and frame numbers, in session time."""

from datetime import UTC, datetime

from kernel.events import ClockSet, FrameCaptured
from kernel.log.contract import EventLog, Selection
from kernel.references import CHANNEL_SOURCE
from replay.sessions import Session

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SessionTimes:
    """The frames and the civil clock of one session. `name` is what messages call it."""

    def __init__(self, log: EventLog, session: Session, name: str) -> None:
        self.name = name
        self._frames: dict[str, list[int]] = {}
        self._clock: list[tuple[int, int]] = []
        for fact in log.read(session.facts("FrameCaptured", "ClockSet")):
            if isinstance(fact.body, FrameCaptured):
                channel = fact.source.removeprefix(CHANNEL_SOURCE)
                self._frames.setdefault(channel, []).append(fact.time - session.origin)
            elif isinstance(fact.body, ClockSet):
                self._clock.append((fact.time - session.origin, fact.body.offset_ns + session.origin))
        last = Selection(first_fact=session.last_fact, last_fact=session.last_fact, facts_only=True)
        self.end_ns = max((fact.time - session.origin for fact in log.read(last)), default=0)

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self._frames)

    def of_frame(self, number: int, channel: str | None) -> int:
        """When a frame was admitted. Raises `ValueError`."""
        if channel is None and len(self._frames) != 1:
            raise ValueError(f"{self.name} has the channels {', '.join(self._frames)}: say of which a frame is")
        times = self._frames.get(channel if channel is not None else next(iter(self._frames)))
        if times is None:
            raise ValueError(f"{self.name} has no frames of channel {channel!r}; it has {', '.join(self._frames)}")
        if not 0 <= number < len(times):
            raise ValueError(f"frame:{number}: {self.name} has the frames 0 to {len(times) - 1}")
        return times[number]

    def of_civil(self, text: str) -> int:
        """When it was that civil time. Raises `ValueError`."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text[:40]!r} is no time: write 2026-03-01T02:00:00+01:00 or frame:N") from None
        if moment.tzinfo is None:
            raise ValueError(f"{text[:40]!r} has no offset from UTC: write it as 2026-03-01T02:00:00+01:00")
        if not self._clock:
            raise ValueError(f"{text[:40]!r}: the civil time of {self.name} is not known; write frame:N")
        delta = moment - _EPOCH
        civil = ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds) * 1000
        for (since, offset), until in zip(self._clock, [c[0] for c in self._clock[1:]] + [None], strict=True):
            time = civil - offset
            if until is None or time < until:
                return max(time, since)
        raise AssertionError("the last stretch has no end")
