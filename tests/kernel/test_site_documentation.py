"""The page that documents the site file says what holds."""

import re
import tomllib
from pathlib import Path

import pytest

from kernel.site.linkage_kinds import NEEDED, linkage_kinds
from kernel.site.linkage_model import Email, Video
from kernel.site.names import Names
from kernel.site.reader import parse_site, read_site

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "site-file.md").read_text("utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)[0]
MINIMAL = '[[channel]]\nid = "c"\nkind = "optical"\nsource = "sim:yard"\n'


def test_the_documented_example_is_read_without_a_mistake() -> None:
    site, warnings = parse_site(EXAMPLE)
    assert not warnings
    assert [c.id for c in site.channels] == ["thermal", "optical"]
    mail = site.linkages[2].settings
    assert isinstance(mail, Email)
    assert (mail.images, mail.video) == ((("thermal", 1), ("optical", 3)), Video("optical", 5))


RULE = '[[rule]]\nid = "r"\nchannel = "c"\ntype = "intrusion"\nregion = [[0, 0], [1, 0], [1, 1]]\n'
LINE_RULE = '[[rule]]\nid = "r"\nchannel = "c"\ntype = "line_crossing"\nline = [[0, 0], [1, 1]]\n'
SECTIONS = {
    "## `[site]`": "[site]\n",
    "## `[[channel]]`": "",
    "### `[channel.vca]`": "[channel.vca]\n",
    "### `[channel.motion]`": "[channel.motion]\n",
    "### `[channel.tamper]` and `[channel.scene_change]`": "[channel.tamper]\n",
    "### `[channel.recogniser]`": '[channel.recogniser]\nmodel = "m.onnx"\nclasses = { 0 = "human" }\n',
    "## `[[rule]]`": RULE,
    "## `[[alarm_input]]`": '[[alarm_input]]\nid = "i"\nnumber = 1\n',
    "## `[linkage.NAME]`": '[linkage.n]\nkind = "notify"\n',
    "## `[recording]`": "[recording]\n",
    "### `[[recording.plan]]`": '[[recording.plan]]\nchannels = ["c"]\ntype = "event"\n',
}


def documented_defaults() -> list[tuple[str, str, str]]:
    """(section, key, default as TOML) of every row that gives a default value."""
    rows: list[tuple[str, str, str]] = []
    section = ""
    for line in DOCUMENT.split("\n"):
        if line.startswith("#"):
            section = line
        found = re.fullmatch(r"\| `(\w+)` \| `([^`]*)` \| [^|]* \|", line)
        if found and section in SECTIONS:
            rows.append((section, found[1], found[2]))
    return rows


def test_most_defaults_are_documented_as_values() -> None:
    assert len(documented_defaults()) >= 35


@pytest.mark.parametrize(("section", "key", "default"), documented_defaults())
def test_a_documented_default_is_what_holds_where_nothing_is_said(section: str, key: str, default: str) -> None:
    text = MINIMAL + (LINE_RULE if key == "direction" else SECTIONS[section])
    assert read_site(f"{text}{key} = {default}\n") == read_site(text)


def test_every_key_and_default_of_every_kind_of_linkage_is_documented() -> None:
    documented: dict[str, dict[str, str]] = {}
    kind = ""
    for found in re.finditer(r"^\| (?:`(\w+)`)? ?\| (`[^|]*`) \| ([^|]*) \| [^|]* \|$", DOCUMENT, re.MULTILINE):
        kind = found[1] or kind
        for key in re.findall(r"`(\w+)`", found[2]):
            documented.setdefault(kind, {})[key] = found[3]
    kinds = linkage_kinds(Names({}, [], []))
    own = {"alarm_output": ["number", "delay", "chip"]}
    assert {k: sorted(d) for k, d in documented.items()} == {
        name: sorted(own.get(name, list(kind.keys))) for name, kind in kinds.items()
    }
    for name, kind in kinds.items():
        for key, entry in kind.keys.items():
            said = documented[name][key]
            assert (said == "needed") == (entry.default is NEEDED), (name, key)
            if re.fullmatch(r"`[^`]+`", said):
                assert_documented_default(name, key, said.strip("`"))


NEEDED_KEYS = {
    "ftp": 'server = "h"\n',
    "sftp": 'server = "h"\nuser = "u"\nkey_file = "k"\n',
    "nas": 'share = "s"\nserver = "h"\n',
    "http": 'url = "https://h/"\n',
    "mqtt": 'server = "h"\n',
}


def assert_documented_default(kind: str, key: str, default: str) -> None:
    text = f'{MINIMAL}[linkage.x]\nkind = "{kind}"\n{NEEDED_KEYS.get(kind, "")}'
    assert read_site(f"{text}{key} = {default}\n") == read_site(text), (kind, key)


def test_the_defaults_of_the_documented_example_parse_as_toml() -> None:
    assert set(tomllib.loads(EXAMPLE)) == {
        "site",
        "channel",
        "rule",
        "alarm_input",
        "exceptions",
        "schedules",
        "linkage",
        "recording",
    }
