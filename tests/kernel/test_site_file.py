"""Reading site files: what is understood, and the exact words for what is not."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.site.model import ALWAYS, ChannelKind, MotionArea, Period, SizeLimits
from kernel.site.reader import (
    SiteErrors,
    default_site,
    format_error,
    format_warning,
    parse_site,
    read_site,
    read_site_file,
)

HERE = Path(__file__).parent
DOCUMENT = (HERE.parent.parent / "docs" / "site-file.md").read_text("utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)[0]
SECOND_NS = 1_000_000_000
BASE = """\
[site]
name = "Fence"
[[channel]]
id = "thermal"
kind = "thermal"
source = "file:fence.cptv"
#channel
[channel.vca]
#vca
[[channel]]
id = "optical"
kind = "optical"
source = "sim:yard"
#optical
[[rule]]
id = "gate"
channel = "thermal"
type = "line_crossing"
line = [[0.1, 0.5], [0.9, 0.5]]
#gate
[[rule]]
id = "yard"
channel = "optical"
type = "intrusion"
region = [[0.2, 0.4], [0.8, 0.4], [0.8, 0.9]]
#yard
[schedules.night]
all = ["20:00-24:00"]
#night
[linkage.siren]
kind = "alarm_output"
number = 1
#siren
#end
"""
MINIMAL = '[[channel]]\nid = "c"\nkind = "optical"\nsource = "sim:yard"\n'


def with_lines(mark: str, *lines: str) -> str:
    assert mark in BASE
    return BASE.replace(mark, "\n".join(lines), 1)


def errors_of(text: str) -> list[str]:
    with pytest.raises(SiteErrors) as caught:
        read_site(text)
    return [format_error("site.toml", e) for e in caught.value.errors]


def warnings_of(text: str) -> list[str]:
    return [format_warning("site.toml", w) for w in parse_site(text)[1]]


def mistakes() -> list[tuple[str, str, list[str]]]:
    """The blocks of the table beside this file: what of the base is replaced, by what, and what must be said."""
    cases: list[tuple[str, str, list[str]]] = []
    for block in (HERE / "site_mistakes.txt").read_text("utf-8").strip().split("\n\n"):
        lines = block.split("\n")
        old, new = ("\n".join(line[2:] for line in lines if line[:1] == sign) for sign in "-+")
        cases.append((old, new, [line for line in lines if line[:1] not in "-+"]))
    return cases


@pytest.mark.parametrize(("old", "new", "expected"), mistakes())
def test_a_mistake_is_told_with_its_line_path_value_and_what_is_allowed(
    old: str, new: str, expected: list[str]
) -> None:
    assert old in BASE
    assert errors_of(BASE.replace(old, new, 1)) == expected


def test_the_base_of_the_mistakes_has_none_itself() -> None:
    site, warnings = parse_site(BASE)
    assert [r.id for r in site.rules] == ["gate", "yard"]
    assert warnings == ()


def test_every_mistake_is_reported_and_not_only_the_first() -> None:
    text = BASE.replace("#gate", "sensitivity = 101").replace("number = 1", "number = 0").replace("24:00", "25:00")
    assert [e.split(":")[2] for e in errors_of(text)] == ["20", "28", "32"]


# The file as a whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "error: site.toml:1: there is no channel; a site needs at least one [[channel]]"),
        ("a = 1\nb = = 2\n", "error: site.toml:2: not valid TOML: invalid value (column 5)"),
        ("a = 1\na = 2\n", "error: site.toml:2: not valid TOML: cannot overwrite a value (column 6)"),
        ('a = 1\nb = "', "error: site.toml:2: not valid TOML: unterminated string, at the end of the file"),
        ("a\0b", "error: site.toml:1: contains a NUL character; is this a text file?"),
        ("a = " + "[" * 100_000, "error: site.toml: is nested too deeply"),
        ("a = " + "9" * 5000, "error: site.toml: contains a number that is out of all bounds"),
        ("#" * (1 << 20) + "#", "error: site.toml: is larger than 1 MiB; is this a site file?"),
    ],
    ids=["empty", "syntax", "twice", "cut short", "NUL", "nested", "number", "large"],
)
def test_a_document_that_is_no_site_file_is_one_clear_error(text: str, expected: str) -> None:
    assert errors_of(text)[0] == expected


def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    said: list[str] = []
    for name, data in (("missing", None), ("latin", b"a = 1\nb = '\xe4'"), ("large", b"#" * ((1 << 20) + 1))):
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(SiteErrors) as caught:
            read_site_file(path)
        said += [format_error(name, e) for e in caught.value.errors]
    with pytest.raises(SiteErrors, match="cannot be read: Is a directory"):
        read_site_file(tmp_path)
    assert said == [
        "error: missing: cannot be read: No such file or directory",
        "error: latin:2: is not UTF-8 text: byte 0xe4",
        "error: large: is larger than 1 MiB; is this a site file?",
    ]


def test_a_file_with_windows_line_ends_and_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    text = read_site_file(path)
    assert read_site(text) == read_site(BASE)
    assert errors_of(text.replace("#gate", "sensitivity = 101"))[0].startswith("error: site.toml:20: rule.gate.sens")


def test_there_are_limits_to_channels_and_rules() -> None:
    channels: list[tuple[str, ChannelKind]] = [(f"c{i}", "thermal") for i in range(65)]
    assert errors_of(default_site(channels))[0].endswith("channel.c64: there must be at most 64 of these, not 65")
    rule = '[[rule]]\nid = "r{}"\nchannel = "c"\ntype = "line_crossing"\nline = [[0, 0], [1, 1]]\n'
    rules = MINIMAL + "".join(rule.format(i) for i in range(257))
    assert errors_of(rules) == ["error: site.toml:1285: rule.r256: there must be at most 256 of these, not 257"]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mangled_file_is_read_or_refused_but_nothing_else_is_raised(data: st.DataObject) -> None:
    text = EXAMPLE
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = (
            text[:start] + data.draw(st.sampled_from(["", "0", "-1", '"', "[", "]", "{}", "\n", "=", "x"])) + text[end:]
        )
    try:
        parse_site(text)
    except SiteErrors as problems:
        assert problems.errors
        lines = text.count("\n") + 1
        assert all(e.line is None or 1 <= e.line <= lines for e in problems.errors)


# What is understood


def test_coordinates_are_the_written_decimals_rounded_half_even_to_millionths() -> None:
    line = "line = [[0.0000005, 0.0000015], [0.1000000000000000000000000000000000005, 1]]"
    site = read_site(BASE.replace("line = [[0.1, 0.5], [0.9, 0.5]]", line))
    assert site.rules[0].line == ((0, 2), (100_000, 1_000_000))


@settings(max_examples=50, deadline=None)
@given(st.decimals(0, 1, allow_nan=False, places=9))
def test_a_coordinate_does_not_go_through_binary_fractions(value: Decimal) -> None:
    site = read_site(BASE.replace("[0.9, 0.5]", f"[{value}, 0.75]"))
    line = site.rules[0].line
    assert line is not None
    assert line[1][0] == round(value * 1_000_000)


def test_a_rule_takes_the_defaults_of_its_channel_and_may_say_otherwise() -> None:
    vca = (
        'scene_mode = "leaves_interfered"\nsingle_alarm = false\nrepeat_interval = 2.5\nshield = [[[0,0],[1,0],[1,1]]]'
    )
    site = read_site(BASE.replace("#vca", vca).replace("#gate", 'scene_mode = "distant_view"\nshield = []'))
    gate, yard = site.rules
    assert (gate.scene_mode, gate.single_alarm, gate.shield) == ("distant_view", False, ())
    assert gate.repeat_interval_ns == 2_500_000_000
    assert (yard.scene_mode, yard.single_alarm, yard.repeat_interval_ns) == ("general", True, 5 * SECOND_NS)


def test_a_rule_like_another_takes_over_what_it_does_not_say() -> None:
    said = 'sensitivity = 70\ntargets = ["animal"]\nschedule = "night"\nlinkage = ["siren"]\nname = "The gate"\n'
    like = '[[rule]]\nid = "copy"\nlike = "gate"\nsensitivity = 20'
    site = read_site(BASE.replace("#gate", said).replace("#yard", like))
    gate, copy = site.rules[0], site.rules[2]
    assert (copy.sensitivity, copy.name) == (20, "copy")
    fields = ("channel", "type", "line", "direction", "targets", "schedule", "linkage", "anchor")
    assert [getattr(copy, f) for f in fields] == [getattr(gate, f) for f in fields]


def test_another_type_drops_the_line_or_region_of_the_wrong_kind() -> None:
    rules = [
        '[[rule]]\nid = "a"\nlike = "b"\ntype = "region_exiting"',
        '[[rule]]\nid = "b"\nlike = "yard"\nduration = 9',
        '[[rule]]\nid = "c"\nlike = "b"\ntype = "line_crossing"\nline = [[0, 0], [1, 1]]',
    ]
    site = read_site(BASE.replace("#yard", "\n".join(rules)))
    yard, a, b, c = site.rules[1:]
    assert a.region == b.region == yard.region
    assert (a.duration_ns, b.duration_ns, c.duration_ns) == (5 * SECOND_NS, 9 * SECOND_NS, 5 * SECOND_NS)
    assert (c.region, c.line) == (None, ((0, 0), (1_000_000, 1_000_000)))


def test_the_size_filter_limits_animals_by_height_alone() -> None:
    filters = "[rule.size_filter]\nhuman = { min = [0.01, 0.03] }\nanimal = { max_height = 0.2 }"
    site = read_site(BASE.replace("#gate", filters))
    assert site.rules[0].size_filter == {"human": SizeLimits(10_000, 30_000), "animal": SizeLimits(max_height=200_000)}


def test_the_more_specific_days_of_a_schedule_decide_the_whole_day() -> None:
    days = 'weekend = ["01:00-02:00"]\nsunday = []\nwed = ["05:00-06:00", "03:00-04:00"]'
    schedule = read_site(BASE.replace("#night", days)).schedules["night"]
    every = (Period(1200, 1440),)
    wednesday = (Period(180, 240), Period(300, 360))
    assert schedule.days == (every, every, wednesday, every, every, (Period(60, 120),), ())


def test_an_alarm_output_stays_on_for_its_delay_or_until_cleared() -> None:
    delays = [None, "0", "2.5", '"manual"']
    texts = [BASE if d is None else BASE.replace("#siren", f"delay = {d}") for d in delays]
    assert [read_site(t).linkages[0].delay_ns for t in texts] == [5 * SECOND_NS, 0, 2_500_000_000, None]


def test_motion_keeps_the_settings_of_both_modes() -> None:
    motion = read_site(EXAMPLE).channels[1].motion
    assert motion is not None
    region = ((0, 0), (500_000, 0), (500_000, 1_000_000), (0, 1_000_000))
    assert motion.expert_areas == (MotionArea(region, 60, 40),)
    assert (motion.day_night, motion.day_period, motion.areas) == ("scheduled", Period(420, 1140), ())


def test_motion_tampering_and_scene_change_are_off_unless_their_table_is_there() -> None:
    channel = read_site(BASE).channels[0]
    assert (channel.motion, channel.tamper, channel.scene_change) == (None, None, None)
    tables = "[channel.motion]\n[channel.tamper]\narea = []\n[channel.scene_change]"
    channel = read_site(BASE.replace("#vca", tables)).channels[0]
    assert channel.motion is not None and channel.tamper is not None and channel.scene_change is not None
    assert (channel.motion.sensitivity, channel.tamper.area, channel.scene_change.schedule) == (60, None, ALWAYS)


def test_ports_follow_from_encryption() -> None:
    kinds = ["tls", "starttls", "none"]
    texts = [f'{MINIMAL}[linkage.m]\nkind = "email"\nencryption = "{k}"\n' for k in kinds]
    assert [getattr(read_site(t).linkages[0].settings, "port", None) for t in texts] == [465, 25, 25]
    broker = MINIMAL + '[linkage.m]\nkind = "mqtt"\nserver = "broker"\n'
    assert [getattr(read_site(t).linkages[0].settings, "port", None) for t in (broker, broker + "tls = false\n")] == [
        8883,
        1883,
    ]


def test_a_default_site_has_rules_only_where_they_are_asked_for() -> None:
    assert read_site(default_site([("a", "thermal"), ("b", "optical")])).rules == ()


def test_a_default_site_with_rules_watches_the_whole_frame_of_every_channel() -> None:
    text = default_site([("a", "thermal"), ("b", "optical")], {"b": 'file:odd "name".mp4'}, rules=True)
    site, warnings = parse_site(text)
    assert [(c.id, c.kind, c.source) for c in site.channels] == [
        ("a", "thermal", "file:a"),
        ("b", "optical", 'file:odd "name".mp4'),
    ]
    assert [(r.channel, r.type, r.enabled) for r in site.rules] == [("a", "intrusion", True), ("b", "intrusion", True)]
    assert (site.timezone, warnings) == ("UTC", ())


# Warnings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            with_lines("#gate", 'targets = ["vehicle"]', 'scene_mode = "distant_view"'),
            "warning: site.toml:20: rule.gate.targets: in distant view a target too small to classify counts as human, "
            "which this rule leaves out",
        ),
        (
            with_lines("#siren", "[linkage.horn]", 'kind = "alarm_output"', "number = 1"),
            "warning: site.toml:35: linkage.horn.number: switches the same output as linkage.siren",
        ),
        (
            BASE.replace("sim:yard", "file://admin:secret@host/x"),
            "warning: site.toml:13: channel.optical.source: the event log keeps the site file, and so the password in "
            "this address; use user and password_file",
        ),
    ],
    ids=["distant view", "output twice", "password"],
)
def test_what_is_allowed_but_may_not_do_what_was_meant_is_warned_about(text: str, expected: str) -> None:
    assert warnings_of(text) == [expected]
