"""The whole state of the fold at one moment."""

from typing import Any

import msgspec
import numpy as np

from detectors.integrate import UNIT
from emberline.versions import other_versions
from emberline.wiring import make_engine
from kernel.engine import EngineState, FoldState
from kernel.events import Event, SessionStarted
from kernel.log.contract import EventLog, Selection
from kernel.references import SeqForm
from kernel.state import decode_state
from replay.explanation import event_at, session_of
from replay.parts import Part, parts_of, whole
from replay.refold import Pixels, Progress, resume
from replay.sessions import Session


class Moment(msgspec.Struct, frozen=True, eq=False):
    """`fact` is the last fact that was folded. `fold` is all that is remembered after it: arming, alarms, outputs,
    timers and, in `fold.detectors` by channel, background, tracks and what the rules remember.
    """

    fact: Event
    engine: EngineState
    fold: FoldState

    @property
    def sha256(self) -> str:
        """The state digest, as StateDigested records it for the whole state at a session's end."""
        return self.engine.sha256

    def background(self, channel: str) -> np.ndarray:
        """The background of a channel in counts, (height, width) float32. Raises `KeyError` where there is none yet."""
        return self._model(channel)["mean"] / np.float32(UNIT)

    def deviation(self, channel: str) -> np.ndarray:
        """How much each pixel varies: its mean absolute deviation in counts, (height, width) float32."""
        return self._model(channel)["deviation"] / np.float32(UNIT)

    def score(self, channel: str) -> np.ndarray:
        """How surprising each pixel of the last frame was, (height, width) float32, in σ."""
        return self._model(channel)["score"] / np.float32(10)

    def _model(self, channel: str) -> dict[str, Any]:
        model = self.fold.detectors[channel]["sight"]["background"]
        if model is None:
            raise KeyError(f"channel {channel} has learnt no background yet")
        return model


def moment_after(log: EventLog, seq: int, progress: Progress | None = None) -> Moment:
    """The state after the fact that the event with this seq belongs to.

    It is folded from the state that the log keeps at the start of the segment, or from the session's start where there
    is none, or other software kept it. Raises `KeyError` where there is no such seq, `FramesMissing` where frames
    before it have expired.
    """
    event = event_at(log, seq)
    part = _part_with(log, session_of(log, event), event.fact_no)
    engine, pixels, last = make_engine(), Pixels(log, part), None
    if part.kept is not None:
        resume(log, part.kept, engine, SeqForm())
    facts = Selection(first_fact=part.first_fact, last_fact=event.fact_no, facts_only=True)
    total = event.fact_no - part.first_fact + 1
    for done, last in enumerate(log.read(facts), 1):
        engine.handle(last, pixels.of(last))
        if progress is not None:
            progress(done, total)
    assert last is not None
    state = engine.state()
    return Moment(last, state, decode_state(state.fold, FoldState))


def _part_with(log: EventLog, session: Session, fact_no: int) -> Part:
    body = session.started.body
    if not isinstance(body, SessionStarted) or other_versions(body.versions):
        return whole(session)
    parts = [part for part in parts_of(log, session) if part.first_fact <= fact_no]
    return parts[-1] if parts else whole(session)
