"""PATH=VALUE settings: the value changes, and nothing else of the document."""

import difflib
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.site.reader import SiteErrors, format_error, read_site, set_values

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "site-file.md").read_text("utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)[0].replace("\n[", "  # end of a part [x] = 1\n[")


def changed_lines(before: str, after: str) -> list[str]:
    diff = difflib.unified_diff(before.split("\n"), after.split("\n"), n=0, lineterm="")
    return [line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        ("rule.gate.sensitivity", "70", ["-sensitivity = 50", "+sensitivity = 70"]),
        ("channel.thermal.vca.scene_mode", "distant_view", ['-scene_mode = "general"', '+scene_mode = "distant_view"']),
        ("channel.thermal.vca.scene_mode", '"general"', []),
        ("rule.yard.sensitivity", " 70 # why", ["+sensitivity = 70"]),
        ("channel.optical.vca.scene_mode", "distant_view", ['+scene_mode = "distant_view"']),
        ("channel.optical.tamper.sensitivity", "5", ["+tamper.sensitivity = 5"]),
        ("rule.gate.size_filter.vehicle.max", "[0.3, 0.6]", ["+vehicle.max = [0.3, 0.6]"]),
        (
            "channel.optical.motion.area[0].night_sensitivity",
            "3",
            ["-night_sensitivity = 40", "+night_sensitivity = 3"],
        ),
        ("schedules.night.sat", "[]", ["+sat = []"]),
        ("linkage.siren.delay", "manual", ["-delay = 5", '+delay = "manual"']),
        ("linkage.new.kind", "notify", ['+linkage.new.kind = "notify"']),
        ("site.name", 'Fence "2"', ['-name = "North fence"', '+name = "Fence \\"2\\""']),
        ("rule[1].duration", "0.5", ["-duration = 5", "+duration = 0.5"]),
    ],
)
def test_only_the_value_changes(path: str, value: str, changed: list[str]) -> None:
    after = set_values(EXAMPLE, [(path, value)])
    assert [re.sub(r"  # end of a part.*", "", line) for line in changed_lines(EXAMPLE, after)] == changed
    assert after.count("# end of a part") == EXAMPLE.count("# end of a part")


def test_a_value_inside_an_inline_table_changes_there() -> None:
    after = set_values(
        EXAMPLE, [("rule.gate.size_filter.human.max", "[0.3, 0.6]"), ("linkage.mail.video.seconds", "7")]
    )
    assert "human = { min = [0.01, 0.03], max = [0.3, 0.6] }" in after
    assert 'video = { channel = "optical", seconds = 7 }' in after
    after = set_values(
        after.replace("max = [0.3, 0.6] }", "}").replace(", }", " }"), [("rule.gate.size_filter.human.max", "[1, 1]")]
    )
    assert "human = { min = [0.01, 0.03], max = [1, 1] }" in after


def test_settings_add_up_in_their_order() -> None:
    after = set_values(
        EXAMPLE, [("rule.gate.sensitivity", "1"), ("rule.yard.anchor", "centre"), ("rule.gate.sensitivity", "2")]
    )
    gate, yard = read_site(after).rules
    assert (gate.sensitivity, yard.sensitivity, yard.anchor) == (2, 2, "centre")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("rule.gaet.sensitivity", "5", "rule.gaet.sensitivity: there is no rule 'gaet'; did you mean 'gate'?"),
        ("rule.gate.sensitvity", "5", "rule.gate.sensitvity: unknown key 'sensitvity'; did you mean 'sensitivity'?"),
        ("rul.gate.sensitivity", "5", "rul: unknown key 'rul'; did you mean 'rule'?"),
        ("rule.gate.sensitivity", "500", "rule.gate.sensitivity = 500: must be a whole number from 0 to 100"),
        ("rule.gate", "5", "rule.gate: is a table; set one of its keys"),
        ("rule", "5", "rule: is a table; set one of its keys"),
        ("recording.plan[3].type", "event", "recording.plan[3].type: there is no 'plan[3]'"),
        ("rule.gate.id", "gat", "rule.yard.like = \"gate\": there is no such rule; did you mean 'gat'?"),
        ("channel.optical.vcaa.shield", "[]", "channel.optical.vcaa: unknown key 'vcaa'; did you mean 'vca'?"),
        ("rule..x", "1", "rule..x: is no path; write it as in rule.gate.sensitivity"),
        ("", "1", "is no path; write it as in rule.gate.sensitivity"),
        ("rule.gate.line.x", "1", "rule.gate.line.x: there is no line 'x'; there are none"),
        ("rule.gate.sensitivity.x", "1", "rule.gate.sensitivity.x: 'sensitivity' is a value, with nothing below it"),
    ],
)
def test_what_cannot_be_set_is_told_with_its_path(path: str, value: str, expected: str) -> None:
    with pytest.raises(SiteErrors) as caught:
        set_values(EXAMPLE, [(path, value)])
    assert [format_error("--set", e) for e in caught.value.errors] == [f"error: --set: {expected}"]


def test_a_site_file_with_mistakes_is_refused_with_its_own_lines() -> None:
    with pytest.raises(SiteErrors) as caught:
        set_values(EXAMPLE.replace('"Europe/Berlin"', '"Berlin"'), [("rule.gate.sensitivity", "5")])
    assert [e.line for e in caught.value.errors] == [3]


paths = st.sampled_from(
    [
        "rule.gate.sensitivity",
        "rule.yard.sensitivity",
        "channel.thermal.tamper.sensitivity",
        "channel.optical.tamper.sensitivity",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(paths, st.integers(0, 100)), min_size=1, max_size=4))
def test_what_is_set_is_read_back_and_the_rest_is_as_before(pairs: list[tuple[str, int]]) -> None:
    after = set_values(EXAMPLE, [(path, str(value)) for path, value in pairs])
    expected = tomllib.loads(EXAMPLE)
    for path, value in pairs:
        kind, id, *keys = path.split(".")
        node = next(item for item in expected[kind] if item["id"] == id)
        for key in keys[:-1]:
            node = node.setdefault(key, {})
        node[keys[-1]] = value
    assert tomllib.loads(after) == expected


def test_windows_line_ends_stay() -> None:
    after = set_values(EXAMPLE.replace("\n", "\r\n"), [("rule.yard.sensitivity", "7")])
    assert "\r\nsensitivity = 7\r\n" in after
    assert after.count("\n") == after.count("\r\n")
