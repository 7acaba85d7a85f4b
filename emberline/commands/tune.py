"""`emberline tune LOG…`"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from emberline.console import progress_bar
from emberline.corpus import open_corpus
from emberline.errors import Unusable
from emberline.sites import error_lines
from kernel.site.reader import SiteErrors, Variants
from replay.scoring import Windows
from replay.scoring.corpus import KnownSession
from replay.sweep import Axis, GridError, Settings, SweptRun, parse_axis
from replay.sweep.jobs import ClusterError, local_workers, plan_jobs, run_jobs
from replay.tuning.objective import ObjectiveError, parse_objective
from replay.tuning.patch import write_patch
from replay.tuning.tune import Tuned
from replay.tuning.tune import tune as tuned_by
from replay.tuning.wording import sentences

SECOND_NS = 1_000_000_000
MOST_BY_DEFAULT = 400
MODES = ("general", "distant_view", "leaves_interfered")


def tune(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG…", help="The log directories.")],
    labels: Annotated[Path | None, typer.Option(help="What really happened, as JSON Lines; else the labels.")] = None,
    grid: Annotated[list[str] | None, typer.Option(help="PATH=20..80:5 or PATH=a,b; may be said again.")] = None,
    objective: Annotated[str, typer.Option(help="fa<=1/week, recall>=0.9 or f1.")] = "fa<=1/week",
    report: Annotated[Path | None, typer.Option(help="Where the report goes: one HTML file.")] = None,
    patch: Annotated[Path | None, typer.Option(help="Where the patch for `emberline apply` goes.")] = None,
    early: Annotated[float, typer.Option(min=0, max=86400, help="Seconds before an event at which it counts.")] = 0.0,
    late: Annotated[float, typer.Option(min=0, max=86400, help="Seconds after its start and duration.")] = 10.0,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler, tcp://…; its workers read the logs.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON alone on stdout.")] = False,
) -> None:
    """Sweep settings over recordings and recommend some, saying how sure that is."""
    windows = Windows(round(early * SECOND_NS), round(late * SECOND_NS))
    with open_corpus(logs, labels) as sessions:
        if not any(s.truth.events or s.truth.marks or s.truth.reviewed for s in sessions):
            raise Unusable("nothing is known of these recordings: say --labels FILE, or `emberline label` their alarms")
        try:
            axes = [parse_axis(text) for text in grid] if grid else default_axes(sessions)
            tuned = tuned_by(sessions, axes, parse_objective(objective), windows, _sweep(sessions, scheduler))
        except (GridError, ObjectiveError, ClusterError) as error:
            raise Unusable(str(error)) from None
        except SiteErrors as errors:
            raise Unusable(*error_lines("--grid", errors)) from None
        said = sentences(tuned)
        if report is not None:
            from emberline.report.page import write_report  # it draws with matplotlib, which takes a second to load

            write_report(report, tuned, said, sessions)
    if patch is not None:
        patch.write_text(write_patch(tuned.patch, said), encoding="utf-8")
    print(json.dumps(_as_json(tuned, said), indent=1) if as_json else "\n".join(said))
    if not as_json:
        _say_where(report, patch)


def default_axes(sessions: Sequence[KnownSession]) -> list[Axis]:
    """Scene modes of the channels and sensitivities of the rules, as long as that is not too many."""
    site = Variants(sessions[0].document).site(())
    rules = [rule for rule in site.rules if rule.enabled]
    channels = dict.fromkeys(rule.channel for rule in rules)
    axes = [Axis(f"channel.{channel}.vca.scene_mode", MODES) for channel in channels]
    axes += [Axis(f"rule.{rule.id}.sensitivity", tuple(map(str, range(10, 101, 10)))) for rule in rules]
    count = 1
    for axis in axes:
        count *= len(axis.values)
    if count > MOST_BY_DEFAULT:
        paths = ", ".join(axis.path for axis in axes)
        raise Unusable(
            f"this site has too much to try ({count} settings): say --grid PATH=20..80:5 for some of {paths}"
        )
    return axes


def _sweep(sessions: Sequence[KnownSession], scheduler: str | None) -> "_Sweeper":
    return _Sweeper(sessions, scheduler)


class _Sweeper:
    """Runs settings over the sessions, in local processes or on a cluster."""

    def __init__(self, sessions: Sequence[KnownSession], scheduler: str | None) -> None:
        self._sessions = [(known.path, known.session.number) for known in sessions]
        self._scheduler = scheduler

    def __call__(self, runs: Sequence[Settings]) -> dict[Settings, list[SweptRun]]:
        wanted = list(dict.fromkeys(runs))
        jobs = plan_jobs(self._sessions, wanted, local_workers(), None)
        with progress_bar("sweeping") as tell:
            results = run_jobs(jobs, self._scheduler, tell)
        found: dict[Settings, list[SweptRun]] = {settings: [] for settings in wanted}
        for result in results:
            for run in result:
                found[run.settings].append(run)
        return found


def _as_json(tuned: Tuned, said: list[str]) -> dict[str, object]:
    return {
        "objective": tuned.objective.text,
        "patch": dict(tuned.patch),
        "met": tuned.objective.met(tuned.final.score),
        "recommended": msgspec.to_builtins(tuned.final.score),
        "recorded": msgspec.to_builtins(tuned.recorded.score),
        "held_out": None if tuned.held_out is None else msgspec.to_builtins(tuned.held_out),
        "unsure": [msgspec.to_builtins(u) for u in tuned.unsure],
        "suggestions": [msgspec.to_builtins(s) for s in tuned.taken],
        "candidates": [
            {"settings": dict(c.settings), "hits": c.score.hits, "false": c.score.false} for c in tuned.candidates
        ],
        "said": said,
    }


def _say_where(report: Path | None, patch: Path | None) -> None:
    if report is not None:
        print(f"report: {report}")
    if patch is not None:
        print(f"next: emberline apply {patch} SITE")
