"""The sweep: one pass over a session's facts for all settings together.

What runs have in common is done once: each frame is decoded once and learnt once into the background, cut once in all
the ways that the settings ask for, and tracked once for all runs whose segmentation agrees. What is left to a run of
its own is to hold targets against its rules, and only in frames in which there are any.
"""

import heapq
from collections.abc import Iterable, Sequence

import numpy as np

from detectors.detector import ChannelDetector
from kernel.detector import Frame, frame_of
from kernel.engine import DIGEST_EVERY, Engine
from kernel.events import ConfigChanged, Event, FrameCaptured
from kernel.log.contract import EventLog
from kernel.outcome import OutcomeDigest
from kernel.references import CHANNEL_SOURCE, Draft
from kernel.site.reader import Variants
from replay.refold import Pixels, Progress
from replay.sessions import Session
from replay.sweep.grid import Settings
from replay.sweep.result import SweptRun, alarms_in
from replay.sweep.run import Run, Sites, wanted_over
from replay.sweep.stages import ChannelStages, SharedSight, Turn


def sweep_session(
    log: EventLog,
    session: Session,
    runs: Sequence[Settings],
    site: str | None = None,
    progress: Progress | None = None,
) -> list[SweptRun]:
    """Fold the session under each of the settings; the results in their order.

    `site` replaces every recorded document; settings apply on top. Raises `SiteErrors` where they do not fit a
    document, and `FramesMissing` where a frame is not in the log any more.
    """
    sweep = _Sweep(session, runs, _variants(log, session, site))
    pixels, total = Pixels(log, session), session.last_fact - session.first_fact + 1
    for done, fact in enumerate(log.read(session.facts()), 1):
        sweep.fold(fact, pixels.of(fact))
        if progress is not None:
            progress(done, total)
    return [
        replay_alone(log, session, run.settings, site) if run.alone or run.failed else run.result(session.number)
        for run in sweep.runs
    ]


def replay_alone(log: EventLog, session: Session, settings: Settings, site: str | None = None) -> SweptRun:
    """One setting by itself, with nothing shared: what the sweep's results are held against."""
    sites = _sites(_variants(log, session, site), settings)
    engine, pixels = Engine(ChannelDetector, sites.__getitem__), Pixels(log, session)
    outcome, drafts = OutcomeDigest(), list[Draft]()
    for fact in log.read(session.facts()):
        for part in engine.handle(fact, pixels.of(fact)):
            for draft in part:
                outcome.add(draft)
                drafts.append(draft)
    return SweptRun(settings, session.number, outcome.hexdigest(), outcome.events, alarms_in(drafts))


def _documents(log: EventLog, session: Session) -> list[str]:
    """The session's site documents in order, each once."""
    bodies = [fact.body for fact in log.read(session.facts("ConfigChanged"))]
    return list(dict.fromkeys(body.document for body in bodies if isinstance(body, ConfigChanged)))


def _variants(log: EventLog, session: Session, site: str | None) -> dict[str, Variants]:
    """How to read each recorded document under some settings."""
    return {document: Variants(document if site is None else site) for document in _documents(log, session)}


def _sites(variants: dict[str, Variants], settings: Settings) -> Sites:
    return {document: of.site(settings) for document, of in variants.items()}


class _Sweep:
    """All runs over one session, fact by fact."""

    def __init__(self, session: Session, runs: Sequence[Settings], variants: dict[str, Variants]) -> None:
        self._session = session
        self._turn = Turn()
        sites = [_sites(variants, settings) for settings in runs]
        channels = dict.fromkeys(c.id for of in sites for site in of.values() for c in site.channels)
        self._stages = {
            channel: ChannelStages(
                self._turn, (s for of in sites for w in wanted_over(of, channel) if w is not None for s in w[1])
            )
            for channel in channels
        }
        self.runs = [Run(settings, of, self._stages) for settings, of in zip(runs, sites, strict=True)]
        self._counts = dict.fromkeys(channels, 0)
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._watchers: dict[SharedSight, list[int]] = {}
        self._due: list[tuple[int, int]] = []
        self._next_due: list[int | None] = [None] * len(runs)

    def fold(self, fact: Event, pixels: np.ndarray | None) -> None:
        """Fold one fact in all runs that it concerns."""
        self._turn.fact_no = fact.fact_no
        channel = fact.source.removeprefix(CHANNEL_SOURCE)
        if not isinstance(fact.body, FrameCaptured) or channel not in self._stages:
            self._fold_in_all(fact, pixels)
            self._watch()
            return
        frame = None if pixels is None else frame_of(fact.body, self._counts[channel], self._session.origin, pixels)
        if frame is None or self._concerns_all(channel, frame):
            self._fold_in_all(fact, pixels)
        else:
            loud = self._stages[channel].perceive(frame)
            self._fold_in(self._those_concerned(loud, fact.time), fact, pixels)
        self._counts[channel] += 1
        if frame is not None:
            self._stages[channel].has_passed(frame)

    def _concerns_all(self, channel: str, frame: Frame) -> bool:
        """Whether every run has to take notice: of pictures of another size, or of a state digest that is due."""
        same_size = self._shapes.get(channel) == frame.pixels.shape
        self._shapes[channel] = frame.pixels.shape
        return not same_size or (frame.number + 1) % DIGEST_EVERY == 0

    def _those_concerned(self, loud: list[SharedSight], time: int) -> list[int]:
        """The runs that share one of these sights, or have a timer that falls due."""
        concerned = {number for sight in loud for number in self._watchers.get(sight, ())}
        while self._due and self._due[0][0] <= time:
            concerned.add(heapq.heappop(self._due)[1])
        return sorted(concerned)

    def _fold_in_all(self, fact: Event, pixels: np.ndarray | None) -> None:
        for stages in self._stages.values():
            stages.wake_all()
        self._fold_in(range(len(self.runs)), fact, pixels)

    def _fold_in(self, numbers: Iterable[int], fact: Event, pixels: np.ndarray | None) -> None:
        for number in numbers:
            run = self.runs[number]
            if run.alone:
                continue
            run.handle(fact, pixels, self._counts)
            due = run.next_due()
            if due is not None and due != self._next_due[number]:
                heapq.heappush(self._due, (due, number))
            self._next_due[number] = due

    def _watch(self) -> None:
        """Note which runs share which sights, after settings may have changed."""
        self._watchers = {}
        for number, run in enumerate(self.runs):
            for sight in run.sights.values():
                self._watchers.setdefault(sight, []).append(number)
