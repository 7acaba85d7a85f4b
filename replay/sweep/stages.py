"""The stages that the runs of a sweep share: background, segmentation, sight.

All runs fold a fact before the next one comes; a stage carries out each call once a fact, however many runs make it,
and hands the result to all of them. What a shared stage is told depends on nothing in which its runs differ.
"""

from collections.abc import Iterable

import msgspec
import numpy as np

from detectors.background import Background
from detectors.component_tree import Cutter
from detectors.pipeline import Settings, unshielded
from detectors.scene_modes import SCENE_MODES
from detectors.segmentation import Blob, Cut, cut_for
from detectors.sight import Sight, learn
from kernel.detector import Frame, Percept
from kernel.site.model import ChannelKind, Polygon

Wanted = tuple[ChannelKind, tuple[Settings, ...]]
"""What a sight depends on while one document is in force."""
_View = tuple[bool, tuple[Polygon, ...]]
"""Whether the score is without sway, and the shield over it."""


class Turn(msgspec.Struct):
    """Which fact the runs are folding."""

    fact_no: int = 0


class SharedBackground(Background):
    """A background that learns each frame once."""

    def __init__(self, kind: ChannelKind) -> None:
        super().__init__(thermal=kind == "thermal")
        self._keeps = False
        self._seen: np.ndarray | None = None
        self._calm: np.ndarray | None = None

    def keep_for_sway(self, keep: bool) -> None:
        if keep and not self._keeps:
            self._keeps = True
            super().keep_for_sway(True)

    def perceive(self, pixels: np.ndarray, captured_ns: int, corrected: bool) -> np.ndarray:
        if pixels is not self._seen:
            self._seen, self._calm = pixels, None
            super().perceive(pixels, captured_ns, corrected)
        return self.score

    def score_without_sway(self) -> np.ndarray:
        if self._calm is None:
            self._calm = super().score_without_sway()
        return self._calm


class SharedSegmentation:
    """The blobs of all settings over one background, each score map cut in all ways at once."""

    def __init__(self, background: SharedBackground, turn: Turn, expected: Iterable[Settings]) -> None:
        self._background, self._turn = background, turn
        self._views: dict[_View, list[Settings]] = {}
        for settings in expected:
            view = (settings.background_interference_suppression, settings.shield)
            self._views.setdefault(view, []).append(settings)
        self._cutters: dict[tuple[_View, int, int], tuple[Cutter, list[tuple[Settings, Cut]]]] = {}
        self._found: dict[Settings, tuple[Blob, ...]] = {}
        self._found_at = -1

    def found(self) -> dict[Settings, tuple[Blob, ...]]:
        """The blobs of the frame that the background perceived last, by settings; those without any are left out."""
        if self._found_at != self._turn.fact_no:
            self._found_at, self._found = self._turn.fact_no, {}
            for view in self._views:
                self._look(view)
        return self._found

    def _look(self, view: _View) -> None:
        sway, shield = view
        score = self._background.score_without_sway() if sway else self._background.score
        cutter, cuts = self._cutter(view, *score.shape[:2])
        blobs = cutter.blobs(unshielded(score, shield))
        if blobs:
            self._found.update({settings: blobs[cut] for settings, cut in cuts if cut in blobs})

    def _cutter(self, view: _View, height: int, width: int) -> tuple[Cutter, list[tuple[Settings, Cut]]]:
        key = (view, height, width)
        if key not in self._cutters:
            ways = [
                (settings, cut_for((height, width), settings.sensitivity, SCENE_MODES[settings.scene_mode]))
                for settings in self._views[view]
            ]
            self._cutters[key] = (Cutter([cut for _, cut in ways]), ways)
        return self._cutters[key]


class Eye(msgspec.Struct, frozen=True, eq=False):
    """One background and the segmentation of what surprises it."""

    background: SharedBackground
    segmentation: SharedSegmentation


