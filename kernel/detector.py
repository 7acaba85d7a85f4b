"""What the Engine asks of detectors; `detectors/` satisfies these protocols.

All times here are session time: nanoseconds since the session's first moment, so that the same recording gives the
same state whenever and however it is run.
"""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec
import numpy as np

from kernel.events import Body, Box, FrameCaptured, ObjectsRecognised, RuleType, TargetClass
from kernel.site.model import Channel, Rule


class Frame(msgspec.Struct, frozen=True, eq=False):
    """A decoded frame: `pixels` is (height, width), uint8 or uint16; `captured_ns` is session time.

    `number` counts the channel's frames in the session from 0; it is what a `FrameRef` holds inside the fold.
    `civil_minute` counts the minutes since midnight at the site, None where civil time is unknown.
    """

    number: int
    captured_ns: int
    pixels: np.ndarray
    shutter: Literal["open", "closed", "corrected"] | None = None
    night: bool | None = None
    civil_minute: int | None = None


def frame_of(
    body: FrameCaptured, number: int, origin: int, pixels: np.ndarray, civil_minute: int | None = None
) -> Frame:
    """The frame that a fact holds; `origin` is the logical time at which the session began."""
    return Frame(number, body.captured_ns - origin, pixels, body.shutter, body.night, civil_minute)


class RuleHit(msgspec.Struct, frozen=True):
    """A target did what the rule watches for in this frame."""

    rule: str
    type: RuleType
    track: int
    target: TargetClass
    box: Box
    detail: str = ""


class Percept(msgspec.Struct, frozen=True):
    """What one frame of a channel showed.

    `events` become derived events of the channel, in this order. `boxes` gives each live track's box, `ended` the
    tracks that are gone since this frame. Where `followed` is False the tracks wait for a recogniser: then there are
    no boxes yet, and what the frame showed of them comes with `Detector.settled`.
    """

    events: tuple[Body, ...]
    boxes: Mapping[int, Box]
    ended: tuple[int, ...]
    followed: bool = True


class Settled(msgspec.Struct, frozen=True):
    """What a frame whose tracks had waited showed of them."""

    number: int
    captured_ns: int
    percept: Percept


class Detector(Protocol):
    """All that sees one channel. It holds the channel's whole state and reads no clock."""

    def configure(self, channel: Channel, rules: tuple[Rule, ...]) -> None:
        """Take over settings; what they leave alone keeps its state (background, tracks)."""
        ...

    def restart(self, reason: str) -> None:
        """Learn the background afresh from the next frame on: hold-off, then detection."""
        ...

    def perceive(self, frame: Frame) -> Percept:
        """Fold one frame into background and tracks: needs nothing but this channel's state."""
        ...

    def recognise(self, captured_ns: int, found: ObjectsRecognised) -> None:
        """Take in what a model found in the frame captured at `captured_ns`, one of those perceived last.

        It is evidence of the class of the targets that were there; what follows from it is told with the next frame.
        Where the frame's tracks have waited for it, it is also evidence of where they are.
        """
        ...

    def settled(self, at_once: bool = False) -> Settled | None:
        """Follow the tracks in the first frame of those that wait, if it need not wait any more; None if it must.

        To be asked, and judged, again and again after each fact of the channel. `at_once`: it need not wait at all.
        """
        ...

    def unsettled(self) -> tuple[int, ...]:
        """The numbers of the frames that wait."""
        ...

    def judge(self, captured_ns: int, armed: Mapping[str, int]) -> tuple[RuleHit, ...]:
        """Hold the tracks of the frame just perceived, captured at `captured_ns`, against the rules.

        `armed` maps the armed rules of the channel to the session time since when they are: durations count from
        there. Hits come in the order of the rules, then of the tracks.
        """
        ...

    def state(self) -> object:
        """Background, tracks and rule state, all that `restore` needs: a value for `kernel.state.encode_state`.

        Equal wherever the same frames were folded. It may share arrays with the detector: encode it at once.
        """
        ...

    def restore(self, state: object) -> None:
        """Go on where the detector was that gave `state`, decoded; this one is new and has the same settings.

        Raises `kernel.state.StateDamaged` where it is no such state.
        """
        ...
