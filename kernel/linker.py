"""The linker: hands an alarm or an exception to each linkage in its list whose schedule is armed."""

import msgspec

from kernel.actions import Actions
from kernel.arming import Arming
from kernel.captures import Captures, Series
from kernel.drafting import Drafts
from kernel.events import Carried
from kernel.notices import Notices, NoticesState
from kernel.occurrences import Occurrence
from kernel.outputs import SWITCHED, Outputs, OutputsState
from kernel.recordings import Recordings, RecordingsState
from kernel.site.linkage_model import Capture, Record
from kernel.site.model import Linkage, Site
from kernel.timers import Timers


class LinkerState(msgspec.Struct, frozen=True):
    actions: dict[str, int]
    outputs: OutputsState
    notices: NoticesState
    captures: dict[str, Series]
    recordings: RecordingsState


class Linker:
    """All linkages of the site, and the machines behind their kinds."""

    def __init__(self, timers: Timers, drafts: Drafts, arming: Arming) -> None:
        self._arming = arming
        self._linkages: dict[str, Linkage] = {}
        self._actions = Actions(drafts)
        self.outputs = Outputs(timers, drafts, self._actions)
        self.notices = Notices(timers, drafts, self._actions)
        self.captures = Captures(timers, drafts, self._actions)
        self.recordings = Recordings(timers, drafts, arming)
        self._channels: tuple[str, ...] = ()

    def carry(self, carried: Carried) -> None:
        """Go on counting actions where the run before stopped, and see to what it left on."""
        self._actions.restore(dict(carried.ordinals))
        self.outputs.carry(carried.outputs)

    def set_site(self, site: Site, cause: int) -> None:
        """New settings."""
        self.outputs.set_linkages(site.linkages, cause)
        self.notices.set_linkages(site.linkages, _channels(site), cause)
        self.captures.set_linkages(site.linkages)
        self.recordings.set_site(site, cause)
        self._channels = _channels(site)
        self._linkages = {link.id: link for link in site.linkages}

    def act(self, occurrence: Occurrence, linkage: tuple[str, ...]) -> tuple[str, ...]:
        """Something began or goes on. Gives the linkages that act: they will hear of its end too."""
        acting = [self._linkages[id] for id in linkage if id in self._linkages]
        acting = [link for link in acting if self._arming.covers(link.schedule)]
        recorded: list[str] = []
        for link in acting:
            if link.kind in SWITCHED:
                self.outputs.alarm(link, occurrence.event)
            elif isinstance(link.settings, Record):
                recorded += self._meant(link.settings, occurrence)
            elif isinstance(link.settings, Capture):
                self.captures.take(link, occurrence, self._meant(link.settings, occurrence))
            else:
                self.notices.tell(link, occurrence)
        self.recordings.began(occurrence, tuple(dict.fromkeys(recorded)))
        return tuple(link.id for link in acting)

    def _meant(self, settings: Record | Capture, occurrence: Occurrence) -> tuple[str, ...]:
        """The channels of a linkage: those it names, the alarm's, or all where the alarm has none."""
        return settings.channels or ((occurrence.channel,) if occurrence.channel else self._channels)

    def over(self, occurrence: Occurrence, told: tuple[str, ...]) -> None:
        """Something ended: who was told that it began is told, whatever the schedules say now."""
        for id in told:
            if id in self._linkages:
                self.notices.tell(self._linkages[id], occurrence)
        self.recordings.ended(occurrence.of, occurrence.event)

    def end(self, cause: int) -> None:
        """The session ends: everything goes off, and what waits goes out."""
        self.outputs.release_all("session_ended", cause)
        self.notices.send_all()
        self.captures.end_all()
        self.recordings.end_all(cause)

    def references(self) -> tuple[list[int], list[tuple[str, int]]]:
        """What the machines may still point to: ordinals, and frames by (channel, number)."""
        notices, captures = self.notices.references(), self.captures.references()
        own = self.outputs.references() + self.recordings.references()
        return notices[0] + captures[0] + own, notices[1] + captures[1]

    def state(self) -> LinkerState:
        return LinkerState(
            actions=self._actions.state(),
            outputs=self.outputs.state(),
            notices=self.notices.state(),
            captures=self.captures.state(),
            recordings=self.recordings.state(),
        )

    def restore(self, state: LinkerState, site: Site | None) -> None:
        """Go on where the Linker was that gave `state` under these settings. Raises `StateDamaged`."""
        linkages = () if site is None else site.linkages
        self._linkages = {link.id: link for link in linkages}
        self._actions.restore(state.actions)
        self.outputs.restore(state.outputs, linkages)
        self._channels = () if site is None else _channels(site)
        self.notices.restore(state.notices, linkages, self._channels)
        self.captures.restore(state.captures, linkages)
        self.recordings.restore(state.recordings, site)


def _channels(site: Site) -> tuple[str, ...]:
    return tuple(channel.id for channel in site.channels)
