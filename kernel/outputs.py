"""The switch machine: relays and lights that alarms switch on, and that go off some time after the last of them.

Each switch is an ActionRequested. `delay` of a relay and `duration` of a light count from the last alarm or repetition.
"""

import msgspec

from kernel.actions import Action, Actions
from kernel.drafting import Drafts
from kernel.events import OutputActivated, OutputReleased
from kernel.site.linkage_model import Light
from kernel.site.model import Linkage
from kernel.state import StateDamaged
from kernel.timers import Timers

RELEASE = "release"
ALARM_OUTPUT = "alarm_output"
SWITCHED = (ALARM_OUTPUT, "light")
"""The kinds of linkage that are on or off."""


class OutputsState(msgspec.Struct, frozen=True):
    """`on` maps what is on to the ordinal of its OutputActivated; `left` is what the run before left on."""

    on: dict[str, int]
    left: list[str]


class Outputs:
    """The state of every relay and light: on or off."""

    def __init__(self, timers: Timers, drafts: Drafts, actions: Actions) -> None:
        self._timers = timers
        self._drafts = drafts
        self._actions = actions
        self._linkages: dict[str, Linkage] = {}
        self._on: dict[str, int] = {}
        self._left: list[str] = []

    def carry(self, left: tuple[str, ...]) -> None:
        """The run before left these on: they go off as soon as it is known how they are wired."""
        self._left = list(left)

    def set_linkages(self, linkages: tuple[Linkage, ...], cause: int) -> None:
        """New settings: outputs that are gone, or are wired or shine otherwise, go off."""
        new = _switched(linkages)
        for output in list(self._on):
            if output not in new or _parameters(new[output]) != _parameters(self._linkages[output]):
                self.release(output, "configuration", cause)
        self._linkages = new
        left, self._left = self._left, []
        for output in left:
            if output in new:
                self._go_off(output, "restart", cause)

    def alarm(self, output: Linkage, cause: int) -> None:
        """An alarm was raised or repeated: switch the output on, or keep it on for longer."""
        by_hand = output.id in self._on and not self._timers.is_armed((RELEASE, output.id))
        self._turn_on(output, cause)
        delay_ns = _delay_ns(output)
        if not by_hand and delay_ns is not None:
            self._timers.arm((RELEASE, output.id), self._drafts.time + delay_ns, cause)

    def switch_on(self, output: str, cause: int) -> None:
        """By hand: on until switched off, whatever the delay."""
        if output in self._linkages:
            self._timers.cancel((RELEASE, output))
            self._turn_on(self._linkages[output], cause)

    def _turn_on(self, output: Linkage, cause: int) -> None:
        if output.id not in self._on:
            event = self._drafts.emit(f"linkage.{output.id}", OutputActivated(output.id), cause)
            self._on[output.id] = event
            self._request(output, "on", event)

    def release(self, output: str, reason: str, cause: int) -> None:
        """Switch an output off, if it is on."""
        if self._on.pop(output, None) is None:
            return
        self._timers.cancel((RELEASE, output))
        self._go_off(output, reason, cause)

    def _go_off(self, output: str, reason: str, cause: int) -> None:
        body = msgspec.convert({"output": output, "reason": reason}, OutputReleased)
        event = self._drafts.emit(f"linkage.{output}", body, cause)
        self._request(self._linkages[output], "off", event)

    def release_all(self, reason: str, cause: int) -> None:
        for output in list(self._on):
            self.release(output, reason, cause)

    def _request(self, output: Linkage, command: str, cause: int) -> None:
        self._actions.request(Action(output.id, output.kind, command, _parameters(output)), cause)

    def references(self) -> list[int]:
        """The ordinals of the OutputActivated of what is on."""
        return list(self._on.values())

    def state(self) -> OutputsState:
        return OutputsState(self._on, self._left)

    def restore(self, state: OutputsState, linkages: tuple[Linkage, ...]) -> None:
        """Go on where the Outputs were that gave `state` under these settings. Raises `StateDamaged`."""
        self._linkages = _switched(linkages)
        if not state.on.keys() <= self._linkages.keys():
            raise StateDamaged("an output is on that the settings do not have")
        self._on, self._left = state.on, state.left


def _switched(linkages: tuple[Linkage, ...]) -> dict[str, Linkage]:
    return {link.id: link for link in linkages if link.kind in SWITCHED}


def _delay_ns(output: Linkage) -> int | None:
    """How long it stays on; None until it is switched off by hand."""
    return output.settings.duration_ns if isinstance(output.settings, Light) else output.delay_ns


def _parameters(output: Linkage) -> dict[str, str]:
    """What its driver must know."""
    if isinstance(output.settings, Light):
        light = output.settings
        return {"mode": light.mode, "frequency": light.frequency, "brightness": str(light.brightness)}
    return {"number": str(output.number)}
