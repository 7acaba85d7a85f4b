"""Tampering and scene change of one channel as events; the two exclude each other.

The view is looked at ten times a second. What shows another view is no tampering, whatever else is wrong, and while
the camera is tampered with no scene change is told.
"""

from typing import Any

import msgspec

from detectors import scene_change, tamper
from detectors.scene_change import Change
from detectors.tamper import Harm
from detectors.view import SECOND_NS, Look, View
from kernel.detector import Frame
from kernel.events import Body, SceneChanged, TamperEnded, TamperStarted
from kernel.site.model import Channel
from kernel.state import as_state

LOOK_NS = 95_000_000
HOLD_NS = 500_000_000
"""What is wrong must stay so for this long…"""
BLINDED_HOLD_NS = 800_000_000
"""… a glare longer: headlights pass."""
CLEAR_NS = SECOND_NS
"""Tampering is over once the view has been as usual for this long."""
ACCEPT_NS = 10 * SECOND_NS
"""Another view that is still for so long ends tampering, and is the view from then on."""

SILENT_SENSITIVITY = 50
"""Another view is learnt at this sensitivity where nobody wants to be told of it."""


class Finding(msgspec.Struct, frozen=True):
    """What seems to be wrong: one of the two."""

    tamper: Harm | None = None
    scene_change: Change | None = None

    @property
    def detector(self) -> str:
        return "scene_change" if self.tamper is None else "tamper"


class WatchState(msgspec.Struct, frozen=True):
    """What a watch remembers; times are session time."""

    view: Any
    last_ns: int | None
    finding: Finding | None
    since_ns: int
    tampered: Harm | None
    tampered_ns: int
    usual_since_ns: int | None
    other_since_ns: int | None
    night: bool | None


class Watch:
    """Watches the view of a channel whose settings ask for it."""

    def __init__(self, channel: Channel) -> None:
        self._view = View()
        self._last_ns: int | None = None
        self._finding: Finding | None = None
        self._since_ns = 0
        self._tampered: Harm | None = None
        self._tampered_ns = 0
        self._usual_since_ns: int | None = None
        self._other_since_ns: int | None = None
        self._night: bool | None = None
        self.configure(channel)

    def configure(self, channel: Channel) -> None:
        """Take over settings; the view stays."""
        self._tamper = channel.tamper if channel.tamper is not None and channel.tamper.enabled else None
        wanted = channel.scene_change
        self._scene_change = wanted if wanted is not None and wanted.enabled else None
        self._area = tamper.area_mask(None if self._tamper is None else self._tamper.area)

    @property
    def _wanted(self) -> bool:
        """Whether there is anything to watch for, or to tell the end of."""
        return self._tamper is not None or self._scene_change is not None or self._tampered is not None

    def restart(self) -> None:
        """The view is learnt afresh from the next picture on; tampering that was under way goes on until it is."""
        self._view.restart()
        self._finding = None
        self._usual_since_ns = self._other_since_ns = None

    def perceive(self, frame: Frame) -> list[Body]:
        """What became of the view with this frame."""
        if not self._wanted:
            return []
        if self._last_ns is not None and 0 <= frame.captured_ns - self._last_ns < LOOK_NS:
            return []
        self._last_ns = frame.captured_ns
        if frame.night is not None and frame.night != self._night:
            if self._night is not None:
                self.restart()
            self._night = frame.night
        if frame.shutter == "closed":
            return []
        look = self._view.look(frame.pixels, frame.captured_ns)
        if look is None:
            return []
        other = scene_change.other_view(look, self._view.shift)
        if self._tampered is not None:
            return self._while_tampered(look, other, frame)
        return self._while_sound(look, other, frame)

    def state(self) -> WatchState:
        return WatchState(
            self._view.state(),
            self._last_ns,
            self._finding,
            self._since_ns,
            self._tampered,
            self._tampered_ns,
            self._usual_since_ns,
            self._other_since_ns,
            self._night,
        )

    def restore(self, state: object) -> None:
        """Go on where the watch was that gave `state`."""
        kept = as_state(state, WatchState)
        self._view.restore(kept.view)
        self._last_ns, self._finding, self._since_ns = kept.last_ns, kept.finding, kept.since_ns
        self._tampered, self._tampered_ns = kept.tampered, kept.tampered_ns
        self._usual_since_ns, self._other_since_ns = kept.usual_since_ns, kept.other_since_ns
        self._night = kept.night

    def _while_sound(self, look: Look, other: Change | None, frame: Frame) -> list[Body]:
        found = self._found(look, other)
        if found is None or self._finding is None or found.detector != self._finding.detector:
            self._since_ns = frame.captured_ns
        self._finding = found
        if found is None or frame.captured_ns - self._since_ns < _hold_ns(found):
            return []
        self._finding = None
        if found.tamper is not None:
            self._tampered, self._tampered_ns = found.tamper, frame.captured_ns
            self._usual_since_ns = self._other_since_ns = None
            return [TamperStarted(frame.number, found.tamper)]
        assert found.scene_change is not None
        self._view.restart()
        return [] if self._scene_change is None else [SceneChanged(frame.number, found.scene_change)]

    def _found(self, look: Look, other: Change | None) -> Finding | None:
        """What is wrong with this picture. Another view counts once it is still; nobody's, it is learnt in silence."""
        if other is not None:
            sensitivity = SILENT_SENSITIVITY if self._scene_change is None else self._scene_change.sensitivity
            counts = look.still and scene_change.changed(look, other, sensitivity)
            return Finding(scene_change=other) if counts else None
        if self._tamper is None:
            return None
        how = tamper.tampering(look, self._area, self._tamper.sensitivity)
        return None if how is None else Finding(tamper=how)

    def _while_tampered(self, look: Look, other: Change | None, frame: Frame) -> list[Body]:
        now = frame.captured_ns
        usual = self._tamper is None or tamper.over(look, self._area, self._tamper.sensitivity)
        self._usual_since_ns = (self._usual_since_ns or now) if usual else None
        self._other_since_ns = (self._other_since_ns or now) if other is not None and look.still else None
        accepted = self._other_since_ns is not None and now - self._other_since_ns >= ACCEPT_NS
        cleared = self._usual_since_ns is not None and now - self._usual_since_ns >= CLEAR_NS
        if self._tampered is None or not (accepted or cleared or self._tamper is None):
            return []
        if accepted:
            self._view.restart()
        how, self._tampered = self._tampered, None
        return [TamperEnded(frame.number, how, now - self._tampered_ns)]


def _hold_ns(found: Finding) -> int:
    return BLINDED_HOLD_NS if found.tamper == "blinded" else HOLD_NS
