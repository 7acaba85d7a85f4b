"""What explain builds on: the gates, looked at from outside, decide exactly as the fold does."""

from collections import Counter
from pathlib import Path

import pytest

from detectors.rules.gates import Gate
from emberline.wiring import read_log
from kernel.events import RuleTriggered
from replay.examination import Examined, examine
from replay.sessions import sessions_of
from support.cli import good

RULES = """
[[channel]]
id = "c"
kind = "{kind}"
source = "file:unused"

[[rule]]
id = "line"
channel = "c"
type = "line_crossing"
line = [[0.5, 0.0], [0.5, 1.0]]
direction = "a_to_b"
targets = ["human", "vehicle", "animal", "other"]

[[rule]]
id = "stay"
channel = "c"
type = "intrusion"
region = [[0.2, 0.2], [0.9, 0.2], [0.9, 1.0], [0.2, 1.0]]
duration = 1.0
targets = ["human", "animal"]
[rule.size_filter]
human = {{ min = [0.05, 0.1] }}

[[rule]]
id = "in"
channel = "c"
type = "region_entrance"
region = [[0.3, 0.3], [0.8, 0.3], [0.8, 0.95], [0.3, 0.95]]

[[rule]]
id = "out"
channel = "c"
type = "region_exiting"
region = [[0.3, 0.3], [0.8, 0.3], [0.8, 0.95], [0.3, 0.95]]
"""
CLIPS = {
    "caco_possum_trap": ("source.cptv", "thermal"),
    "caco_small": ("source.cptv", "thermal"),
    "fever_person": ("source.cptv", "thermal"),
    "intel_car_road": (None, "optical"),
}


def sign(gate: Gate) -> bool:
    """Does the margin say what the gate decided, and is it the distance of value and limit?"""
    if gate.margin is None:
        return True
    distance = isinstance(gate.value, int) and isinstance(gate.limit, int) and abs(gate.value - gate.limit)
    return (gate.margin >= 0) == gate.passed and (distance is False or abs(gate.margin) == distance)


def check(examined: Examined, seen: Counter[str]) -> None:
    look = examined.look
    if look is None:
        assert not any(isinstance(d.body, RuleTriggered) for d in examined.drafts)
        return
    decided = {(v.rule, v.track) for v in look.verdicts if v.hit}
    assert decided == {(hit.rule, hit.track) for hit in look.hits}
    triggered = {(d.body.rule, d.body.track) for d in examined.drafts if isinstance(d.body, RuleTriggered)}
    assert triggered == decided
    for verdict in look.verdicts:
        assert all(sign(gate) for gate in verdict.gates), verdict
    for trace in look.traces:
        assert all(gate.passed for gate in trace.gates) == (trace.track != 0), trace
        assert all(sign(gate) for gate in trace.gates), trace
    seen.update(hits=len(decided), verdicts=len(look.verdicts), traces=len(look.traces))


def clip_log(shared_data: Path, clip: str, folder: Path) -> Path:
    name, kind = CLIPS[clip]
    source = shared_data / clip / name if name else next((shared_data / clip).glob("*.mp4"))
    site = folder / "site.toml"
    site.write_text(RULES.format(kind=kind))
    good("import", source, "--log", folder / "log", "--site", site)
    return folder / "log"


@pytest.mark.parametrize("clip", CLIPS)
def test_all_gates_pass_exactly_where_the_rule_triggers(clip: str, shared_data: Path, tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    with read_log(clip_log(shared_data, clip, tmp_path)) as log:
        for examined in examine(log, sessions_of(log)[0]):
            check(examined, seen)
    assert seen["hits"] and seen["verdicts"] and seen["traces"], seen
