"""The main job on real recordings: one alarm a target, inside its presence, and the same outcome in every run mode."""

import json
from pathlib import Path

import pytest

from support.cli import alarms, emberline, good, outcome
from support.sites import whole_frame

CLIPS = ("caco_possum_trap", "caco_hedgehog_b", "fever_person")


def frame_of(alarm: dict, log: Path) -> int:
    """The 0-based number of the alarm's frame in the recording."""
    lines = good("events", log, "--kind", "FrameCaptured").splitlines()
    return [json.loads(line)["seq"] for line in lines].index(alarm["frame"])


@pytest.mark.parametrize("clip", CLIPS)
def test_one_alarm_begun_while_the_target_is_there(clip: str, shared_data: Path, tmp_path: Path) -> None:
    source, site, log = shared_data / clip / "source.cptv", tmp_path / "site.toml", tmp_path / "log"
    site.write_text(whole_frame(f"file:{source}"))
    good("import", source, "--log", log, "--site", site)
    replayed = good("replay", log)
    (alarm,) = alarms(log)
    ((first, last),) = json.loads((shared_data / clip / "meta.json").read_text())["presence_intervals"]
    assert first <= frame_of(alarm, log) <= last

    ran = good("run", "--site", site, "--log", tmp_path / "run", "--speed", "max", "--until-end")
    assert outcome(ran) == outcome(replayed)
    assert "replay: identical" in good("replay", tmp_path / "run", "--verify")


@pytest.mark.parametrize("clip", CLIPS[:2])
def test_one_changed_byte_makes_verify_name_the_event(clip: str, shared_data: Path, tmp_path: Path) -> None:
    import duckdb

    log, site = tmp_path / "log", tmp_path / "site.toml"
    site.write_text(whole_frame())
    good("import", shared_data / clip / "source.cptv", "--log", log, "--site", site)
    (frames,) = log.glob("*.frames.duckdb")
    frames.chmod(0o600)
    with duckdb.connect(str(frames)) as connection:
        seq, payload = connection.execute("SELECT seq, payload FROM frames ORDER BY seq LIMIT 1 OFFSET 40").fetchone()
        changed = payload[:100] + bytes([payload[100] ^ 1]) + payload[101:]
        connection.execute("UPDATE frames SET payload = ? WHERE seq = ?", [changed, seq])
    result = emberline("verify", log)
    assert result.code == 1
    assert f"seq {seq}" in result.err
