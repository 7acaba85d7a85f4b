"""Names and words that want to be more than text are refused, or stay text."""

import msgspec
import pytest

from devices.wire import Act, decode_to_driver, encode
from kernel.events import ActionRequested, LoginFailed, decode_body, encode_body
from kernel.site.problems import SiteErrors
from kernel.site.reader import read_site
from support.linkage import fold, session
from support.many_linkages import linked, requests
from support.scripted import SECOND, Facts, ScriptedDetector

HARMLESS = ['"><script>', "../../etc/passwd", "'; DROP TABLE events; --", "&lt;{channel}%0d%0a", "a" * 64, "名前"]
REFUSED = ["two\nlines", "bcc:\r\nx", "nul\0", "esc\x1b[2J", "\u202egnp.exe", "a" * 65, ""]


def named(name: str) -> str:
    return linked("host").replace('id = "yard"\n', f'id = "yard"\nname = {msgspec.json.encode(name).decode()}\n')


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_arrives_at_the_driver_as_it_was_written(name: str) -> None:
    detector = ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 6)})
    request = requests(fold(detector, session(named(name), 10)))[0]
    assert request.parameters["name"] == name
    assert decode_body("ActionRequested", encode_body(request)) == request
    act = Act(request.output, request.ordinal, request.kind, request.command, request.parameters)
    assert decode_to_driver(encode(act)) == act


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_is_no_plain_text_is_refused(name: str) -> None:
    with pytest.raises(SiteErrors):
        read_site(named(name))


@pytest.mark.parametrize("id", ["../x", "a b", "a.b", "a/b", 'a\\"b', "a\\nb", ""])
def test_an_id_that_could_be_anything_but_an_id_is_refused(id: str) -> None:
    with pytest.raises(SiteErrors):
        read_site(linked("host").replace('id = "yard"', f'id = "{id}"'))


def test_what_a_stranger_says_at_the_login_is_cut_to_plain_text() -> None:
    facts = Facts()
    stranger = LoginFailed("root\r\nBcc: x@y\x1b[2J" + "A" * 9999, "192.0.2.9\n", "no\0")
    events = [*facts.start(linked("host")), facts.fact(stranger, "device.web", SECOND), facts.end()]
    (request,) = requests(fold(ScriptedDetector({}, {}), events))
    assert isinstance(request, ActionRequested)
    assert all(text.isprintable() and len(text) <= 500 for text in request.parameters.values())
