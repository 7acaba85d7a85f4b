"""The research API does what its page says, and agrees with the log and with the fold."""

import doctest
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from emberline import Recording
from emberline.errors import Unusable
from support.cli import REPOSITORY, emberline, good, outcome


@pytest.fixture
def recording(demo_log: Path):  # type: ignore[no-untyped-def]
    with Recording(demo_log, progress=False) as opened:
        yield opened


def test_the_page_of_the_api_says_what_happens(demo_log: Path, tmp_path: Path) -> None:
    named = tmp_path / "demo-log"
    named.symlink_to(demo_log)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    page = REPOSITORY / "docs" / "recording.md"
    result = doctest.testfile(str(page), module_relative=False, globs={"demo_log": named}, optionflags=flags)
    assert result.attempted > 12 and result.failed == 0


def test_the_demo_recorded_afresh_elsewhere_holds_the_same_pixels_and_conclusions(
    recording: Recording, tmp_path: Path
) -> None:
    """Every figure on the page of the API rests on this."""
    elsewhere = {"PYTHONHASHSEED": "7", "NUMBA_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Prescott"}
    demo = REPOSITORY / "datasets/sites/demo.toml"
    good("run", "--site", demo, "--log", tmp_path / "log", "--speed", "max", "--until-end", env=elsewhere)
    with Recording(tmp_path / "log", progress=False) as other:
        pairs = zip(recording.pixels("thermal"), other.pixels("thermal"), strict=True)
        assert all(np.array_equal(one[1], two[1]) for one, two in pairs)
        seen = ["target", "x", "y", "width", "height", "score"]
        assert other.detections().select(seen).equals(recording.detections().select(seen))
        digests = [r.events("StateDigested").filter(source="channel.thermal") for r in (recording, other)]
        assert digests[0]["sha256"].to_list() == digests[1]["sha256"].to_list() != []


def test_pixels_in_a_row_are_those_of_single_frames(recording: Recording) -> None:
    frames = recording.frames()["seq"].to_list()
    for number, (event, pixels) in enumerate(recording.pixels("thermal")):
        assert event.seq == frames[number]
        if number % 90 == 0:
            assert np.array_equal(pixels, recording.frame(event.seq))
    assert not list(recording.pixels("no such channel"))


def test_a_replay_without_changes_has_the_recorded_outcome(recording: Recording, demo_log: Path) -> None:
    replayed = recording.replay()
    assert replayed.outcome == outcome(good("replay", demo_log))
    assert replayed.alarms()["rule"].to_list() == recording.alarms()["rule"].to_list()


def test_a_sweep_has_the_alarms_of_each_replay_alone(recording: Recording) -> None:
    swept = recording.sweep({"rule.yard.duration": [4.0, 6.5, 8.0]})
    for (duration,), alarms in swept.group_by("rule.yard.duration"):
        alone = recording.replay({"rule.yard.duration": duration})
        assert alarms["outcome"].unique().to_list() == [alone.outcome]
        assert alarms["alarms"].first() == alone.alarms().height == alarms["rule"].drop_nulls().len()


def test_the_state_at_the_end_is_the_one_that_the_log_digested(recording: Recording) -> None:
    digested = recording.events("StateDigested").filter(source="session")["sha256"].item()
    last = recording.frames()["seq"].max()
    at_end = recording.state(int(last))  # no alarm is live then, so that the session's end changes nothing
    assert at_end.fact.seq == last and at_end.sha256 == digested
    assert at_end.fold.frames == {"thermal": 450}
    assert recording.state(int(last) - 1).sha256 != digested


def test_the_configuration_history_tells_settings_by_their_paths(recording: Recording) -> None:
    history = recording.config_history()
    assert history.filter(path="rule.yard.duration").select("before", "after").row(0) == (None, "8")
    assert history["path"].is_unique().all()


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda r: r.frame(1), KeyError),
        (lambda r: r.explain(10**9), KeyError),
        (lambda r: r.events("NoSuchKind"), KeyError),
        (lambda r: r.replay({"rule.nobody.sensitivity": 3}), Unusable),
        (lambda r: r.site(2), Unusable),
    ],
)
def test_what_is_not_there_is_said(recording: Recording, ask, error) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error):
        ask(recording)


def test_the_command_line_does_not_load_the_api() -> None:
    import subprocess
    import sys

    code = "import emberline, sys; assert 'polars' not in sys.modules; emberline.Recording"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)
    assert emberline("--help").code == 0


def test_tables_are_polars_frames(recording: Recording) -> None:
    for table in (recording.alarms(), recording.tracks(), recording.detections(), recording.frames()):
        assert isinstance(table, pl.DataFrame) and table.height