class ChannelStages:
    """The shared stages of one channel. Which sights there are is decided by what their runs want.

    `frames` counts those that the sights could perceive, `last_ns` is when the last one was captured. Sights that
    follow nothing are asleep until a frame holds something for them.
    """

    def __init__(self, turn: Turn, expected: Iterable[Settings]) -> None:
        self.frames = 0
        self.last_ns = 0
        self._turn = turn
        self._awake: dict[SharedSight, None] = {}
        self._expected = tuple(dict.fromkeys(expected))
        self._eyes: dict[tuple[ChannelKind, int], Eye] = {}
        self._sights: dict[tuple[object, int], SharedSight] = {}
        self._by_settings: dict[Settings, list[SharedSight]] = {}

    def eye(self, kind: ChannelKind) -> Eye:
        """The eye of this kind for sights that begin with the present fact."""
        key = (kind, self._turn.fact_no)
        if key not in self._eyes:
            background = SharedBackground(kind)
            self._eyes[key] = Eye(background, SharedSegmentation(background, self._turn, self._expected))
        return self._eyes[key]

    def sight(self, history: tuple[Wanted | None, ...], now: Wanted) -> "SharedSight":
        """The sight for runs that want `history`, document after document, and `now`; new with each fact."""
        key = (history, self._turn.fact_no)
        if key not in self._sights:
            sight = self._sights[key] = SharedSight(now, self, self._turn)
            for settings in {s for wanted in history if wanted is not None for s in wanted[1]}:
                self._by_settings.setdefault(settings, []).append(sight)
        return self._sights[key]

    def wake_all(self) -> None:
        """Something other than a frame came; it may concern every sight."""
        for sight in self._sights.values():
            sight.catch_up()
        self._awake = dict.fromkeys(self._sights.values())

    def perceive(self, frame: Frame) -> list["SharedSight"]:
        """Show a frame to all sights for which it may hold something; gives those whose runs must take notice."""
        loud: list[SharedSight] = []
        for sight in self._stirred(frame):
            if sight.notices(frame):
                loud.append(sight)
            if sight.idle:
                self._awake.pop(sight, None)
            else:
                self._awake[sight] = None
        return loud

    def has_passed(self, frame: Frame) -> None:
        """All runs are done with the frame."""
        self.frames += 1
        self.last_ns = frame.captured_ns

    def _stirred(self, frame: Frame) -> list["SharedSight"]:
        stirred = dict(self._awake)
        for eye in {id(sight.eye): sight.eye for sight in self._sights.values()}.values():
            learn(eye.background, frame)
            if eye.background.learning:
                stirred |= dict.fromkeys(sight for sight in self._sights.values() if sight.eye is eye)
                continue
            for settings in eye.segmentation.found():
                stirred |= dict.fromkeys(self._by_settings.get(settings, ()))
        return list(stirred)


class SharedSight(Sight):
    """A sight that perceives each frame once, and frames that bring it nothing not at all."""

    def __init__(self, wanted: Wanted, stages: ChannelStages, turn: Turn) -> None:
        self._stages, self._turn, self._told_at = stages, turn, -1
        self._told: set[object] = set()
        self._percept: Percept | None = None
        self._frames = stages.frames
        super().__init__(*wanted, self._look_through, self._blobs)

    def _look_through(self, kind: ChannelKind) -> Background:
        self.eye = self._stages.eye(kind)
        return self.eye.background

    def _blobs(self, score: np.ndarray, settings: Settings) -> tuple[Blob, ...]:
        return self.eye.segmentation.found().get(settings, ())

    def configure(self, kind: ChannelKind, wanted: tuple[Settings, ...]) -> None:
        if self._first_time("configure"):
            super().configure(kind, wanted)

    def restart(self, reason: str) -> None:
        if self._first_time(("restart", reason)):
            super().restart(reason)

    def perceive(self, frame: Frame) -> Percept:
        if self._first_time("perceive"):
            self._percept = None
            self.catch_up()
            self._frames += 1
            self._percept = super().perceive(frame)
        if self._percept is None:
            raise RuntimeError("the frame could not be perceived")
        return self._percept

    def notices(self, frame: Frame) -> bool:
        """Perceive a frame; whether it brings a run anything: events, or targets to hold against rules."""
        try:
            percept = self.perceive(frame)
        except Exception:  # the runs meet it again, each in its engine, which knows what to do
            return True
        return bool(percept.events or percept.boxes or percept.ended)

    def catch_up(self) -> None:
        """Take notice of the frames that went by while this was asleep; needed before its state is looked at."""
        if self._frames < self._stages.frames:
            self._frames = self._stages.frames
            self.pass_over(self._stages.last_ns)

    def _first_time(self, call: object) -> bool:
        """Whether nobody has made this call since the present fact came."""
        if self._told_at != self._turn.fact_no:
            self._told_at = self._turn.fact_no
            self._told.clear()
        fresh = call not in self._told
        self._told.add(call)
        return fresh
