"""The recording machine: which spans of a channel are kept as recordings, by plan, by schedule and by alarm.

Frames are in the event log anyway; a recording says which of them to keep. A channel has at most one continuous
recording, which follows its plan's schedule, and at most one recording of alarms. That one begins `pre_record` before
the first alarm that asks for it and ends `post_record` after the last one has ended; alarms that come meanwhile extend
it. Exceptions and scene changes have no length: they ask for `pre_record` and `post_record` alone.
"""

import msgspec

from kernel.arming import Arming
from kernel.drafting import Drafts
from kernel.events import AlarmType, RecordingExtended, RecordingStarted, RecordingStopped
from kernel.occurrences import Occurrence
from kernel.site.model import RecordingPlan, Site
from kernel.timers import Timers

POST_RECORD = "post_record"
CONTINUOUS = "continuous"
LINKAGE = "linkage"
UNPLANNED = RecordingPlan((), "event", "always", 5_000_000_000, 10_000_000_000)
"""How long before and after a linkage records a channel that no plan covers."""


class Ongoing(msgspec.Struct, frozen=True):
    """An alarm that has not ended, and the channels that its linkages record."""

    type: AlarmType | None
    channel: str
    linked: tuple[str, ...]


class LiveRecording(msgspec.Struct):
    """A recording under way; `since` is the session time at which it begins, pre-recording included."""

    channel: str
    plan: str
    ordinal: int
    event: int
    since: int
    post_ns: int


class RecordingsState(msgspec.Struct, frozen=True):
    """`ongoing` by the ordinal of the AlarmRaised."""

    live: list[LiveRecording]
    ongoing: dict[int, Ongoing]
    counts: dict[str, int]


