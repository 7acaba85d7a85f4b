"""What settings are to achieve: `fa<=1/week`, `recall>=0.9` or `f1`."""

import re

import msgspec

from replay.scoring import Score

_FALSE = re.compile(r"fa\s*<=\s*(\d{1,6}(?:\.\d{1,6})?)\s*/\s*(hour|day|week|month)", re.ASCII)
_RECALL = re.compile(r"recall\s*>=\s*(0(?:\.\d{1,6})?|1(?:\.0{1,6})?)", re.ASCII)
_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.0}


class ObjectiveError(ValueError):
    """No objective; the message says what is allowed."""


class Objective(msgspec.Struct, frozen=True):
    """`text` as it was written; at most so many false alarms a camera-day, or at least this recall, or the best F1."""

    text: str
    most_false_per_day: float | None = None
    least_recall: float | None = None

    def met(self, score: Score) -> bool:
        """Whether these settings do, by what was measured."""
        if self.most_false_per_day is not None:
            return score.false == 0 or (score.false_per_day or 0.0) <= self.most_false_per_day
        if self.least_recall is not None:
            return score.recall is not None and score.recall >= self.least_recall
        return True

    def rank(self, score: Score) -> tuple[float, float]:
        """Higher is better, among settings that are equal in whether they meet it."""
        if self.most_false_per_day is not None:
            return (score.hits, -score.false) if self.met(score) else (-score.false, score.hits)
        if self.least_recall is not None:
            return (-score.false, score.hits) if self.met(score) else (score.hits, -score.false)
        return score.f1 or 0.0, -score.false


def parse_objective(text: str) -> Objective:
    """Raises `ObjectiveError`."""
    words = text.strip()
    if found := _FALSE.fullmatch(words):
        return Objective(words, most_false_per_day=float(found[1]) / _DAYS[found[2]])
    if found := _RECALL.fullmatch(words):
        return Objective(words, least_recall=float(found[1]))
    if words == "f1":
        return Objective(words)
    raise ObjectiveError(f"objective {text[:40]!r}: write fa<=1/week (hour, day, week, month), recall>=0.9 or f1")
