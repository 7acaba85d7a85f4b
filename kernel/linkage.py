"""The linkage machine: from what sources tell to alarms, and from alarms to what happens.

    sources (rules, detectors, contacts) ─► Alarms ─┐
                        facts ─► Exceptions ────────┴─► Linker ─► switches, notices, captures, recordings
                        facts, timers ─► Arming decides what is armed

Everything happens in the session time of the fact or timer under way; docs/linkage.md draws the machine.
"""

import msgspec

from kernel import events as e
from kernel.alarms import NO_TRACK, REPEAT, WHOLE_FRAME, Activity, Alarms, AlarmsState, Linked
from kernel.arming import EDGE, PAUSE, Arming, ArmingState, CivilClock
from kernel.captures import CAPTURE
from kernel.commands import alarm_key, pause_ns
from kernel.contacts import DEBOUNCE, Contacts, ContactsState
from kernel.detector import RuleHit
from kernel.drafting import Drafts
from kernel.exceptions import Exceptions, ExceptionsState
from kernel.linker import Linker, LinkerState
from kernel.notices import LIFE_SIGN, NOTICE
from kernel.occurrences import of_alarm
from kernel.outputs import RELEASE
from kernel.recordings import POST_RECORD
from kernel.site.model import Site
from kernel.sources import alarm_sources, source_id
from kernel.timers import Timer, Timers


class LinkageState(msgspec.Struct, frozen=True):
    """All that linkage remembers; its timers are kept beside it."""

    arming: ArmingState
    alarms: AlarmsState
    exceptions: ExceptionsState
    contacts: ContactsState
    linker: LinkerState


