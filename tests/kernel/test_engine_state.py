"""Going on from a kept state is the same as never having stopped."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.engine import Engine, EngineState
from kernel.events import CommandReceived, ConfigChanged, Event
from kernel.references import Draft
from kernel.state import StateDamaged, decode_state, encode_state
from support.linkage import PIXELS, fold, session, site
from support.scripted import SECOND, Facts, FailingDetector, ScriptedDetector

TRACKS = st.integers(1, 4)
PRESENCE = st.dictionaries(TRACKS, st.tuples(st.integers(0, 20), st.integers(1, 15)), max_size=4)
HITS = st.dictionaries(st.integers(0, 29), st.lists(TRACKS, max_size=3, unique=True), max_size=10)
COMMANDS = st.sampled_from(["arm", "disarm", "pause 7s", "clear yard#1", "output siren on", "restart-vca"])


def resumed(engine: Engine, detector: ScriptedDetector) -> Engine:
    fresh = Engine(detector)
    fresh.restore(decode_state(encode_state(engine.state()), EngineState))
    return fresh


def fold_with_a_restart_before_each_fact(detector: ScriptedDetector, facts: list[Event]) -> list[Draft]:
    engine, drafts = Engine(detector), []
    for fact in facts:
        engine = resumed(engine, detector)
        before, after = engine.handle(fact, PIXELS if fact.kind == "FrameCaptured" else None)
        drafts += before + after
    return drafts


@settings(max_examples=100, deadline=None)
@given(PRESENCE, HITS, st.dictionaries(st.integers(0, 29), COMMANDS, max_size=4), st.booleans(), st.booleans())
def test_a_restart_before_any_fact_changes_no_conclusion(
    presence: dict[int, tuple[int, int]],
    hits: dict[int, list[int]],
    commands: dict[int, str],
    single: bool,
    scheduled: bool,
) -> None:
    present = {track: range(start, start + length) for track, (start, length) in presence.items()}
    scripted = {n: [("yard", t) for t in tracks if n in present.get(t, ())] for n, tracks in hits.items()}
    facts = Facts()
    events = facts.start(site(single, "night" if scheduled else "always"), 45 * SECOND)
    for n in range(30):
        if n in commands:
            name, *words = commands[n].split()
            events.append(facts.fact(CommandReceived(name, tuple(words), "test"), "operator", n * SECOND))
        events.append(facts.frame(n * SECOND))
    events.append(facts.fact(ConfigChanged(site(delay="9"), "test"), "site"))
    events.append(facts.end())
    expected = fold(ScriptedDetector(scripted, present), events)
    assert fold_with_a_restart_before_each_fact(ScriptedDetector(scripted, present), events) == expected


def test_a_quarantine_outlives_the_restart() -> None:
    events = session(site(), 10)
    assert fold_with_a_restart_before_each_fact(FailingDetector(3), events) == fold(FailingDetector(3), events)


def test_the_digest_of_the_state_is_that_of_the_bytes_that_are_restored() -> None:
    detector = ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 8)})
    engine = Engine(detector)
    for fact in session(site(), 6)[:-1]:
        engine.handle(fact, PIXELS)
    assert resumed(engine, detector).state() == engine.state()
    kept = engine.state()
    engine.handle(Facts().frame(7 * SECOND), PIXELS)
    assert engine.state().sha256 != kept.sha256


def test_a_state_of_other_channels_or_none_at_all_is_refused() -> None:
    detector = ScriptedDetector({}, {})
    engine = Engine(detector)
    for fact in session(site(), 3):
        engine.handle(fact, PIXELS)
    kept = engine.state()
    other = EngineState(kept.fold, kept.origin, _renamed(site()), kept.causes)
    for wrong in (other, EngineState(b"\x81", 0, None, []), EngineState(kept.fold, 0, kept.document, [1, 2, 3])):
        with pytest.raises(StateDamaged):
            Engine(detector).restore(wrong)


def _renamed(document: str) -> str:
    return document.replace('= "thermal"', '= "other"').replace('kind = "other"', 'kind = "thermal"')
