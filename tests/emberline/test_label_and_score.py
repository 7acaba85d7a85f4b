"""Labels: said of an alarm, kept as facts beside sessions that stay as they are, and counted by `score`."""

import json
import re
import signal
from pathlib import Path

import pytest

from emberline.control import send_command
from emberline.corpus import open_corpus
from emberline.errors import Unusable
from emberline.wiring import read_log
from kernel.events import CommandReceived
from replay.labels import ReviewError, judgement
from support.cli import alarms, emberline, good, outcome
from support.daemon import start, wait_for_alarm
from support.recordings import cptv, walk
from support.sites import whole_frame


def a_log(where: Path) -> Path:
    """Two sessions with one alarm each."""
    site = where / "site.toml"
    site.write_text(whole_frame())
    for seed in (1, 2):
        clip = cptv(where / f"{seed}.cptv", walk(80, seed=seed))
        good("import", clip, "--log", where / "log", "--site", site)
    good("replay", where / "log")
    return where / "log"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_log(tmp_path_factory.mktemp("score"))


def test_a_label_is_listed_with_its_alarm_and_the_last_word_counts(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    first, second = (alarm["seq"] for alarm in alarms(log))
    good("label", log, first, "false", "--cause", "insect", "--note", "moth on the lens")
    assert "all#1 of session 2: false" in good("label", log, second, "false")
    good("label", log, second, "true")
    assert [(a["label"], a["cause"], a["note"]) for a in alarms(log)] == [
        ("false", "insect", "moth on the lens"),
        ("true", None, ""),
    ]
    table = good("alarms", log).splitlines()
    assert table[0].endswith("label") and table[1].endswith("false insect") and table[2].endswith("true")


def test_labels_change_no_session_and_no_outcome(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    before = good("replay", log, "--verify")
    good("label", log, alarms(log)[0]["seq"], "true")
    assert good("replay", log, "--verify") == before
    assert outcome(good("replay", log)) in before
    good("import", tmp_path / "1.cptv", "--log", log, "--site", tmp_path / "site.toml")
    good("replay", log)
    assert "session 3" in good("replay", log, "--verify")
    good("verify", log)


def test_what_is_no_alarm_or_no_label_is_refused_with_what_is_allowed(log: Path) -> None:
    seq = alarms(log)[0]["seq"]
    with read_log(log) as opened:
        for number, label, cause, note, said in (
            (1, "true", None, "", "seq 1: SessionStarted is, and no alarm"),
            (10**9, "true", None, "", "there is no event, and no alarm"),
            (seq, "maybe", None, "", "must be one of true, false, ignore"),
            (seq, "false", "ghost", "", "must be one of vegetation, rain"),
            (seq, "false", None, "x" * 501, "at most 500 characters"),
        ):
            with pytest.raises(ReviewError, match=re.escape(said)):
                judgement(opened, number, label, cause, note, "me")
    refused = emberline("label", log, seq, "maybe")
    assert refused.code == 2 and "must be one of true, false, ignore" in refused.err


def test_a_running_daemon_records_labels_itself(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(whole_frame(f"file:{cptv(tmp_path / 'a.cptv', walk(300))}"))
    daemon = start(site, tmp_path / "log")
    try:
        wait_for_alarm(daemon)
        (alarm,) = alarms(tmp_path / "log")
        seqs = range(alarm["seq"] - 10, alarm["seq"] + 10)
        told = [answer for seq in seqs if (answer := labelled(tmp_path / "log", seq)) is not None]
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=60)
    finally:
        daemon.kill()
        daemon.communicate()
    assert told == ["all#1: true"]
    (alarm,) = alarms(tmp_path / "log")
    assert (alarm["label"], alarm["cause"], alarm["note"]) == ("true", None, "a walker")
    assert "replay: identical" in good("replay", tmp_path / "log", "--verify")


def labelled(log: Path, seq: int) -> str | None:
    """What the daemon answers, None where this is no alarm."""
    try:
        return send_command(log, CommandReceived("label", (str(seq), "true", "", "a walker"), "me"))
    except Unusable as error:
        assert "no alarm" in str(error)
        return None


def test_a_score_counts_events_of_a_truth_file(log: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    truth.write_text(
        """{"session": 1, "rule": "all", "start": "frame:15", "end": "frame:79", "label": "true"}
{"session": 1, "start": "frame:0", "end": "frame:5", "label": "true", "note": "never alarmed"}
{"session": 1, "reviewed": "all"}

{"session": 2, "reviewed": ["frame:0", "frame:79"]}
"""
    )
    figures = json.loads(good("score", log, "--truth", truth, "--late", "5", "--json"))
    whole = figures["all"]
    assert (whole["hits"], whole["expected"], whole["false"]) == (1, 2, 1)
    assert whole["recall"] == 0.5 and whole["precision"] == 0.5 and whole["f1"] == 0.5
    assert whole["recall_interval"] == pytest.approx([0.012579, 0.987421], abs=1e-5), "Clopper and Pearson of 1 in 2"
    days = 2 * 79 * 0.111 / 86400
    assert whole["camera_days"] == pytest.approx(days, rel=1e-3)
    assert whole["false_per_day_interval"] == pytest.approx([0.025318 / days, 5.571643 / days], rel=1e-2)
    assert whole["recall_biased"] is False
    assert 0 < whole["latency_s"] < 5
    table = good("score", log, "--truth", truth, "--late", "5")
    assert "2 sessions" in table and "0.50 [0.01–0.99]" in table


def test_labels_alone_say_that_recall_is_biased(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    refused = emberline("score", log)
    assert refused.code == 2 and "no alarm is labelled yet" in refused.err
    first, second = (alarm["seq"] for alarm in alarms(log))
    good("label", log, first, "true")
    good("label", log, second, "false", "--cause", "rain")
    said = good("score", log)
    assert "recall is of labelled alarms alone and so too high" in said
    assert "false alarms by cause: rain 1" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2"),
        ('{"session": 1, "start": "frame:1", "end": "frame:2", "label": "maybe"}', "maybe"),
        ('{"session": 1, "start": "frame:1", "end": "frame:2"}', "needs start, end and label"),
        ('{"session": 1, "start": "frame:9", "end": "frame:2", "label": "true"}', "ends before it starts"),
        ('{"session": 1, "start": "frame:900", "end": "frame:901", "label": "true"}', "the frames 0 to 79"),
        ('{"session": 1, "start": "2026-01-01", "end": "frame:2", "label": "true"}', "no offset from UTC"),
        ('{"session": 1, "start": "noon", "end": "frame:2", "label": "true"}', "is no time"),
        ('{"session": 7, "reviewed": "all"}', "there are log#1, log#2"),
        ('{"reviewed": "all"}', "could be several"),
        ('{"session": 1, "rule": "nobody", "reviewed": "all"}', "there are all"),
        ('{"session": 1, "channel": "optical", "reviewed": "all"}', "log#1 has thermal"),
        ('{"session": 1, "start": "frame:1", "end": "frame:2", "label": "false", "count": 2}', "only what is true"),
        ('{"session": 1, "starts": "frame:1", "end": "frame:2", "label": "true"}', "starts"),
    ],
)
def test_a_mistake_in_a_truth_file_is_told_with_its_line(log: Path, tmp_path: Path, line: str, said: str) -> None:
    truth = tmp_path / "truth.jsonl"
    truth.write_text('{"session": 1, "reviewed": "all"}\n' + line + "\n")
    with pytest.raises(Unusable) as refused, open_corpus([log], truth):
        pass
    assert "line 2" in str(refused.value) and said in str(refused.value)
