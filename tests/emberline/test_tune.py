"""`tune` and `apply`: from labelled recordings to a changed site file that keeps its comments."""

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from devices.recordings import open_source
from emberline.commands.apply import apply
from emberline.commands.tune import tune as tune_command
from emberline.corpus import open_corpus
from emberline.errors import Unusable
from emberline.labelling import label_alarm
from emberline.versions import versions
from emberline.wiring import import_log, make_engine, read_log, write_log
from replay.importer import ImportPlan, import_recordings
from replay.outcome_writer import append_outcome
from replay.scoring import Windows
from replay.scoring.corpus import KnownSession
from replay.sessions import sessions_of
from replay.sweep import Settings, SweptRun, parse_axis, replay_alone, sweep_session
from replay.tuning.objective import parse_objective
from replay.tuning.tune import Sweep, tune
from support.cli import good
from support.recordings import HEIGHT, WIDTH, cptv, walk
from support.sites import whole_frame

COMMENTED = "# the north fence\n" + whole_frame(sensitivity="90  # as the installer left it")
GRID = ("rule.all.sensitivity=10..90:20", "channel.thermal.vca.scene_mode=general,distant_view")


def twitch(seed: int) -> list[np.ndarray]:
    """No target, but a small warm spot that drifts for a while: a branch."""
    rng = np.random.default_rng(seed)
    scene = 3000 + rng.integers(0, 60, (HEIGHT, WIDTH))
    out: list[np.ndarray] = []
    for n in range(90):
        frame = scene + rng.normal(0, 3, (HEIGHT, WIDTH)).round().astype(int)
        if 20 <= n < 60:
            x = 60 + (n - 20) // 2
            frame[10:14, x : x + 5] += 10
        out.append(frame.astype(np.uint16))
    return out


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two recordings with a walker, two with a branch alone, each a log; truth.jsonl says what really happened."""
    where = tmp_path_factory.mktemp("tune")
    truth: list[dict[str, object]] = []
    for number, frames in enumerate([walk(80, seed=1), twitch(2), walk(80, seed=3), twitch(4)]):
        clip, name = cptv(where / f"{number}.cptv", frames), f"night{number}"
        with import_log(where / name) as log:
            import_recordings(log, ImportPlan({"thermal": open_source(str(clip))}, COMMENTED, versions()))
        with write_log(where / name) as log:
            append_outcome(log, sessions_of(log)[0], make_engine())
        truth.append({"session": name, "reviewed": "all"})
        if number % 2 == 0:
            truth.append({"session": name, "rule": "all", "start": "frame:15", "end": "frame:79", "label": "true"})
        else:
            false = {"start": "frame:15", "end": "frame:80", "label": "false", "cause": "vegetation"}
            truth.append({"session": name, "rule": "all", **false})
    (where / "truth.jsonl").write_text("\n".join(map(json.dumps, truth)))
    return [where / f"night{number}" for number in range(4)]


@pytest.fixture(scope="module")
def said(logs: list[Path]) -> str:
    """What the command says; report.html and patch.toml lie beside the logs."""
    where = logs[0].parent
    grid = [word for axis in GRID for word in ("--grid", axis)]
    files = ("--patch", where / "patch.toml", "--report", where / "report.html")
    return good("tune", *logs, "--labels", where / "truth.jsonl", *grid, *files)


def sweeper(sessions: Sequence[KnownSession]) -> Sweep:
    """Sweeps in this process."""

    def sweep(runs: Sequence[Settings]) -> dict[Settings, list[SweptRun]]:
        found: dict[Settings, list[SweptRun]] = {settings: [] for settings in runs}
        for known in sessions:
            with read_log(known.path) as log:
                for run in sweep_session(log, known.session, list(found)):
                    found[run.settings].append(run)
        return found

    return sweep


def alarms_under(log: Path, settings: Settings) -> int:
    with read_log(log) as opened:
        return len(replay_alone(opened, sessions_of(opened)[0], settings).alarms)


def test_as_recorded_the_branches_alarm_too(logs: list[Path]) -> None:
    assert [alarms_under(log, ()) for log in logs] == [1, 1, 1, 1]


def test_the_recommendation_loses_false_alarms_alone_and_says_how_sure_it_is(said: str) -> None:
    assert "recommended: finds 2 of 2 true alarms" in said and "0 false alarms" in said
    assert "recorded:    finds 2 of 2 true alarms" in said and "2 false alarms" in said
    assert "are too few to tell rule.all.sensitivity" in said and "is not proven" in said
    assert "tried on each session in turn: 2 of 2 found and 0 false" in said


def test_the_patch_changes_the_site_file_and_keeps_its_comments(
    logs: list[Path], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patch, site = logs[0].parent / "patch.toml", tmp_path / "site.toml"
    site.write_text(COMMENTED)
    apply(patch, site)
    changed = site.read_text()
    value = re.search(r"sensitivity = (\d+)  # as the installer left it", changed)
    assert value is not None and int(value[1]) < 90 and changed.startswith("# the north fence\n")
    assert f"rule.all.sensitivity = {value[1]}" in capsys.readouterr().out
    apply(patch, site)
    assert "says so already" in capsys.readouterr().out and site.read_text() == changed
    with read_log(logs[0]) as log:
        swept = replay_alone(log, sessions_of(log)[0], (), changed)
    assert len(swept.alarms) == 1


def test_a_replay_under_the_recommendation_has_the_true_alarms_alone(logs: list[Path]) -> None:
    with open_corpus(logs, logs[0].parent / "truth.jsonl") as sessions:
        tuned = tune(
            sessions, [parse_axis(a) for a in GRID], parse_objective("fa<=1/week"), Windows(), sweeper(sessions)
        )
    assert dict(tuned.patch).keys() <= {"rule.all.sensitivity", "channel.thermal.vca.scene_mode"}
    assert [alarms_under(log, tuned.patch) for log in logs] == [1, 0, 1, 0]


def test_the_report_is_one_file_that_asks_for_nothing_and_runs_nothing(logs: list[Path], said: str) -> None:
    page = _Page()
    text = (logs[0].parent / "report.html").read_text()
    page.feed(text)
    assert not page.outside, "everything is in the file"
    assert "script" not in page.tags and page.tags.count("svg") >= 4
    assert page.pictures == 2, "each false alarm has its picture"
    assert "vegetation, place 1: 2" in text and "rule.all.sensitivity" in text


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []
        self.pictures = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href") and value is not None:
                self.pictures += tag == "img" and value.startswith("data:image/jpeg")
                if not value.startswith(("data:", "#")):
                    self.outside.append(value)


def test_labelled_alarms_are_enough_to_tune_from(logs: list[Path]) -> None:
    with open_corpus(logs, logs[0].parent / "truth.jsonl") as sessions:
        assert all(known.alarms for known in sessions)
    for log, verdict in zip(logs, ("true", "false", "true", "false"), strict=True):
        with read_log(log) as opened:
            seq = next(event.seq for event in opened.read() if event.kind == "AlarmRaised")
        label_alarm(log, seq, verdict)
    with open_corpus(logs, None) as sessions:
        tuned = tune(sessions, [parse_axis(GRID[0])], parse_objective("f1"), Windows(), sweeper(sessions))
    score = tuned.final.score
    assert score.recall_biased and (score.hits, score.false) == (2, 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"grid": ["rule.all.sensitivity"]}, "write PATH=20..80:5"),
        ({"grid": ["rule.nobody.sensitivity=1..3"]}, "there is no rule 'nobody'"),
        ({"grid": ["rule.all.sensitivity=90..110:10"]}, "100"),
        ({"objective": "cheap"}, "write fa<=1/week"),
    ],
)
def test_what_cannot_be_tuned_is_refused_with_what_is_allowed(
    logs: list[Path], words: dict[str, object], said: str
) -> None:
    asked: dict[str, object] = {"grid": ["rule.all.duration=0.5,1"], "objective": "f1", "early": 0.0, "late": 10.0}
    with pytest.raises(Unusable, match=re.escape(said)):
        tune_command(logs, labels=logs[0].parent / "truth.jsonl", **{**asked, **words})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ("[[set]]\npath = 3\nvalue = '4'\n", "both written in quotes"),
        ("[[set]]\npath = 'rule.all.sensitivity'\n", "needs path and value"),
        ("[site]\nname = 'x'\n", "something else"),
        ("[[set]\n", "not valid TOML"),
        ("[[set]]\npath = 'rule.all.sensitivity'\nvalue = '900'\n", "rule.all.sensitivity"),
    ],
)
def test_a_patch_that_does_not_fit_leaves_the_site_file_alone(tmp_path: Path, patch: str, said: str) -> None:
    site = tmp_path / "site.toml"
    site.write_text(COMMENTED)
    (tmp_path / "p.toml").write_text(patch)
    with pytest.raises(Unusable, match=re.escape(said)):
        apply(tmp_path / "p.toml", site)
    assert site.read_text() == COMMENTED
