"""Tuning: sweep, score, choose, look for what else would help, and say how sure all of it is."""

from collections.abc import Callable, Sequence

import msgspec

from kernel.site.reader import SiteErrors, Variants
from replay.scoring import Judged, Windows, judge, tally_of
from replay.scoring.corpus import KnownSession, durations_of
from replay.sweep.grid import Axis, Settings, settings_of_grid
from replay.sweep.result import SweptRun
from replay.tuning.choice import Candidate, HeldOut, Unsure, candidate, choose, held_out, unsure_about
from replay.tuning.objective import Objective
from replay.tuning.suggestions import Suggestion, suggestions

Sweep = Callable[[Sequence[Settings]], dict[Settings, list[SweptRun]]]
"""Gives, for each of some settings, what comes out of every session, in their order."""


class Tuned(msgspec.Struct, frozen=True):
    """A recommendation and what it rests on. The first of `candidates` are the recorded settings.

    `tried` are suggestions with what they came to on top of the chosen settings, `taken` those that help; `final` is
    the whole of it, `judged` its sessions, `patch` what differs from the recorded settings.
    """

    objective: Objective
    axes: tuple[Axis, ...]
    candidates: tuple[Candidate, ...]
    chosen: Candidate
    held_out: HeldOut | None
    unsure: tuple[Unsure, ...]
    tried: tuple[tuple[Suggestion, Candidate], ...]
    taken: tuple[Suggestion, ...]
    final: Candidate
    judged: tuple[Judged, ...]
    recorded_judged: tuple[Judged, ...]
    patch: Settings

    @property
    def recorded(self) -> Candidate:
        return self.candidates[0]


def tune(
    sessions: Sequence[KnownSession], axes: Sequence[Axis], objective: Objective, windows: Windows, sweep: Sweep
) -> Tuned:
    """Recommend settings. Raises `GridError` where the grid is unusable, `SiteErrors` where it does not fit a site."""
    runs = [(), *settings_of_grid(list(axes))]
    for known in sessions:
        for axis in axes:
            for value in axis.values:
                Variants(known.document).site(((axis.path, value),))
    judging = _Judging(sessions, windows)
    candidates = judging.candidates(sweep(runs))
    recorded = _recorded(sessions[0].document, axes)
    chosen = choose(candidates, objective, axes, recorded)
    tried, taken, final = _what_else(sessions, objective, judging, chosen, sweep)
    last = sweep([(), final.settings])
    return Tuned(
        objective=objective,
        axes=tuple(axes),
        candidates=tuple(candidates),
        chosen=chosen,
        held_out=held_out(candidates, objective, axes, recorded),
        unsure=unsure_about(chosen, candidates, axes),
        tried=tried,
        taken=taken,
        final=final,
        judged=judging.judged(final.settings, last[final.settings]),
        recorded_judged=judging.judged((), last[()]),
        patch=_changes(sessions[0].document, final.settings),
    )


def _what_else(
    sessions: Sequence[KnownSession], objective: Objective, judging: "_Judging", chosen: Candidate, sweep: Sweep
) -> tuple[tuple[tuple[Suggestion, Candidate], ...], tuple[Suggestion, ...], Candidate]:
    """Try what the false alarms suggest, each alone and then together; keep what costs no true alarm."""
    if chosen.score.false == 0:
        return (), (), chosen
    judged = judging.judged(chosen.settings, sweep([chosen.settings])[chosen.settings])
    site = Variants(sessions[0].document).site(chosen.settings)
    ideas = [s for s in suggestions(site, [v for j in judged for v in j.verdicts]) if _fits(sessions, chosen, s)]
    alone = {idea: (*chosen.settings, (idea.path, idea.value)) for idea in ideas}
    if not ideas:
        return (), (), chosen
    scored = {c.settings: c for c in judging.candidates(sweep(list(alone.values())))}
    tried = tuple((idea, scored[settings]) for idea, settings in alone.items())
    helping = [idea for idea, result in tried if _better(result, chosen)]
    helping.sort(key=lambda idea: scored[alone[idea]].score.false)
    for count in range(len(helping), 0, -1):
        together = (*chosen.settings, *((i.path, i.value) for i in helping[:count]))
        (result,) = judging.candidates(sweep([together]))
        if _better(result, chosen):
            return tried, tuple(helping[:count]), result
    return tried, (), chosen


def _better(result: Candidate, than: Candidate) -> bool:
    """Fewer false alarms, and every event is found that was."""
    return result.score.false < than.score.false and result.score.hits >= than.score.hits


def _fits(sessions: Sequence[KnownSession], chosen: Candidate, idea: Suggestion) -> bool:
    try:
        for known in sessions:
            Variants(known.document).site((*chosen.settings, (idea.path, idea.value)))
    except SiteErrors:
        return False
    return True


def _recorded(document: str, axes: Sequence[Axis]) -> frozenset[tuple[str, str]]:
    """The values of the axes that leave the document's meaning as it is."""
    variants = Variants(document)
    pairs = [(axis.path, value) for axis in axes for value in axis.values]
    return frozenset(pair for pair in pairs if variants.site((pair,)) == variants.site(()))


def _changes(document: str, settings: Settings) -> Settings:
    """The settings that change what the document says."""
    variants, changes = Variants(document), list[tuple[str, str]]()
    for pair in settings:
        if variants.site((*changes, pair)) != variants.site(changes):
            changes.append(pair)
    return tuple(changes)


class _Judging:
    """Holds what comes out of the sessions against what is known of them."""

    def __init__(self, sessions: Sequence[KnownSession], windows: Windows) -> None:
        self._sessions = sessions
        self._windows = windows
        self._plain = [durations_of(Variants(known.document).site(())) for known in sessions]

    def judged(self, settings: Settings, runs: Sequence[SweptRun]) -> tuple[Judged, ...]:
        durations = self._plain
        if any(path.rsplit(".", 1)[-1] in ("duration", "type", "like") for path, _ in settings):
            durations = [durations_of(Variants(known.document).site(settings)) for known in self._sessions]
        return tuple(
            judge(run.alarms, known.truth, of, self._windows)
            for known, run, of in zip(self._sessions, runs, durations, strict=True)
        )

    def candidates(self, results: dict[Settings, list[SweptRun]]) -> list[Candidate]:
        return [
            candidate(
                settings,
                [
                    tally_of(judged, known.truth, known.armed)
                    for known, judged in zip(self._sessions, self.judged(settings, runs), strict=True)
                ],
            )
            for settings, runs in results.items()
        ]
