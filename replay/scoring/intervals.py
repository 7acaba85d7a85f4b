"""Confidence intervals that hold for few events: exact ones for counts and shares, the bootstrap for the rest."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from scipy.special import betaincinv, gammaincinv

LEVEL = 0.95
RESAMPLES = 1000
SEED = 20
T = TypeVar("T")
Interval = tuple[float, float]


def poisson_interval(count: int, level: float = LEVEL) -> Interval:
    """For the mean of a Poisson count, exact (Garwood, "Fiducial limits for the Poisson distribution", 1936)."""
    tail = (1 - level) / 2
    low = float(gammaincinv(count, tail)) if count else 0.0
    return low, float(gammaincinv(count + 1, 1 - tail))


def share_interval(hits: int, of: int, level: float = LEVEL) -> Interval:
    """For a share, exact (Clopper and Pearson, 1934); (0, 1) of nothing."""
    tail = (1 - level) / 2
    low = float(betaincinv(hits, of - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, of - hits, 1 - tail)) if hits < of else 1.0
    return low, high


def bootstrap_interval(
    sessions: Sequence[T], value: Callable[[Sequence[T]], float | None], level: float = LEVEL
) -> Interval | None:
    """For a figure over several sessions, which are drawn anew with replacement (Efron, 1979); None for fewer than two.

    Always the same draws, so that a report can be repeated.
    """
    if len(sessions) < 2:
        return None
    draws = np.random.default_rng(SEED).integers(0, len(sessions), (RESAMPLES, len(sessions)))
    values = [v for draw in draws if (v := value([sessions[i] for i in draw])) is not None]
    if not values:
        return None
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
