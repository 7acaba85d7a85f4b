"""`make tune-halves`: settings recommended from half of the caco clips, held against the default on the other half.

Both ways round. caco_rat is left out: its rat is gone before the background is learnt. Ends with code 1 where the
recommendation gives more false alarms than the default, or finds less.
"""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from devices.recordings import open_source
from emberline.corpus import open_corpus
from emberline.versions import versions
from emberline.wiring import import_log, make_engine, write_log
from kernel.site.reader import Variants
from replay.importer import ImportPlan, import_recordings
from replay.outcome_writer import append_outcome
from replay.scoring import Score, Windows, judge, score_of, tally_of
from replay.scoring.corpus import KnownSession, durations_of
from replay.sessions import sessions_of
from replay.sweep import Settings, SweptRun, parse_axis
from replay.sweep.jobs import local_workers, plan_jobs, run_jobs
from replay.tuning.objective import parse_objective
from replay.tuning.tune import Tuned, tune
from replay.tuning.wording import figures, sentences

HALVES = (
    ("caco_cat", "caco_hedgehog_b", "caco_noise_02", "caco_noise_05"),
    ("caco_hedgehog2", "caco_possum_trap", "caco_small", "caco_noise_03"),
)
GRID = (
    "channel.thermal.vca.scene_mode=general,distant_view,leaves_interfered",
    "rule.all.sensitivity=5..100:5",
    "rule.all.duration=0.5,1,2",
)
OBJECTIVE = "fa<=1/week"
WINDOWS = Windows(0, 10_000_000_000)
SITE = """
[[channel]]
id = "thermal"
kind = "thermal"
source = "file:unused"
[[rule]]
id = "all"
channel = "thermal"
type = "intrusion"
region = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
duration = 1
targets = ["human", "vehicle", "animal", "other"]
"""


def main(data: Path) -> int:
    with TemporaryDirectory() as folder:
        logs = [[record(data / clip, Path(folder) / clip) for clip in half] for half in HALVES]
        truth = Path(folder) / "truth.jsonl"
        truth.write_text("".join(json.dumps(line) + "\n" for half in HALVES for c in half for line in known(data, c)))
        worse = [held_against(logs[here], logs[1 - here], truth) for here in (0, 1)]
    return int(any(worse))


def record(clip: Path, log: Path) -> Path:
    """The clip imported and folded under the default settings."""
    with import_log(log) as opened:
        import_recordings(opened, ImportPlan({"thermal": open_source(str(clip / "source.cptv"))}, SITE, versions()))
    with write_log(log) as opened:
        append_outcome(opened, sessions_of(opened)[0], make_engine())
    return log


def known(data: Path, clip: str) -> Iterator[dict[str, object]]:
    """The truth of a clip: one animal from its first box to its last, or none; all of it is reviewed."""
    with (data / clip / "gt_boxes.csv").open() as file:
        frames = [int(row["frame"]) for row in csv.DictReader(file)]
    if frames:
        span = {"start": f"frame:{min(frames)}", "end": f"frame:{max(frames)}"}
        yield {"session": clip, "rule": "all", **span, "label": "true"}
    yield {"session": clip, "reviewed": "all"}


def held_against(learnt_from: Sequence[Path], others: Sequence[Path], truth: Path) -> bool:
    """Print what the one half recommends and what that does on the other; whether it is worse than the default."""
    of = {path.name for path in learnt_from}
    with open_corpus(list(learnt_from), _only(truth, of)) as sessions:
        tuned = tune(sessions, [parse_axis(a) for a in GRID], parse_objective(OBJECTIVE), WINDOWS, _Sweeper(sessions))
    print(f"learnt from {', '.join(sorted(of))}:")
    print(*(f"  {line}" for line in sentences(tuned)), sep="\n")
    default, recommended = _on_others(tuned, others, truth)
    print(f"on {', '.join(path.name for path in others)}:")
    print(f"  default:     {figures(default)}\n  recommended: {figures(recommended)}\n")
    return recommended.false > default.false or recommended.hits < default.hits


def _on_others(tuned: Tuned, others: Sequence[Path], truth: Path) -> list[Score]:
    with open_corpus(list(others), _only(truth, {path.name for path in others})) as sessions:
        swept = _Sweeper(sessions)([(), tuned.patch])
        return [_score(sessions, settings, swept[settings]) for settings in ((), tuned.patch)]


def _score(sessions: Sequence[KnownSession], settings: Settings, runs: Sequence[SweptRun]) -> Score:
    tallies = []
    for session, run in zip(sessions, runs, strict=True):
        durations = durations_of(Variants(session.document).site(settings))
        judged = judge(run.alarms, session.truth, durations, WINDOWS)
        tallies.append(tally_of(judged, session.truth, session.armed))
    return score_of(tallies)


def _only(truth: Path, logs: set[str]) -> Path:
    """The lines of the truth file that speak of these logs."""
    lines = [line for line in truth.read_text().splitlines() if json.loads(line)["session"] in logs]
    part = truth.with_name("truth-of-a-half.jsonl")
    part.write_text("\n".join(lines))
    return part


class _Sweeper:
    """Runs settings over the sessions in local processes."""

    def __init__(self, sessions: Sequence[KnownSession]) -> None:
        self._sessions = [(known.path, known.session.number) for known in sessions]

    def __call__(self, runs: Sequence[Settings]) -> dict[Settings, list[SweptRun]]:
        wanted = list(dict.fromkeys(runs))
        found: dict[Settings, list[SweptRun]] = {settings: [] for settings in wanted}
        for result in run_jobs(plan_jobs(self._sessions, wanted, local_workers(), None)):
            for run in result:
                found[run.settings].append(run)
        return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
