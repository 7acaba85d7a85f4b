"""The linker: hands an alarm or an exception to each linkage in its list whose schedule is armed."""

import msgspec

from kernel.actions import Actions
from kernel.arming import Arming
from kernel.drafting import Drafts
from kernel.notices import Notices, NoticesState
from kernel.occurrences import Occurrence
from kernel.outputs import SWITCHED, Outputs, OutputsState
from kernel.site.model import Linkage, Site
from kernel.timers import Timers


class LinkerState(msgspec.Struct, frozen=True):
    actions: dict[str, int]
    outputs: OutputsState
    notices: NoticesState


class Linker:
    """All linkages of the site, and the machines behind their kinds."""

    def __init__(self, timers: Timers, drafts: Drafts, arming: Arming) -> None:
        self._arming = arming
        self._linkages: dict[str, Linkage] = {}
        self._actions = Actions(drafts)
        self.outputs = Outputs(timers, drafts, self._actions)
        self.notices = Notices(timers, drafts, self._actions)

    def set_site(self, site: Site, cause: int) -> None:
        """New settings."""
        self.outputs.set_linkages(site.linkages, cause)
        self.notices.set_linkages(site.linkages, _channels(site), cause)
        self._linkages = {link.id: link for link in site.linkages}

    def act(self, occurrence: Occurrence, linkage: tuple[str, ...]) -> tuple[str, ...]:
        """Something began or goes on. Gives the linkages that act: they will hear of its end too."""
        acting = [self._linkages[id] for id in linkage if id in self._linkages]
        acting = [link for link in acting if self._arming.covers(link.schedule)]
        for link in acting:
            if link.kind in SWITCHED:
                self.outputs.alarm(link, occurrence.event)
            else:
                self.notices.tell(link, occurrence)
        return tuple(link.id for link in acting)

    def over(self, occurrence: Occurrence, told: tuple[str, ...]) -> None:
        """Something ended: who was told that it began is told, whatever the schedules say now."""
        for id in told:
            if id in self._linkages:
                self.notices.tell(self._linkages[id], occurrence)

    def end(self, cause: int) -> None:
        """The session ends: everything goes off, and what waits goes out."""
        self.outputs.release_all("session_ended", cause)
        self.notices.send_all()

    def references(self) -> tuple[list[int], list[tuple[str, int]]]:
        """What the machines may still point to: ordinals, and frames by (channel, number)."""
        ordinals, frames = self.notices.references()
        return ordinals + self.outputs.references(), frames

    def state(self) -> LinkerState:
        return LinkerState(self._actions.state(), self.outputs.state(), self.notices.state())

    def restore(self, state: LinkerState, site: Site | None) -> None:
        """Go on where the Linker was that gave `state` under these settings. Raises `StateDamaged`."""
        linkages = () if site is None else site.linkages
        self._linkages = {link.id: link for link in linkages}
        self._actions.restore(state.actions)
        self.outputs.restore(state.outputs, linkages)
        self.notices.restore(state.notices, linkages, () if site is None else _channels(site))


def _channels(site: Site) -> tuple[str, ...]:
    return tuple(channel.id for channel in site.channels)
