"""The contacts of alarm inputs: from what a contact does to when it counts as away from its rest position.

A contact bounces; a change counts once it has lasted for the debounce time. A contact that nobody ever told of is at
rest.
"""

import msgspec

from kernel.alarms import WHOLE_FRAME, Activity, Alarms
from kernel.arming import Arming
from kernel.drafting import Drafts
from kernel.events import AlarmInputChanged, InputActivated, InputReleased
from kernel.site.model import AlarmInput
from kernel.sources import source_id
from kernel.timers import Timers

DEBOUNCE = "debounce"


class ContactsState(msgspec.Struct, frozen=True):
    """`closed` is what was last heard of each number, `active` the inputs that count as away from rest."""

    closed: dict[int, bool]
    active: list[str]


class Contacts:
    """All alarm inputs of the site."""

    def __init__(self, timers: Timers, drafts: Drafts, arming: Arming, alarms: Alarms) -> None:
        self._timers = timers
        self._drafts = drafts
        self._arming = arming
        self._alarms = alarms
        self._inputs: dict[str, AlarmInput] = {}
        self._closed: dict[int, bool] = {}
        self._active: dict[str, None] = {}

    def set_inputs(self, inputs: tuple[AlarmInput, ...], cause: int) -> None:
        """New settings; what was heard of the contacts is seen in their light."""
        for id in self._inputs:
            self._timers.cancel((DEBOUNCE, id))
        self._inputs = {one.id: one for one in inputs}
        self._active = {id: None for id in self._active if id in self._inputs}
        for one in inputs:
            self._consider(one, cause)

    def changed(self, change: AlarmInputChanged, cause: int) -> None:
        """A contact closed or opened."""
        self._closed[change.number] = change.closed
        for one in self._inputs.values():
            if one.number == change.number:
                self._consider(one, cause)

    def _consider(self, one: AlarmInput, cause: int) -> None:
        """Settle what the contact does now, or wait whether it lasts."""
        if self._away(one) == (one.id in self._active):
            self._timers.cancel((DEBOUNCE, one.id))
        elif not one.debounce_ns:
            self.settle(one.id, cause)
        elif not self._timers.is_armed((DEBOUNCE, one.id)):
            self._timers.arm((DEBOUNCE, one.id), self._drafts.time + one.debounce_ns, cause)

    def _away(self, one: AlarmInput) -> bool:
        rests_closed = one.contact == "normally_closed"
        return self._closed.get(one.number, rests_closed) != rests_closed

    def settle(self, input: str, cause: int) -> None:
        """What the contact does has lasted for long enough."""
        one = self._inputs[input]
        id = source_id("alarm_input", input)
        if self._away(one):
            self._active[input] = None
            event = self._drafts.emit(id, InputActivated(input, one.number), cause)
            self._alarms.began(id, Activity(event, None, WHOLE_FRAME), id in self._arming.armed_since())
        else:
            del self._active[input]
            self._alarms.ended(id, self._drafts.emit(id, InputReleased(input, one.number), cause))

    def state(self) -> ContactsState:
        return ContactsState(self._closed, list(self._active))

    def restore(self, state: ContactsState, inputs: tuple[AlarmInput, ...]) -> None:
        """Go on where the Contacts were that gave `state` under these settings."""
        self._inputs = {one.id: one for one in inputs}
        self._closed = state.closed
        self._active = dict.fromkeys(state.active)
