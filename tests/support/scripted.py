"""A detector whose percepts and hits are written down beforehand, to drive the Engine through linkage alone."""

from collections.abc import Mapping

from kernel.detector import Frame, Percept, RuleHit
from kernel.events import (
    Body,
    ClockSet,
    ConfigChanged,
    Event,
    FrameCaptured,
    ObjectsRecognised,
    SessionEnded,
    SessionStarted,
    TrackEnded,
)
from kernel.site.model import Channel, Rule
from kernel.state import as_state

SECOND = 1_000_000_000
BOX = (100_000, 100_000, 50_000, 100_000)


class ScriptedDetector:
    """Hits `script[frame number]` = {rule: track}; a track lives in the frames that name it in `present`.

    `told[frame number]` are the events of motion, tamper and scene change in that frame.
    """

    def __init__(
        self,
        hits: dict[int, list[tuple[str, int]]],
        present: dict[int, range],
        told: dict[int, list[Body]] | None = None,
    ) -> None:
        self.hits, self.present, self.told = hits, present, told or {}
        self.frame = -1
        self.restarts: list[str] = []

    def __call__(self, channel: Channel, rules: tuple[Rule, ...]) -> "ScriptedDetector":
        return self

    def configure(self, channel: Channel, rules: tuple[Rule, ...]) -> None: ...

    def restart(self, reason: str) -> None:
        self.restarts.append(reason)

    def perceive(self, frame: Frame) -> Percept:
        self.frame = frame.number
        ended = tuple(t for t, frames in self.present.items() if frame.number == frames.stop)
        boxes = {t: BOX for t, frames in self.present.items() if frame.number in frames}
        tracks = tuple(TrackEnded(t, "human", SECOND) for t in ended)
        return Percept((*tracks, *self.told.get(frame.number, ())), boxes, ended)

    def recognise(self, captured_ns: int, found: ObjectsRecognised) -> None:
        """Nothing that it follows has a class."""

    def settled(self, at_once: bool = False) -> None:
        """No frame ever waits."""

    def unsettled(self) -> tuple[int, ...]:
        return ()

    def judge(self, captured_ns: int, armed: Mapping[str, int]) -> tuple[RuleHit, ...]:
        hits = self.hits.get(self.frame, [])
        return tuple(RuleHit(rule, "intrusion", track, "human", BOX) for rule, track in hits if rule in armed)

    def state(self) -> object:
        return self.frame

    def restore(self, state: object) -> None:
        self.frame = as_state(state, int)


class FailingDetector(ScriptedDetector):
    """Raises on the frames it is told."""

    def __init__(self, fails_at: int) -> None:
        super().__init__({}, {})
        self.fails_at = fails_at

    def perceive(self, frame: Frame) -> Percept:
        if frame.number == self.fails_at:
            raise RuntimeError("broken on purpose")
        return super().perceive(frame)


class Facts:
    """Makes facts with dense numbers, one frame a second by default."""

    def __init__(self) -> None:
        self.seq = 0
        self.time = 0

    def fact(self, body: Body, source: str, time: int | None = None) -> Event:
        self.seq += 1
        self.time = self.time if time is None else time
        return Event(self.seq, self.seq, self.time, source, type(body).__name__, None, body)

    def start(self, document: str, civil_offset: int | None = None) -> list[Event]:
        facts = [
            self.fact(SessionStarted("import", 1, {}, ("thermal",)), "session"),
            self.fact(ConfigChanged(document, "test"), "site"),
        ]
        if civil_offset is not None:
            facts.append(self.fact(ClockSet(civil_offset, "test"), "site"))
        return facts

    def frame(self, time: int) -> Event:
        body = FrameCaptured(time, 4, 4, "gray8", "test", True, 0, "")
        return self.fact(body, "channel.thermal", time)

    def end(self) -> Event:
        return self.fact(SessionEnded("end of recording"), "session")
