"""One setting of a sweep: an Engine of its own over stages that it shares."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from detectors.detector import ChannelDetector, wanted_by
from kernel.engine import Engine
from kernel.events import AlarmCleared, AlarmRaised, Event, FoldFailed, FrameCaptured
from kernel.outcome import OutcomeDigest
from kernel.references import CHANNEL_SOURCE, Draft
from kernel.site.model import Channel, Rule, Site
from replay.sweep.grid import Settings
from replay.sweep.result import SweptRun, alarms_in
from replay.sweep.stages import ChannelStages, SharedSight, Wanted

Sites = Mapping[str, Site]
"""What each recorded document says under a run's settings."""


def wanted_over(sites: Sites, channel: str) -> tuple[Wanted | None, ...]:
    """What a run wants of a channel's sight, document after document; None where the channel is not there."""
    return tuple(_wanted(site, channel) for site in sites.values())


def _wanted(site: Site, channel: str) -> Wanted | None:
    for known in site.channels:
        if known.id == channel:
            return known.kind, wanted_by(site.rules_of(channel))
    return None


def _watched(channel: Channel) -> bool:
    """Whether a channel watches for motion, tampering or scene change, which takes every frame and restarts sights, or
    has a recogniser, whose findings change what its sight follows."""
    watches = (channel.motion, channel.tamper, channel.scene_change, channel.recogniser)
    return any(watch is not None and watch.enabled for watch in watches)


class Run:
    """Folds the facts that concern it; of frames that brought it nothing it is told how many there were."""

    def __init__(self, settings: Settings, sites: Sites, stages: Mapping[str, ChannelStages]) -> None:
        self.settings = settings
        self.alone = any(_watched(channel) for site in sites.values() for channel in site.channels)
        self.failed = False
        self.sights: dict[str, SharedSight] = {}
        self._stages = stages
        self._wanted = {channel: wanted_over(sites, channel) for channel in stages}
        self._engine = Engine(partial(_detector, self), sites.__getitem__)
        self._outcome = OutcomeDigest()
        self._kept: list[Draft] = []
        self._frames: dict[str, int] = {}

    def handle(self, fact: Event, pixels: np.ndarray | None, counts: Mapping[str, int]) -> None:
        """Fold a fact; `counts` says how many frames of each channel came before it."""
        for channel, count in counts.items():
            behind = count - self._frames.get(channel, 0)
            if behind:
                self._engine.pass_over(channel, behind)
            self._frames[channel] = count
        if isinstance(fact.body, FrameCaptured):
            channel = fact.source.removeprefix(CHANNEL_SOURCE)
            self._frames[channel] = self._frames.get(channel, 0) + 1
        for drafts in self._engine.handle(fact, pixels):
            for draft in drafts:
                self._note(draft)

    def next_due(self) -> int | None:
        """The logical time at which its next timer fires."""
        return self._engine.next_due()

    def result(self, session: int) -> SweptRun:
        return SweptRun(self.settings, session, self._outcome.hexdigest(), self._outcome.events, alarms_in(self._kept))

    def detector(self, channel: Channel, rules: tuple[Rule, ...]) -> ChannelDetector:
        """A detector over the sight that it shares with all runs that want the same."""
        sight = self._stages[channel.id].sight(self._wanted[channel.id], (channel.kind, wanted_by(rules)))
        self.sights[channel.id] = sight
        return ChannelDetector(channel, rules, sight)

    def _note(self, draft: Draft) -> None:
        self._outcome.add(draft)
        if isinstance(draft.body, (AlarmRaised, AlarmCleared)):
            self._kept.append(draft)
        self.failed |= isinstance(draft.body, FoldFailed)


def _detector(run: Run, channel: Channel, rules: tuple[Rule, ...]) -> ChannelDetector:
    return run.detector(channel, rules)
