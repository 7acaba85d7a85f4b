"""A recommendation in plain sentences, its uncertainty first among them."""

from replay.scoring import Score
from replay.scoring.words import rate, watched
from replay.tuning.choice import Candidate, HeldOut, Unsure
from replay.tuning.tune import Tuned


def sentences(tuned: Tuned) -> list[str]:
    """What is recommended, why, and what it does not prove."""
    final, recorded = tuned.final.score, tuned.recorded.score
    lines = [_recommended(tuned)]
    lines.append(f"recommended: {figures(final)}")
    lines.append(f"recorded:    {figures(recorded)}")
    if not tuned.objective.met(final):
        lines.append(f"no settings of the grid hold {tuned.objective.text} on these recordings; these come closest")
    lines += [f"{s.path} = {s.value}: {s.why}" for s in tuned.taken]
    lines += [_unsure(unsure, tuned.chosen) for unsure in tuned.unsure]
    lines += _budget(tuned)
    lines += _held_out(tuned.held_out)
    if final.recall_biased:
        lines.append("recall is of labelled alarms alone and so too high: what never raised an alarm has no label")
    return lines


def figures(score: Score) -> str:
    """`finds 4 of 5 true alarms (recall within 0.28–0.99), 2 false alarms in 7 hours of camera time (0.8–24 a day)`."""
    low, high = score.recall_interval
    found = f"finds {score.hits} of {score.expected} true alarms (recall within {low:.2f}–{high:.2f})"
    false = f"{score.false} false alarm{'s' * (score.false != 1)} in {watched(score.camera_days)} of camera time"
    if score.false_per_day_interval is None:
        return f"{found}, {score.false} false alarms (no reviewed time, so no rate)"
    low, high = score.false_per_day_interval
    return f"{found}, {false} ({rate(low)}–{rate(high)} a day)"


def _recommended(tuned: Tuned) -> str:
    if not tuned.patch:
        return f"{tuned.objective.text}: keep the recorded settings; none of the grid is better on these recordings"
    said = ", ".join(f"{path} = {value}" for path, value in tuned.patch)
    return f"{tuned.objective.text}: {said}"


def _unsure(unsure: Unsure, chosen: Candidate) -> str:
    count = f"{chosen.score.expected} true alarm{'s' * (chosen.score.expected != 1)} and {chosen.score.false} false"
    if not unsure.alike:
        return f"{unsure.path}: {unsure.chosen} does differently from every other value by more than chance"
    values = [*unsure.alike]
    others = ", ".join(values) if len(values) <= 4 else f"{values[0]} … {values[-1]} ({len(values)} values)"
    return f"{count} are too few to tell {unsure.path} = {unsure.chosen} from {others}"


def _budget(tuned: Tuned) -> list[str]:
    budget, score = tuned.objective.most_false_per_day, tuned.final.score
    if budget is None:
        return []
    if score.false_per_day_interval is None:
        return ["whether the budget holds cannot be said: no time is both armed and reviewed"]
    if score.false_per_day_interval[1] <= budget:
        return [f"{tuned.objective.text} is shown with 95 % confidence"]
    return [
        f"{tuned.objective.text} is not proven: {watched(score.camera_days)} of camera time with {score.false} false "
        f"alarms allow up to {rate(score.false_per_day_interval[1])} a day; "
        f"{watched(3.7 / budget)} without one would do"
    ]


def _held_out(tested: HeldOut | None) -> list[str]:
    if tested is None:
        return ["with a single session there is none to check the choice on"]
    chosen, recorded = tested.chosen, tested.recorded
    return [
        f"chosen without it and tried on each session in turn: {chosen.hits} of {chosen.expected} found and "
        f"{chosen.false} false; the recorded settings {recorded.hits} and {recorded.false} "
        f"({tested.different_choices} different choice{'s' * (tested.different_choices != 1)})"
    ]
