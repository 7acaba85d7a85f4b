"""Which of the swept settings to take, whether that holds on other sessions, and what cannot be told."""

from collections.abc import Sequence

import msgspec
from scipy.special import bdtr

from replay.scoring import Score, Tally, score_of
from replay.sweep.grid import Axis, Settings
from replay.tuning.objective import Objective

SURE = 0.05
"""Two settings are told apart where chance alone would make such a difference more rarely than this."""


class Candidate(msgspec.Struct, frozen=True):
    """Some settings, what each session came to under them, and the figures of all sessions."""

    settings: Settings
    tallies: tuple[Tally, ...]
    score: Score


class Unsure(msgspec.Struct, frozen=True):
    """The values of one setting, beside the chosen one, that these recordings cannot tell from it."""

    path: str
    chosen: str
    alike: tuple[str, ...]


class HeldOut(msgspec.Struct, frozen=True):
    """Each session scored under the settings chosen on all others, beside the recorded settings on the same ones."""

    chosen: Score
    recorded: Score
    different_choices: int


def candidate(settings: Settings, tallies: Sequence[Tally]) -> Candidate:
    return Candidate(settings, tuple(tallies), score_of(tallies))


def choose(
    candidates: Sequence[Candidate], objective: Objective, axes: Sequence[Axis], recorded: frozenset[tuple[str, str]]
) -> Candidate:
    """The best by the objective. The first candidate, the recorded settings, stays where none is better.

    Of several that are equally good those that change the fewest settings, since each change is one more that these
    recordings may not bear out elsewhere; of these the one in their middle: the farthest from where the figures change.
    `recorded` are the (path, value) pairs of the axes that say what the site says already.
    """
    best = max((objective.met(c.score), objective.rank(c.score)) for c in candidates)
    equal = [c for c in candidates if (objective.met(c.score), objective.rank(c.score)) == best]
    if candidates[0] in equal:
        return candidates[0]
    changes = [sum(pair not in recorded for pair in c.settings) for c in equal]
    equal = [c for c, count in zip(equal, changes, strict=True) if count == min(changes)]
    places = [_place(c.settings, axes) for c in equal]
    distance = [sum(_distance(place, other) for other in places) for place in places]
    return equal[distance.index(min(distance))]


def held_out(
    candidates: Sequence[Candidate], objective: Objective, axes: Sequence[Axis], recorded: frozenset[tuple[str, str]]
) -> HeldOut | None:
    """Leave one session out, choose on the rest, score on it; None where there are not two sessions."""
    count = len(candidates[0].tallies)
    if count < 2:
        return None
    tested: list[Tally] = []
    choices: set[Settings] = set()
    for left in range(count):
        rest = [candidate(c.settings, (*c.tallies[:left], *c.tallies[left + 1 :])) for c in candidates]
        chosen = choose(rest, objective, axes, recorded)
        choices.add(chosen.settings)
        tested.append(candidates[rest.index(chosen)].tallies[left])
    return HeldOut(score_of(tested), candidates[0].score, len(choices))


def unsure_about(chosen: Candidate, candidates: Sequence[Candidate], axes: Sequence[Axis]) -> tuple[Unsure, ...]:
    """For each axis, the values that give no different result than chance would, all else as chosen."""
    by_settings = {c.settings: c for c in candidates}
    found: list[Unsure] = []
    for axis in axes:
        said = dict(chosen.settings)
        if axis.path not in said:
            continue
        alike: list[str] = []
        for value in axis.values:
            other = by_settings.get(tuple((p, value if p == axis.path else v) for p, v in chosen.settings))
            if other is not None and other is not chosen and not told_apart(chosen, other):
                alike.append(value)
        found.append(Unsure(axis.path, said[axis.path], tuple(alike)))
    return tuple(found)


def told_apart(one: Candidate, other: Candidate) -> bool:
    """Whether the difference in found events (sign test on pairs) or in false alarms (exact) is beyond chance."""
    ones = [n for t in one.tallies for n in t.outcomes]
    others = [n for t in other.tallies for n in t.outcomes]
    better = sum(a > b for a, b in zip(ones, others, strict=True))
    worse = sum(a < b for a, b in zip(ones, others, strict=True))
    return _unlikely(better, better + worse) or _unlikely(one.score.false, one.score.false + other.score.false)


def _unlikely(count: int, of: int) -> bool:
    """Whether a fair coin would fall so unevenly, either way, more rarely than `SURE` (the exact sign test)."""
    return of > 0 and 2 * float(bdtr(min(count, of - count), of, 0.5)) < SURE


def _place(settings: Settings, axes: Sequence[Axis]) -> tuple[int, ...]:
    said = dict(settings)
    return tuple(axis.values.index(said[axis.path]) if axis.path in said else -1 for axis in axes)


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))
