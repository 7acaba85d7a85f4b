"""The output machine: alarm outputs that alarms switch on, and that go off `delay` after the last of them.

Each switch is an ActionRequested under the key (output, ordinal); nobody acts before it is committed.
"""

import msgspec

from kernel.alarms import Emit
from kernel.arming import Arming
from kernel.events import ActionRequested, OutputActivated, OutputReleased
from kernel.site.model import Linkage
from kernel.state import StateDamaged
from kernel.timers import Timers

RELEASE = "release"
ALARM_OUTPUT = "alarm_output"


class OutputsState(msgspec.Struct, frozen=True):
    """`on` maps what is on to the ordinal of its OutputActivated; `ordinals` the actions asked of each output."""

    on: dict[str, int]
    ordinals: dict[str, int]


class Outputs:
    """The state of every alarm output: on or off."""

    def __init__(self, timers: Timers, arming: Arming) -> None:
        self._timers = timers
        self._arming = arming
        self._linkages: dict[str, Linkage] = {}
        self._on: dict[str, int] = {}
        self._ordinals: dict[str, int] = {}

    def set_linkages(self, linkages: tuple[Linkage, ...], emit: Emit, cause: int) -> None:
        """New settings: outputs that are gone, or are wired elsewhere, go off."""
        new = {link.id: link for link in linkages if link.kind == ALARM_OUTPUT}
        for output in list(self._on):
            if output not in new or new[output].number != self._linkages[output].number:
                self.release(output, "configuration", emit, cause)
        self._linkages = new

    def alarm(self, linkage: tuple[str, ...], time: int, emit: Emit, cause: int) -> None:
        """An alarm was raised or repeated: switch on its outputs, or keep them on for longer."""
        for id in linkage:
            output = self._linkages.get(id)
            if output is not None and self._arming.covers(output.schedule):
                self._activate(output, time, emit, cause)

    def switch_on(self, output: str, emit: Emit, cause: int) -> None:
        """By hand: on until switched off, whatever the delay."""
        if output in self._linkages:
            self._timers.cancel((RELEASE, output))
            self._turn_on(self._linkages[output], emit, cause)

    def _activate(self, output: Linkage, time: int, emit: Emit, cause: int) -> None:
        by_hand = output.id in self._on and not self._timers.is_armed((RELEASE, output.id))
        self._turn_on(output, emit, cause)
        if by_hand:
            return
        if output.delay_ns is not None:
            self._timers.arm((RELEASE, output.id), time + output.delay_ns, cause)

    def _turn_on(self, output: Linkage, emit: Emit, cause: int) -> None:
        if output.id not in self._on:
            event = emit(f"linkage.{output.id}", OutputActivated(output.id), cause)
            self._on[output.id] = event
            self._request(output, "on", emit, event)

    def release(self, output: str, reason: str, emit: Emit, cause: int) -> None:
        """Switch an output off, if it is on."""
        if self._on.pop(output, None) is None:
            return
        self._timers.cancel((RELEASE, output))
        body = msgspec.convert({"output": output, "reason": reason}, OutputReleased)
        event = emit(f"linkage.{output}", body, cause)
        self._request(self._linkages[output], "off", emit, event)

    def release_all(self, reason: str, emit: Emit, cause: int) -> None:
        for output in list(self._on):
            self.release(output, reason, emit, cause)

    def _request(self, output: Linkage, command: str, emit: Emit, cause: int) -> None:
        ordinal = self._ordinals.get(output.id, 0) + 1
        self._ordinals[output.id] = ordinal
        parameters = {"number": str(output.number)}
        emit(f"linkage.{output.id}", ActionRequested(output.id, ordinal, output.kind, command, parameters), cause)

    def references(self) -> list[int]:
        """The ordinals of the OutputActivated of what is on."""
        return list(self._on.values())

    def state(self) -> OutputsState:
        return OutputsState(self._on, self._ordinals)

    def restore(self, state: OutputsState, linkages: tuple[Linkage, ...]) -> None:
        """Go on where the Outputs were that gave `state` under these settings. Raises `StateDamaged`."""
        self._linkages = {link.id: link for link in linkages if link.kind == ALARM_OUTPUT}
        if not state.on.keys() <= self._linkages.keys():
            raise StateDamaged("an output is on that the settings do not have")
        self._on = state.on
        self._ordinals = state.ordinals
