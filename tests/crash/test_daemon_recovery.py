"""What opening the log had to mend is recorded as facts of the session that follows."""

import json
from pathlib import Path

from support.cli import emberline, good
from support.recordings import cptv, walk
from support.sites import whole_frame


def test_the_daemon_records_what_was_mended_right_after_its_session_began(tmp_path: Path) -> None:
    site, log = tmp_path / "site.toml", tmp_path / "log"
    site.write_text(whole_frame(f"file:{cptv(tmp_path / 'a.cptv', walk(40))}"))
    run = ("run", "--site", site, "--log", log, "--speed", "max", "--until-end")
    good(*run)
    damaged = log / "000000000001.events.duckdb"
    damaged.chmod(0o600)
    damaged.write_bytes(damaged.read_bytes()[:20000])
    good(*run)
    events = [json.loads(line) for line in good("events", log).splitlines()]
    assert [event["kind"] for event in events[:3]] == ["SessionStarted", "LogRecovered", "ConfigChanged"]
    body = events[1]["body"]
    assert (body["what"], body["where"]) == ("events_lost", "000000000001")
    assert body["lost"] == events[0]["seq"] - 1 > 0
    assert str(tmp_path) not in body["detail"]
    answer = emberline("verify", log)
    assert answer.code == 1
    assert "seq 1: events 1 to" in answer.err + answer.out
    assert "in quarantine: quarantine/000000000001.events.duckdb" in answer.err + answer.out
    assert "replay: identical" in good("replay", log, "--verify")
