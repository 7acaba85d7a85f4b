"""What-ifs: the recorded facts under other settings, compared with what is recorded, which stays as it is."""

from pathlib import Path

import pytest

from support.cli import alarms, good, outcome
from support.recordings import cptv, walk
from support.sites import whole_frame


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("whatif")
    site = where / "site.toml"
    site.write_text(whole_frame())
    good("import", cptv(where / "a.cptv", walk(80)), "--log", where / "log", "--site", site)
    good("replay", where / "log")
    return where / "log"


def test_the_same_settings_change_nothing(log: Path) -> None:
    said = good("replay", log, "--set", "rule.all.sensitivity=50")
    assert "0 gained, 0 lost, 0 shifted, 1 in both" in said


def test_a_rule_switched_off_loses_its_alarm(log: Path, tmp_path: Path) -> None:
    said = good("replay", log, "--set", "rule.all.sensitivity=0", "--out", tmp_path / "off")
    assert "0 gained, 1 lost" in said
    assert alarms(tmp_path / "off") == []
    assert len(alarms(log)) == 1, "the record stays as it is"


def test_a_longer_duration_shifts_the_alarm_and_fires_its_timers_then(log: Path, tmp_path: Path) -> None:
    said = good("replay", log, "--set", "rule.all.duration=1.5", "--out", tmp_path / "later")
    assert "1 shifted" in said
    (old,), (new,) = alarms(log), alarms(tmp_path / "later")
    assert 300_000_000 <= new["time"] - old["time"] <= 1_200_000_000
    assert new["fact_no"] > old["fact_no"]


def test_another_site_file_replaces_the_recorded_one(log: Path, tmp_path: Path) -> None:
    site = tmp_path / "other.toml"
    site.write_text(whole_frame().replace('id = "all"', 'id = "other"'))
    said = good("replay", log, "--site", site)
    assert "1 gained, 1 lost" in said


def test_a_second_replay_appends_nothing(log: Path) -> None:
    before = good("events", log)
    assert outcome(good("replay", log)) in good("replay", log, "--verify")
    assert good("events", log) == before


def test_what_changes_is_counted_by_rule_and_label_and_shown_in_pictures(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "other"
    said = good("replay", log, "--set", "rule.all.duration=1.5", "--out", out)
    header, row = said.split("in both\n")[1].splitlines()[:2]
    assert header.split() == ["rule", "label", "gained", "lost", "shifted", "as", "before"]
    assert row.split() == ["all", "–", "0", "0", "1", "0"]
    assert "with 1 picture" in said
    (picture,) = (out / "pictures").iterdir()
    assert picture.name.startswith("shifted-all-1")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(alarms(out)) == 1, "what was written is a log like any other"
