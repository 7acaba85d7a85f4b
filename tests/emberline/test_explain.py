"""`emberline explain`: the chain reaches a frame, the margins recompute to the decision, and people can read it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support.cli import alarms, emberline, good
from support.sites import whole_frame

CLIPS = ("caco_possum_trap", "caco_small", "fever_person")


def explained(log: Path, *words: object) -> dict[str, Any]:
    return json.loads(good("explain", log, *words, "--json"))


def recomputes(gate: dict[str, Any]) -> bool:
    """The sign of the margin is the decision; where value and limit are numbers, the margin is their distance."""
    if gate["margin"] is None:
        return gate["passed"] in (True, False)
    numbers = isinstance(gate["value"], int) and isinstance(gate["limit"], int)
    exact = not numbers or abs(gate["margin"]) == abs(gate["value"] - gate["limit"])
    return (gate["margin"] >= 0) == gate["passed"] and exact


def check_alarm(log: Path, alarm: dict[str, Any]) -> None:
    told = explained(log, alarm["seq"])
    chain = [event["kind"] for event in told["chain"]]
    assert chain == ["AlarmRaised", "RuleTriggered", "FrameCaptured"]
    assert all(a["cause"] == b["seq"] for a, b in zip(told["chain"], told["chain"][1:], strict=False))
    (decision,) = told["decisions"]
    assert (decision["rule"], decision["track"]) == (alarm["rule"], alarm["track"])
    assert decision["frame"] == alarm["frame"] and decision["box"] == alarm["box"]
    assert decision["as_recorded"] and decision["passed"] and not decision["stopped_by"]
    gates = {gate["name"].split(".")[0]: gate for gate in decision["gates"]}
    assert {"score", "active", "target", "size", "armed", "schedule", "single alarm"} <= set(gates)
    assert all(gate["passed"] and recomputes(gate) for gate in decision["gates"])
    assert all(gate["passed"] and recomputes(gate) for gate in decision["confirmation"])
    assert len(decision["confirmation"]) == 6 and decision["target_since"] <= alarm["frame"]


def test_every_alarm_of_the_demo_is_explained_down_to_its_frame(demo_log: Path) -> None:
    found = alarms(demo_log)
    assert len(found) == 3
    for alarm in found:
        check_alarm(demo_log, alarm)


@pytest.mark.parametrize("clip", CLIPS)
def test_every_alarm_of_a_real_clip_is_explained_down_to_its_frame(
    clip: str, shared_data: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site.toml"
    site.write_text(whole_frame(sensitivity=70))
    good("import", shared_data / clip / "source.cptv", "--log", tmp_path / "log", "--site", site)
    good("replay", tmp_path / "log")
    found = alarms(tmp_path / "log")
    assert found
    for alarm in found:
        check_alarm(tmp_path / "log", alarm)


def seqs(log: Path, kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in good("events", log, "--kind", kind).splitlines()]


def test_an_action_is_explained_by_its_alarm(demo_log: Path) -> None:
    for action in seqs(demo_log, "ActionRequested"):
        kinds = [event["kind"] for event in explained(demo_log, action["seq"])["chain"]]
        assert kinds[0] == "ActionRequested" and kinds[-3:] == ["AlarmRaised", "RuleTriggered", "FrameCaptured"]


def test_the_end_of_an_alarm_is_explained_with_its_beginning(demo_log: Path) -> None:
    for cleared in seqs(demo_log, "AlarmCleared"):
        told = explained(demo_log, cleared["seq"])
        assert [e["kind"] for e in told["chain"]][-3:] == ["AlarmRaised", "RuleTriggered", "FrameCaptured"]
        assert told["decisions"][0]["rule"] == cleared["body"]["rule"]


def test_a_frame_is_explained_by_what_every_rule_made_of_every_target(demo_log: Path) -> None:
    alarm = alarms(demo_log)[0]
    decisions = explained(demo_log, alarm["frame"])["decisions"]
    assert {d["rule"] for d in decisions} == {"passage", "yard", "touchy"}
    stopped = {d["rule"]: d["stopped_by"] for d in decisions if d["track"] == alarm["track"]}
    assert stopped["passage"] == [] and stopped["yard"]


def test_a_time_of_day_names_the_alarm_that_was_on_then(demo_log: Path) -> None:
    by_time = {seq["seq"]: seq["local"] for seq in alarms(demo_log)}
    for seq, local in by_time.items():
        assert explained(demo_log, "--at", local[11:19])["event"]["seq"] <= seq
        assert explained(demo_log, "--at", local.replace(" ", "T"))["event"]["seq"] in by_time
    assert explained(demo_log, "--at", "02:00:30")["event"]["seq"] == max(by_time)
    far = emberline("explain", demo_log, "--at", "11:30")
    assert far.code == 1 and "the nearest is seq" in far.err


def test_the_page_for_a_customer_is_one_file_with_pictures_and_plain_sentences(demo_log: Path, tmp_path: Path) -> None:
    alarm = alarms(demo_log)[0]
    page, picture = tmp_path / "alarm.html", tmp_path / "alarm.png"
    good("explain", demo_log, alarm["seq"], "--html", page, "--image", picture)
    text = page.read_text()
    assert Image.open(picture).width >= 640
    assert text.count('src="data:image/jpeg;base64,') == 3
    assert not re.search(r'(src|href)="(?!data:)', text) and "<script" not in text
    for words in ("1.0 s before", "the moment of the alarm", "1.0 s after", "It went from B to A", "siren, on"):
        assert words in text
    assert "It was taken for a human; the rule watches for human, vehicle." in text


def test_what_a_customer_named_a_rule_cannot_put_markup_into_the_page(tmp_path: Path, shared_data: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(whole_frame(sensitivity=70, name='"<script>alert(1)</script>"'))
    good("import", shared_data / "caco_possum_trap" / "source.cptv", "--log", tmp_path / "log", "--site", site)
    good("replay", tmp_path / "log")
    good("explain", tmp_path / "log", alarms(tmp_path / "log")[0]["seq"], "--html", tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text()
    assert "<script" not in text and "&lt;script&gt;" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "give either a seq"),
        ((3, "--at", "02:00"), "give either a seq"),
        ((99999,), "the log has events 1 to"),
        (("--at", "25:99"), "is no time"),
        (("--at", "yesterday"), "is no time"),
        ((1, "--image", "a.gif"), "must end in"),
    ],
)
def test_what_cannot_be_explained_is_said_with_what_is_allowed(
    demo_log: Path, words: tuple[object, ...], says: str
) -> None:
    result = emberline("explain", demo_log, *words)
    assert result.code == 2 and says in result.err
