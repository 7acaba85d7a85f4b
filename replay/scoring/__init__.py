"""Alarms held against what really happened: recall, precision, latency, false alarms a day, and how sure that is."""

from replay.scoring.armed import armed_stretches
from replay.scoring.intervals import Interval, poisson_interval, share_interval
from replay.scoring.judging import Judged, Verdict, Windows, judge
from replay.scoring.tally import Score, Tally, score_of, tally_of

__all__ = [
    "Interval",
    "Judged",
    "Score",
    "Tally",
    "Verdict",
    "Windows",
    "armed_stretches",
    "judge",
    "poisson_interval",
    "score_of",
    "share_interval",
    "tally_of",
]