class Linkage:
    """The parts of the machine, and which of them each fact and timer concerns."""

    def __init__(self, timers: Timers, drafts: Drafts) -> None:
        self._timers = timers
        self._drafts = drafts
        self._arming = Arming()
        self._linker = Linker(timers, drafts, self._arming)
        self._alarms = Alarms(timers, drafts, self._link)
        self._exceptions = Exceptions(drafts, self._linker)
        self._contacts = Contacts(timers, drafts, self._arming, self._alarms)

    def _link(self, linked: Linked) -> tuple[str, ...]:
        occurrence = of_alarm(linked, self._drafts.time)
        if occurrence.active:
            return self._linker.act(occurrence, linked.source.linkage)
        self._linker.over(occurrence, linked.alarm.told)
        return ()

    def carry(self, carried: e.Carried | None) -> None:
        """A session begins with what the one before left undone."""
        if carried is not None:
            self._linker.carry(carried)

    # Settings and time

    def set_site(self, site: Site, cause: int) -> None:
        """New settings: what ended with the old ones is told by the old ones."""
        self._alarms.set_sources(alarm_sources(site), cause)
        self._exceptions.set_site(site, cause)
        self._linker.set_site(site, cause)
        self._arming.set_site(site, self._drafts.time)
        self._contacts.set_inputs(site.alarm_inputs, cause)
        self._follow_schedules(cause)

    def set_clock(self, clock: CivilClock, cause: int) -> None:
        """Civil time became known, or was set."""
        self._arming.set_clock(clock, self._drafts.time)
        self._follow_schedules(cause)

    def _follow_schedules(self, cause: int) -> None:
        """End and raise the alarms that this asks for, and wake up when a schedule arms or disarms next."""
        self._alarms.follow_arming(self._arming.armed_since(), cause)
        self._linker.recordings.follow(cause)
        edge = self._arming.next_edge(self._drafts.time)
        if edge is None:
            self._timers.cancel((EDGE,))
        else:
            self._timers.arm((EDGE,), edge, cause)

    def armed_since(self) -> dict[str, int]:
        """The armed sources of alarms, with the session time since when they are."""
        return self._arming.armed_since()

    def minute_of_day(self, time: int) -> int | None:
        """The minutes since midnight at the site at this session time, None where civil time is unknown."""
        return self._arming.minute_of_day(time)

    def fire(self, timer: Timer) -> None:
        """A timer is due."""
        machine, *names = timer.key
        if machine == EDGE:
            self._arming.refresh(self._drafts.time)
            self._follow_schedules(timer.cause)
        elif machine == PAUSE:
            self._arming.arm(self._drafts.time)
            self._follow_schedules(timer.cause)
        elif machine == RELEASE:
            self._linker.outputs.release(names[0], "delay", timer.cause)
        elif machine == REPEAT:
            self._alarms.repeat_due(names[0], int(names[1]), timer.cause)
        elif machine == NOTICE:
            self._linker.notices.due(int(names[0]), timer.cause)
        elif machine == LIFE_SIGN:
            self._linker.notices.life_sign(names[0], timer.cause)
        elif machine == CAPTURE:
            self._linker.captures.due(names[0], timer.cause)
        elif machine == POST_RECORD:
            self._linker.recordings.post_recorded(names[0], timer.cause)
        elif machine == DEBOUNCE:
            self._contacts.settle(names[0], timer.cause)

    # What facts and channels tell

    def hear(self, fact: e.Event, cause: int) -> None:
        """A fact about the system or a contact; others are passed over."""
        if isinstance(fact.body, e.AlarmInputChanged):
            self._contacts.changed(fact.body, cause)
        else:
            self._exceptions.hear(fact, cause)

    def detected(self, channel: str, body: e.Body, number: int, event: int) -> None:
        """A detector of the channel told `body` as derived event `event`, in frame `number`."""
        match body:
            case e.MotionStarted(box=box):
                self._begin("motion", channel, Activity(event, number, box))
            case e.TamperStarted(how=how):
                self._begin("tamper", channel, Activity(event, number, WHOLE_FRAME, how))
            case e.SceneChanged(how=how):
                self._begin("scene_change", channel, Activity(event, number, WHOLE_FRAME, how))
                self._alarms.ended(source_id("scene_change", channel), event)
            case e.MotionEnded():
                self._alarms.ended(source_id("motion", channel), event)
            case e.TamperEnded():
                self._alarms.ended(source_id("tamper", channel), event)
            case _:
                pass

    def _begin(self, detector: e.DetectorName, channel: str, activity: Activity) -> None:
        id = source_id(detector, channel)
        self._alarms.began(id, activity, id in self._arming.armed_since())

    def follow(self, channel: str, boxes: dict[int, e.Box], ended: dict[int, int], number: int) -> None:
        """Where the channel's targets are in frame `number`, and which are gone since, with what says so."""
        self._alarms.tracks_ended(channel, ended)
        self._alarms.follow(channel, boxes, number)

    def hit(self, hit: RuleHit, number: int, cause: int) -> None:
        """A rule's hit in frame `number`."""
        self._alarms.hit(hit, number, cause)

    def lose_channel(self, channel: str, reason: e.ClearReason, cause: int) -> None:
        """Nothing of the channel can be followed any more."""
        self._alarms.lose_channel(channel, reason, cause)

    def obey(self, command: e.CommandReceived, frames: dict[str, int], cause: int) -> None:
        """Carry out an operator's command; one that names nothing that is there now is passed over.

        `frames` says how many frames each channel has had.
        """
        words = command.arguments
        match command.name:
            case "arm" | "disarm" | "pause":
                self._arm_by_hand(command, cause)
            case "clear":
                key = alarm_key(words[0])
                named = (key.raiser, key.ordinal)
                self._alarms.clear_where(lambda a: (a.source, a.ordinal) == named, "command", cause)
            case "output" if words[1] == "on":
                self._linker.outputs.switch_on(words[0], cause)
            case "output":
                self._linker.outputs.release(words[0], "command", cause)
            case "capture":
                self._linker.captures.by_hand(words[0], frames[words[0]] - 1 if words[0] in frames else None, cause)
            case "restart-vca":
                self._alarms.clear_where(lambda a: a.track != NO_TRACK, "command", cause)
            case _:
                pass

    def _arm_by_hand(self, command: e.CommandReceived, cause: int) -> None:
        self._timers.cancel((PAUSE,))
        if command.name == "arm":
            self._arming.arm(self._drafts.time)
        else:
            self._arming.disarm(self._drafts.time)
        if command.name == "pause":
            self._timers.arm((PAUSE,), self._drafts.time + pause_ns(command.arguments[0]), cause)
        self._follow_schedules(cause)

    def end(self, cause: int) -> None:
        """The session ends: nothing stays live, on or untold."""
        self._alarms.clear_where(lambda _: True, "session_ended", cause)
        self._exceptions.end_all(cause)
        self._linker.end(cause)
        self._timers.cancel_all()

    # State

    def references(self) -> tuple[list[int], list[tuple[str, int]]]:
        """What later events may point to: ordinals, and frames by (channel, number)."""
        alarms, linker = self._alarms.references(), self._linker.references()
        return alarms[0] + linker[0] + self._exceptions.references(), alarms[1] + linker[1]

    def state(self) -> LinkageState:
        return LinkageState(
            arming=self._arming.state(),
            alarms=self._alarms.state(),
            exceptions=self._exceptions.state(),
            contacts=self._contacts.state(),
            linker=self._linker.state(),
        )

    def restore(self, state: LinkageState, site: Site | None) -> None:
        """Go on where the Linkage was that gave `state` under these settings. Raises `StateDamaged`."""
        self._arming.restore(state.arming, site)
        self._alarms.restore(state.alarms, () if site is None else alarm_sources(site))
        self._exceptions.restore(state.exceptions, site)
        self._contacts.restore(state.contacts, () if site is None else site.alarm_inputs)
        self._linker.restore(state.linker, site)
