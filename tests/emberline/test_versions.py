"""A replay by other software says so: its conclusions may differ for that reason alone."""

from pathlib import Path

from emberline.versions import other_versions, versions
from emberline.wiring import import_log, make_engine, write_log
from replay.importer import ImportPlan, import_recordings
from replay.outcome_writer import append_outcome
from replay.sessions import sessions_of
from support.cli import emberline
from support.recordings import Walk
from support.sites import whole_frame


def test_the_same_versions_are_not_worth_a_word() -> None:
    assert other_versions(versions()) == ""


def test_a_replay_with_other_time_zone_data_says_so(tmp_path: Path) -> None:
    old = versions() | {"tzdata": "1999a"}
    with import_log(tmp_path / "log") as log:
        import_recordings(log, ImportPlan({"thermal": Walk()}, whole_frame(), old))
    with write_log(tmp_path / "log") as log:
        append_outcome(log, sessions_of(log)[0], make_engine(), None)
    verified = emberline("replay", tmp_path / "log", "--verify")
    assert verified.code == 0, verified.err
    assert f"was recorded with tzdata 1999a (now {versions()['tzdata']})" in verified.err
