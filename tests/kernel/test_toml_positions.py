"""Where keys stand in a TOML document, held against the parser."""

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.site.toml_positions import Positions

AWKWARD = """\
top = 1 # a comment with [brackets] and = signs
"quoted # key" = '[no.header]'
text = \"\"\"
[not.a.header]
a = "quoted \\\\\\" and # no comment"
\"\"\"
literal = '''
it's ] [here]
'''''
array = [
  [1, 2], # one
  # two
  { x = "]", y.z = [3,
    4] },
]
dotted . "key" = 2024-01-02 03:04:05
[ a . b ]
c = 5
[[list]]
id = 1
[list.sub]
k = 6
[[list.inner]]
[[list.inner]]
v = 7
[[list]]
[list.sub]
k = 8
[last]"""


def at(parsed: Any, keys: tuple[str | int, ...]) -> Any:
    for key in keys:
        parsed = parsed[key]
    return parsed


def test_every_span_holds_the_value_that_the_parser_found() -> None:
    parsed, positions = tomllib.loads(AWKWARD), Positions(AWKWARD)
    assert len(positions.values) == 19
    for keys, span in positions.values.items():
        assert tomllib.loads(f"v = {AWKWARD[span.start : span.end]}")["v"] == at(parsed, keys), keys


def test_lines_are_those_of_the_keys() -> None:
    positions = Positions(AWKWARD)
    lines = {
        ("top",): 1,
        ("quoted # key",): 2,
        ("text",): 3,
        ("literal",): 7,
        ("array",): 10,
        ("array", 0, 1): 11,
        ("array", 1, "y", "z"): 13,
        ("array", 1, "y", "z", 1): 14,
        ("dotted", "key"): 16,
        ("a", "b"): 17,
        ("a", "b", "c"): 18,
        ("list", 0, "id"): 20,
        ("list", 0, "sub", "k"): 22,
        ("list", 0, "inner", 0): 23,
        ("list", 0, "inner", 1, "v"): 25,
        ("list", 1): 26,
        ("list", 1, "sub", "k"): 28,
        ("last",): 29,
        ("list", 1, "sub", "unsaid", 3): 27,
        (): 1,
    }
    assert {keys: positions.line(keys) for keys in lines} == lines


def test_carriage_returns_do_not_shift_lines() -> None:
    positions = Positions("a = 1\r\n\r\n[t]\r\nb = 'x'\r\n")
    assert (positions.line(("a",)), positions.line(("t",)), positions.line(("t", "b"))) == (1, 3, 4)


texts = st.text(st.sampled_from("ab#[]{}=,.'\"\\ \n"), max_size=8)
values = st.recursive(
    st.one_of(st.integers(), st.booleans(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)),
    max_leaves=6,
)
spaces = st.sampled_from(["", " ", "\t"])
breaks = st.sampled_from(["", "\n", " # [c] '\n", "\r\n  "])


def written(value: object, draw: Any) -> str:
    """The value in one of the ways in which TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        if draw(st.booleans()):
            return f'"""\n{escaped}"""'
        if not set("'\n") & set(value) and draw(st.booleans()):
            return f"'{value}'"
        return '"' + escaped.replace("\n", "\\n") + '"'
    if isinstance(value, list):
        return "[" + ",".join(draw(breaks) + written(v, draw) + draw(breaks) for v in value) + draw(breaks) + "]"
    assert isinstance(value, dict)
    pairs = (
        f"{draw(spaces)}{k}{draw(spaces)}={draw(spaces)}{written(v, draw)}{draw(spaces)}" for k, v in value.items()
    )
    return "{" + ",".join(pairs) + "}"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_spans_agree_with_the_parser_on_any_document(data: st.DataObject) -> None:
    tables = data.draw(st.lists(st.dictionaries(st.sampled_from("abc"), values, min_size=1, max_size=3), max_size=3))
    text = ""
    for table in tables:
        text += "[[table]]" + data.draw(st.sampled_from(["\n", " # x = 'y'\n\n"]))
        text += "".join(f"{k} = {written(v, data.draw)}\n" for k, v in table.items())
    parsed, positions = tomllib.loads(text), Positions(text)
    assert parsed == ({"table": tables} if tables else {})
    for i, table in enumerate(tables):
        for key, value in table.items():
            span = positions.values[("table", i, key)]
            assert tomllib.loads(f"v = {text[span.start : span.end]}")["v"] == value
            line = text.split("\n")[positions.line(("table", i, key)) - 1]
            assert line.startswith(f"{key} = ")
