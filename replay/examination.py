"""Looking on while facts are folded again: what every rule made of every target, and what was not a target yet."""

from collections.abc import Callable, Iterator, Mapping

import msgspec
import numpy as np

from detectors.confirmation import confirmation_gates
from detectors.detector import ChannelDetector
from detectors.pipeline import Settings
from detectors.rules import Verdict
from detectors.rules.gates import Gate
from detectors.scene_modes import SCENE_MODES
from detectors.tracker import TrackerState
from kernel.detector import Frame, Percept, RuleHit, Settled
from kernel.engine import Engine, ReadSite, recorded_site
from kernel.events import Box, Event, FrameCaptured, TrackStarted
from kernel.log.contract import EventLog
from kernel.references import CHANNEL_SOURCE, Draft
from kernel.site.model import Channel, Rule
from replay.refold import Pixels, Progress
from replay.sessions import Session

MOST_WAITING = 4096
"""Frames remembered in case that there is still to be a look at them."""


class Trace(msgspec.Struct, frozen=True):
    """Something that is followed under some settings and seen in this frame, but has not counted as a target before.

    `track` is 0 while it does not count. `first_seen_ns` is session time.
    """

    settings: Settings
    track: int
    box: Box
    score: int
    first_seen_ns: int
    gates: tuple[Gate, ...]


class Look(msgspec.Struct, frozen=True, eq=False):
    """What came of one frame of a channel. `captured_ns` is session time.

    `score` (height, width) uint8 in tenths of σ and `mean` (height, width) float32, the background in 1/256 counts,
    are kept only where they were asked for.
    """

    channel: str
    captured_ns: int
    verdicts: tuple[Verdict, ...]
    hits: tuple[RuleHit, ...]
    traces: tuple[Trace, ...]
    learning: bool
    pixels: np.ndarray | None = None
    score: np.ndarray | None = None
    mean: np.ndarray | None = None


class Examined(msgspec.Struct, frozen=True, eq=False):
    """A fact folded again: the derived events in session form, and the look at it if it was a frame that was seen.

    The look at a frame whose tracks had waited for a recogniser comes once more with that frame, without events.
    """

    fact: Event
    drafts: tuple[Draft, ...]
    look: Look | None


class WatchedDetector(ChannelDetector):
    """The product's detector; hands on a `Look` for each frame. It concludes exactly what the detector does."""

    def __init__(
        self, channel: Channel, rules: tuple[Rule, ...], tell: Callable[[Look], None], with_maps: bool = False
    ) -> None:
        super().__init__(channel, rules)
        self._id, self._tell, self._with_maps = channel.id, tell, with_maps
        self._started: set[int] = set()
        self._maps: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def perceive(self, frame: Frame) -> Percept:
        percept = super().perceive(frame)
        background = self.state().sight.background if self._with_maps else None
        if background is not None:
            self._maps[frame.captured_ns] = frame.pixels, background.score.copy(), background.mean.copy()
        self._started = {track for body in percept.events if (track := _started(body))}
        return percept

    def settled(self, at_once: bool = False) -> Settled | None:
        settled = super().settled(at_once)
        if settled is not None:
            self._started = {track for body in settled.percept.events if (track := _started(body))}
        return settled

    def judge(self, captured_ns: int, armed: Mapping[str, int]) -> tuple[RuleHit, ...]:
        verdicts = self.examine(captured_ns, armed)
        hits = super().judge(captured_ns, armed)
        self._tell(self._look(captured_ns, verdicts, hits))
        return hits

    def _look(self, captured_ns: int, verdicts: tuple[Verdict, ...], hits: tuple[RuleHit, ...]) -> Look:
        sight = self.state().sight
        background = sight.background
        look = Look(
            channel=self._id,
            captured_ns=captured_ns,
            verdicts=verdicts,
            hits=hits,
            traces=tuple(self._traces(sight.pipelines, sight.frame_size)),
            learning=background is None or background.learning,
        )
        maps = self._maps.get(captured_ns)
        self._maps = {at_ns: kept for at_ns, kept in self._maps.items() if at_ns > captured_ns}
        if maps is None:
            return look
        pixels, score, mean = maps
        return msgspec.structs.replace(look, pixels=pixels, score=score, mean=mean)

    def _traces(self, pipelines: list[tuple[Settings, TrackerState]], size: tuple[int, int]) -> Iterator[Trace]:
        for settings, followed in pipelines:
            parameters = SCENE_MODES[settings.scene_mode]
            for track in followed.tracks:
                if track.seen and (track.id == 0 or track.id in self._started):
                    gates = confirmation_gates(track, parameters, size[0])
                    yield Trace(settings, track.id, track.box(*size), track.score, track.first_seen_ns, gates)


def examine(
    log: EventLog,
    session: Session,
    *,
    read_site: ReadSite = recorded_site,
    up_to_fact: int | None = None,
    with_maps: bool = False,
    progress: Progress | None = None,
) -> Iterator[Examined]:
    """Fold the session's facts again, up to and including `up_to_fact`, and look on.

    Raises `FramesMissing` where a frame's payload is not in the log any more.
    """
    looks: list[Look] = []
    engine = Engine(lambda channel, rules: WatchedDetector(channel, rules, looks.append, with_maps), read_site)
    pixels, waiting = Pixels(log, session), _Waiting(session.origin)
    last = session.last_fact if up_to_fact is None else min(up_to_fact, session.last_fact)
    total = last - session.first_fact + 1
    for done, fact in enumerate(log.read(session.facts()), 1):
        before, after = engine.handle(fact, pixels.of(fact))
        waiting.note(fact)
        seen = [(waiting.of(look), look) for look in looks]
        looks.clear()
        if fact.fact_no <= last:
            yield Examined(fact, (*before, *after), next((look for frame, look in seen if frame is fact), None))
        for frame, look in seen:
            if frame is not None and frame is not fact and frame.fact_no <= last:
                yield Examined(frame, (), look)
        if progress is not None and done <= total:
            progress(done, total)
        if fact.fact_no >= last and not any(number <= last for number in engine.waiting_for()):
            return


class _Waiting:
    """The frames that there may still be a look at, by channel and session time."""

    def __init__(self, origin: int) -> None:
        self._origin = origin
        self._frames: dict[tuple[str, int], Event] = {}

    def note(self, fact: Event) -> None:
        if isinstance(fact.body, FrameCaptured):
            self._frames[fact.source, fact.body.captured_ns - self._origin] = fact
            if len(self._frames) > MOST_WAITING:
                del self._frames[next(iter(self._frames))]

    def of(self, look: Look) -> Event | None:
        """The frame that the look is at."""
        return self._frames.pop((CHANNEL_SOURCE + look.channel, look.captured_ns), None)


def _started(body: object) -> int:
    return body.track if isinstance(body, TrackStarted) else 0
