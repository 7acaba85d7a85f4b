"""Counts over one or several sessions, and the figures that come of them."""

from collections.abc import Mapping, Sequence
from statistics import median

import msgspec

from replay.labels.truth import Truth
from replay.scoring.armed import Stretch, common, united
from replay.scoring.intervals import Interval, bootstrap_interval, poisson_interval, share_interval
from replay.scoring.judging import Judged

DAY_NS = 86_400_000_000_000


class Tally(msgspec.Struct, frozen=True):
    """What a session came to.

    `expected` alarms of true events, `hits` of them raised, `outcomes` the number raised by each event, `exposure_ns`
    the time over which false alarms count: looked through and armed, added up over the channels.
    """

    expected: int
    hits: int
    false: int
    duplicates: int
    ignored: int
    unreviewed: int
    exposure_ns: int
    latencies_ns: tuple[int, ...]
    outcomes: tuple[int, ...]
    causes: dict[str, int]
    biased: bool


class Score(msgspec.Struct, frozen=True):
    """The figures over all sessions; a share of nothing is None. Intervals are for 95 %.

    `recall_by_session` and `false_by_session` are bootstrap intervals over the sessions, None for a single one.
    """

    sessions: int
    expected: int
    hits: int
    false: int
    duplicates: int
    ignored: int
    unreviewed: int
    camera_days: float
    precision: float | None
    precision_interval: Interval
    recall: float | None
    recall_interval: Interval
    f1: float | None
    f1_by_session: Interval | None
    recall_by_session: Interval | None
    false_per_day: float | None
    false_per_day_interval: Interval | None
    false_by_session: Interval | None
    latency_s: float | None
    causes: dict[str, int]
    recall_biased: bool


def tally_of(judged: Judged, truth: Truth, armed: Mapping[str, Sequence[Stretch]]) -> Tally:
    """Count a session; `armed` says when each channel was."""
    kinds = [v.kind for v in judged.verdicts]
    causes: dict[str, int] = {}
    for verdict in judged.verdicts:
        if verdict.kind == "false":
            causes[verdict.cause or "not said"] = causes.get(verdict.cause or "not said", 0) + 1
    return Tally(
        expected=sum(event.count for event in truth.events),
        hits=kinds.count("true"),
        false=kinds.count("false"),
        duplicates=kinds.count("duplicate"),
        ignored=kinds.count("ignored"),
        unreviewed=kinds.count("unreviewed"),
        exposure_ns=_exposure(truth, armed),
        latencies_ns=tuple(v.latency_ns for v in judged.verdicts if v.latency_ns is not None),
        outcomes=judged.found,
        causes=causes,
        biased=truth.biased,
    )


def _exposure(truth: Truth, armed: Mapping[str, Sequence[Stretch]]) -> int:
    total = 0
    for channel, stretches in armed.items():
        looked = united((r.start_ns, r.end_ns) for r in truth.reviewed if r.channel in (None, channel))
        total += sum(end - start for start, end in common(stretches, looked))
    return total


def score_of(tallies: Sequence[Tally]) -> Score:
    """The figures of these sessions together."""
    hits, false, expected = (sum(getattr(t, n) for t in tallies) for n in ("hits", "false", "expected"))
    days = sum(t.exposure_ns for t in tallies) / DAY_NS
    low, high = poisson_interval(false)
    causes: dict[str, int] = {}
    for tally in tallies:
        for cause, count in tally.causes.items():
            causes[cause] = causes.get(cause, 0) + count
    latencies = [ns for t in tallies for ns in t.latencies_ns]
    return Score(
        sessions=len(tallies),
        expected=expected,
        hits=hits,
        false=false,
        duplicates=sum(t.duplicates for t in tallies),
        ignored=sum(t.ignored for t in tallies),
        unreviewed=sum(t.unreviewed for t in tallies),
        camera_days=days,
        precision=_share(hits, hits + false),
        precision_interval=share_interval(hits, hits + false),
        recall=_share(hits, expected),
        recall_interval=share_interval(hits, expected),
        f1=_f1(tallies),
        f1_by_session=bootstrap_interval(tallies, _f1),
        recall_by_session=bootstrap_interval(tallies, _recall),
        false_per_day=_share(false, days),
        false_per_day_interval=(low / days, high / days) if days else None,
        false_by_session=bootstrap_interval(tallies, _false_rate),
        latency_s=median(latencies) / 1e9 if latencies else None,
        causes=dict(sorted(causes.items(), key=lambda item: (-item[1], item[0]))),
        recall_biased=any(t.biased for t in tallies),
    )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _recall(tallies: Sequence[Tally]) -> float | None:
    return _share(sum(t.hits for t in tallies), sum(t.expected for t in tallies))


def _f1(tallies: Sequence[Tally]) -> float | None:
    hits = sum(t.hits for t in tallies)
    return _share(2 * hits, hits + sum(t.expected + t.false for t in tallies))


def _false_rate(tallies: Sequence[Tally]) -> float | None:
    return _share(sum(t.false for t in tallies), sum(t.exposure_ns for t in tallies) / DAY_NS)
