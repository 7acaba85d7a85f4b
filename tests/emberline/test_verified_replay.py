"""`replay --verify` over segments: side by side, from the middle, one alone, and by other software."""

from pathlib import Path

import pytest

from kernel.log.duckdb_log import open_log
from support.cli import emberline, good, outcome
from support.recorded import run, shots
from support.recordings import walk
from support.sites import whole_frame
from tests.kernel.log_helpers import change, editable_copy


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verified") / "log"
    run(path, shots(walk(700)), whole_frame(), segment_ns=20_000_000_000)
    return path


def test_two_processes_come_to_the_same_as_one(log: Path) -> None:
    one, two = (good("replay", log, "--verify", "--jobs", jobs) for jobs in (1, 2))
    assert one == two
    assert "in 4 parts: identical" in one
    assert outcome(one) == outcome(good("replay", log))


def test_it_begins_at_any_segment(log: Path) -> None:
    opened = open_log(log)
    _, second, third, fourth = opened.segment_starts
    opened.close()
    assert "in 2 parts: identical" in good("replay", log, "--verify", "--from", fourth - 1)
    assert "in 1 part: identical" in good("replay", log, "--verify", "--segment", second)
    wrong = emberline("replay", log, "--verify", "--segment", third + 1)
    assert wrong.code == 2
    assert f"{third:012d}" in wrong.err


def test_a_difference_is_found_in_its_part_with_its_seq(log: Path, tmp_path: Path) -> None:
    copy = editable_copy(log, tmp_path / "log")
    opened = open_log(log)
    last = opened.segment_starts[-1]
    opened.close()
    file = copy / f"{last:012d}.events.duckdb"
    change(
        file, "UPDATE events SET body = replace(body, '\"sha256\":\"', '\"sha256\":\"0') WHERE kind = 'StateDigested'"
    )
    for jobs in (1, 2):
        found = emberline("replay", copy, "--verify", "--jobs", jobs)
        assert found.code == 1
        assert "StateDigested.body" in found.out
    assert emberline("replay", copy, "--verify", "--segment", 1).code == 0


def test_what_other_software_recorded_is_refolded_from_its_start(log: Path, tmp_path: Path) -> None:
    copy = editable_copy(log, tmp_path / "log")
    change(
        copy / "000000000001.events.duckdb",
        "UPDATE events SET body = replace(body, ?, ?) WHERE kind = 'SessionStarted'",
        '"emberline":"',
        '"emberline":"0.',
    )
    said = emberline("replay", copy, "--verify")
    assert said.code == 0
    assert "refolded from its start" in said.err
    assert "part" not in said.out


def test_options_of_verification_alone_are_refused_otherwise(log: Path) -> None:
    assert emberline("replay", log, "--jobs", 2).code == 2
    assert emberline("replay", log, "--verify", "--from", 1, "--segment", 1).code == 2
    assert emberline("replay", log, "--verify", "--from", 10**9).code == 2
