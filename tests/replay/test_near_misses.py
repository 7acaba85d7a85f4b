"""Near misses: what almost alarmed is found, with what stopped it, also for a setting one step too strict."""

import json
from pathlib import Path

import pytest

from emberline.changed_site import changed_site
from emberline.wiring import read_log
from kernel.engine import ReadSite
from kernel.log.contract import EventLog
from replay.examination import examine
from replay.near_misses import NearMiss, near_misses
from replay.sessions import sessions_of
from support.cli import emberline, good
from support.sites import whole_frame

CLIPS = ("caco_rat", "caco_noise_03")


def under(*settings: str) -> ReadSite:
    return changed_site(None, list(settings))


def hits(log: EventLog, read_site: ReadSite) -> list[tuple[str, int]]:
    """(rule, session time) of every hit under these settings."""
    looks = [e.look for e in examine(log, sessions_of(log)[0], read_site=read_site) if e.look is not None]
    return [(hit.rule, look.captured_ns) for look in looks for hit in look.hits]


def misses(log: EventLog, *settings: str) -> list[NearMiss]:
    return near_misses(log, sessions_of(log)[0], read_site=under(*settings))


def test_the_demo_holds_its_near_miss_somebody_who_turns_back_in_time(demo_log: Path) -> None:
    found = json.loads(good("explain", demo_log, "--near-misses", "--rule", "yard", "--json"))
    turned_back = [m for m in found if m["local"][11:19] >= "02:00:36"]
    assert len(turned_back) == 1
    gate = turned_back[0]["stopped_by"]
    assert gate["name"] == "duration" and gate["limit"] == 8_000_000_000
    assert gate["value"] + gate["margin"] * -1 == gate["limit"] and -2_000_000_000 < gate["margin"] < 0
    explained = json.loads(good("explain", demo_log, turned_back[0]["frame"], "--json"))
    yard = [d for d in explained["decisions"] if d["rule"] == "yard" and d["track"] == turned_back[0]["track"]]
    assert [d["stopped_by"] for d in yard] == [["duration"]]


@pytest.mark.parametrize(
    ("setting", "rule", "gate"),
    [
        ('rule.passage.direction="a_to_b"', "passage", "direction"),
        ('rule.touchy.targets=["human"]', "touchy", "target"),
        ("rule.touchy.duration=4.6", "touchy", "duration"),
        ("rule.passage.size_filter.human.max=[0.0704, 1.0]", "passage", "size.max_width"),
    ],
)
def test_a_setting_one_step_too_strict_shows_as_what_stopped_the_alarm(
    demo_log: Path, setting: str, rule: str, gate: str
) -> None:
    with read_log(demo_log) as log:
        lost = set(hits(log, under())) - set(hits(log, under(setting)))
        assert {name for name, _ in lost} == {rule}
        found = [m for m in misses(log, setting) if m.rule == rule and m.gate.name == gate]
        assert found and all(not m.gate.passed for m in found)
        assert any(m.first_ns <= time <= m.last_ns for m in found for _, time in lost)


@pytest.mark.parametrize("clip", CLIPS)
def test_a_sensitivity_one_step_too_low_is_found_on_real_clips(clip: str, shared_data: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(whole_frame())
    good("import", shared_data / clip / "source.cptv", "--log", tmp_path / "log", "--site", site)
    with read_log(tmp_path / "log") as log:
        low, high = 0, 100
        assert hits(log, under(f"rule.all.sensitivity={high}"))
        while high - low > 1:
            middle = (low + high) // 2
            if hits(log, under(f"rule.all.sensitivity={middle}")):
                high = middle
            else:
                low = middle
        assert low > 0, "a clip that alarms at every sensitivity shows nothing here"
        found = misses(log, f"rule.all.sensitivity={low}")
        would = [time for _, time in hits(log, under(f"rule.all.sensitivity={high}"))]
        near = [m for m in found if m.first_ns - 3e9 <= would[0] <= m.last_ns + 3e9]
        assert near, found
        assert all(not m.gate.passed and m.gate.margin is not None and m.gate.margin < 0 for m in near)
        assert any(m.gate.name == "sensitivity" and (m.gate.value, m.gate.limit) == (low, high) for m in near) or any(
            m.gate.name == "duration" for m in near
        )


def test_a_target_under_a_shield_is_a_near_miss(demo_log: Path) -> None:
    shield = "rule.touchy.shield=[[[0.5, 0.3], [1.0, 0.3], [1.0, 1.0], [0.5, 1.0]]]"
    with read_log(demo_log) as log:
        assert "touchy" not in {rule for rule, _ in hits(log, under(shield))}
        assert {(m.rule, m.gate.name) for m in misses(log, shield)} >= {("touchy", "shield")}


def test_what_alarmed_is_no_near_miss_of_that_rule(demo_log: Path) -> None:
    with read_log(demo_log) as log:
        alarmed = hits(log, under())
        for miss in misses(log):
            assert not any(rule == miss.rule and miss.first_ns <= time <= miss.last_ns for rule, time in alarmed)


def test_near_misses_are_searched_by_rule_and_time_and_shown_with_pictures(demo_log: Path, tmp_path: Path) -> None:
    page = tmp_path / "near.html"
    words = ("explain", demo_log, "--near-misses", "--since", "2026-03-01T02:00:36", "--html", page)
    listed = good(*words)
    assert "duration" in listed and len([line for line in listed.splitlines() if "yard" in line]) == 1
    assert page.read_text().count('src="data:image/jpeg;base64,') == 1
    wrong = emberline("explain", demo_log, "--near-misses", "--rule", "gate")
    assert wrong.code == 2 and "it has passage, touchy, yard" in wrong.err