class Recordings:
    """All recordings under way, by channel and whether they are continuous."""

    def __init__(self, timers: Timers, drafts: Drafts, arming: Arming) -> None:
        self._timers = timers
        self._drafts = drafts
        self._arming = arming
        self._channels: tuple[str, ...] = ()
        self._plans: tuple[RecordingPlan, ...] = ()
        self._live: dict[tuple[str, bool], LiveRecording] = {}
        self._ongoing: dict[int, Ongoing] = {}
        self._counts: dict[str, int] = {}

    def set_site(self, site: Site, cause: int) -> None:
        """New settings: recordings of channels that are gone end; `follow` sees to the rest."""
        self._use(site)
        for live in list(self._live.values()):
            if live.channel not in self._channels:
                self._stop(live, "configuration", cause)

    def _use(self, site: Site) -> None:
        self._channels = tuple(channel.id for channel in site.channels)
        self._plans = site.recording.plans

    def follow(self, cause: int) -> None:
        """Schedules or settings may have changed."""
        for channel in self._channels:
            self._follow_continuous(channel, cause)
            self._consider(channel, cause)

    def began(self, occurrence: Occurrence, linked: tuple[str, ...]) -> None:
        """An alarm or exception began or goes on; linkages record the channels `linked`."""
        before = self._ongoing.get(occurrence.of, Ongoing(None, "", ()))
        linked += tuple(channel for channel in before.linked if channel not in linked)
        new = occurrence.of not in self._ongoing
        ongoing = Ongoing(occurrence.type, occurrence.channel, linked)
        self._ongoing[occurrence.of] = ongoing
        for channel in self._channels:
            asks = any(_concerns(plan, channel, ongoing) for plan in self._armed_plans(channel))
            if channel in linked or asks:
                self._consider(channel, occurrence.event, occurrence.event if new else None)
        if occurrence.type is None:
            self.ended(occurrence.of, occurrence.event)

    def ended(self, of: int, cause: int) -> None:
        """An alarm ended."""
        if self._ongoing.pop(of, None) is not None:
            for channel in self._channels:
                self._consider(channel, cause)

    def _follow_continuous(self, channel: str, cause: int) -> None:
        live = self._live.get((channel, True))
        asked = any(plan.type == CONTINUOUS for plan in self._armed_plans(channel))
        if asked and live is None:
            self._start(channel, CONTINUOUS, 0, 0, None, cause)
        elif not asked and live is not None:
            self._stop(live, "schedule", cause)

    def _consider(self, channel: str, cause: int, event: int | None = None) -> None:
        """Start, extend or run out the channel's recording of alarms; `event` is a new alarm or exception."""
        live = self._live.get((channel, False))
        asking = self._asking(channel)
        key = (POST_RECORD, channel)
        if asking is None:
            if live is not None and not self._timers.is_armed(key):
                self._run_out(live, cause)
            return
        name, plan = asking
        if live is None:
            self._start(channel, name, plan.pre_record_ns, plan.post_record_ns, event, cause)
            return
        self._timers.cancel(key)
        live.post_ns = plan.post_record_ns
        if event is not None:
            body = RecordingExtended(live.event, channel, live.ordinal, event)
            self._drafts.emit(f"recording.{channel}", body, cause)

    def _run_out(self, live: LiveRecording, cause: int) -> None:
        if live.post_ns:
            self._timers.arm((POST_RECORD, live.channel), self._drafts.time + live.post_ns, cause)
        else:
            self._stop(live, POST_RECORD, cause)

    def _asking(self, channel: str) -> tuple[str, RecordingPlan] | None:
        """What asks for a recording of alarms now, and the plan that says how long before and after."""
        plans = self._armed_plans(channel)
        for plan in plans:
            if _satisfied(plan, channel, list(self._ongoing.values())):
                return plan.type, plan
        if any(channel in ongoing.linked for ongoing in self._ongoing.values()):
            return LINKAGE, next((plan for plan in plans if plan.type != CONTINUOUS), UNPLANNED)
        return None

    def _armed_plans(self, channel: str) -> list[RecordingPlan]:
        return [plan for plan in self._plans if channel in plan.channels and self._arming.covers(plan.schedule)]

    def _start(self, channel: str, plan: str, pre_ns: int, post_ns: int, event: int | None, cause: int) -> None:
        ordinal = self._counts.get(channel, 0) + 1
        self._counts[channel] = ordinal
        pre_ns = min(pre_ns, self._drafts.time)  # nothing was captured before the session
        started = RecordingStarted(channel, ordinal, plan, pre_ns, event)
        number = self._drafts.emit(f"recording.{channel}", started, cause)
        since = self._drafts.time - pre_ns
        self._live[(channel, plan == CONTINUOUS)] = LiveRecording(channel, plan, ordinal, number, since, post_ns)

    def post_recorded(self, channel: str, cause: int) -> None:
        """The timer of `post_record` fired."""
        self._stop(self._live[(channel, False)], POST_RECORD, cause)

    def end_all(self, cause: int) -> None:
        """The session ends."""
        for live in list(self._live.values()):
            self._stop(live, "session_ended", cause)

    def _stop(self, live: LiveRecording, reason: str, cause: int) -> None:
        continuous = live.plan == CONTINUOUS
        del self._live[(live.channel, continuous)]
        if not continuous:
            self._timers.cancel((POST_RECORD, live.channel))
        words = {"recording": live.event, "channel": live.channel, "ordinal": live.ordinal, "reason": reason}
        body = msgspec.convert({**words, "duration_ns": self._drafts.time - live.since}, RecordingStopped)
        self._drafts.emit(f"recording.{live.channel}", body, cause)

    def references(self) -> list[int]:
        """The ordinals of the RecordingStarted of what is under way."""
        return [live.event for live in self._live.values()]

    def state(self) -> RecordingsState:
        return RecordingsState(list(self._live.values()), self._ongoing, self._counts)

    def restore(self, state: RecordingsState, site: Site | None) -> None:
        """Go on where the Recordings were that gave `state` under these settings."""
        if site is not None:
            self._use(site)
        self._live = {(live.channel, live.plan == CONTINUOUS): live for live in state.live}
        self._ongoing = state.ongoing
        self._counts = state.counts


def _satisfied(plan: RecordingPlan, channel: str, ongoing: list[Ongoing]) -> bool:
    """Whether the alarms under way ask for a recording of the channel by this plan."""
    concerning = {one.type for one in ongoing if _concerns(plan, channel, one)}
    return len(concerning) == 2 if plan.type == "motion_and_alarm" else bool(concerning)


def _concerns(plan: RecordingPlan, channel: str, one: Ongoing) -> bool:
    """Whether the plan for the channel counts the alarm at all; an alarm input is no channel's and so every one's."""
    motion = one.type == "motion" and one.channel == channel
    alarm = one.type == "alarm_input"
    match plan.type:
        case "continuous":
            return False
        case "motion":
            return motion
        case "alarm":
            return alarm
        case "motion_or_alarm" | "motion_and_alarm":
            return motion or alarm
        case "event":
            return alarm or (one.type is not None and one.channel == channel)
