"""`emberline state LOG at T`: what was remembered at that moment."""

import json
from pathlib import Path
from typing import Any

import pytest

from emberline import __main__ as command_line
from emberline.moment import moment_after
from emberline.wiring import make_engine, read_log
from kernel.events import AlarmRaised
from kernel.log.contract import Selection
from replay.refold import Pixels
from replay.sessions import sessions_of
from support.recorded import run, shots
from support.recordings import walk
from support.sites import whole_frame


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session in several segments, each beginning with the fold's state."""
    path = tmp_path_factory.mktemp("states") / "log"
    run(path, shots(walk(400)), whole_frame(), segment_ns=12_000_000_000)
    return path


def test_it_is_the_state_that_the_whole_session_leads_to(log: Path) -> None:
    with read_log(log) as opened:
        (session,) = sessions_of(opened)
        engine, pixels = make_engine(), Pixels(opened, session)
        kept = [event.fact_no for event in opened.read(Selection(kinds=("StateKept",)))]
        assert kept
        facts = list(opened.read(session.facts()))
        wanted = {kept[0] - 1, kept[0], kept[-1] + 3}
        for fact in facts:
            engine.handle(fact, pixels.of(fact))
            if fact.fact_no in wanted:
                assert moment_after(opened, fact.seq).sha256 == engine.state().sha256


def test_an_alarm_is_live_in_it_from_its_beginning(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with read_log(log) as opened:
        raised = next(opened.read(Selection(kinds=("AlarmRaised",))))
        facts = opened.read(Selection(last=raised.seq - 1, facts_only=True))
        before = [fact.seq for fact in facts if fact.fact_no < raised.fact_no][-1]
    assert isinstance(raised.body, AlarmRaised)
    found: list[dict[str, Any]] = []
    for seq in (before, raised.seq):
        assert command_line.run(["state", str(log), "at", str(seq)]) == 0
        found.append(json.loads(capsys.readouterr().out))
    then, now = found
    assert now["fact_no"] == raised.fact_no
    assert then["linkage"]["alarms"] != now["linkage"]["alarms"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("at", "0"), "the log holds events 1 to"),
        (("at", "99999999"), "the log holds events 1 to"),
        (("before", "3"), "write `at T`"),
        (("at", "yesterday"), "yesterday"),
    ],
)
def test_what_is_no_moment_of_the_log_is_refused(
    words: tuple[str, str], reason: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.run(["state", str(log), *words]) == 2
    assert reason in capsys.readouterr().err
