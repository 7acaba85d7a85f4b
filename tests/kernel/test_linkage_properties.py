"""Linkage under any order of hits, departures, frames and time: nothing is left on, nothing is lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from support.linkage import fold, session, site
from support.scripted import SECOND, ScriptedDetector

TRACKS = st.integers(1, 4)
PRESENCE = st.dictionaries(TRACKS, st.tuples(st.integers(0, 30), st.integers(1, 20)), max_size=4)
HITS = st.dictionaries(st.integers(0, 49), st.lists(TRACKS, max_size=3, unique=True), max_size=12)


@settings(max_examples=150, deadline=None)
@given(PRESENCE, HITS, st.booleans(), st.integers(0, 9))
def test_every_alarm_ends_and_every_output_goes_off(
    presence: dict[int, tuple[int, int]], hits: dict[int, list[int]], single: bool, delay: int
) -> None:
    present = {track: range(start, start + length) for track, (start, length) in presence.items()}
    scripted = {n: [("yard", t) for t in tracks if n in present.get(t, ())] for n, tracks in hits.items()}
    drafts = fold(ScriptedDetector(scripted, present), session(site(single, delay=str(delay)), 60))
    names = [type(d.body).__name__ for d in drafts]
    assert names.count("AlarmRaised") == names.count("AlarmCleared")
    assert names.count("OutputActivated") == names.count("OutputReleased")
    commands = [d.body.command for d in drafts if type(d.body).__name__ == "ActionRequested"]
    assert commands == ["on", "off"] * (len(commands) // 2)
    assert [d.time for d in drafts] == sorted(d.time for d in drafts), "time never runs back"


@settings(max_examples=150, deadline=None)
@given(PRESENCE, HITS)
def test_with_single_alarm_each_target_raises_one_alarm_if_it_is_ever_hit(
    presence: dict[int, tuple[int, int]], hits: dict[int, list[int]]
) -> None:
    present = {track: range(start, start + length) for track, (start, length) in presence.items()}
    scripted = {n: [("yard", t) for t in tracks if n in present.get(t, ())] for n, tracks in hits.items()}
    drafts = fold(ScriptedDetector(scripted, present), session(site(), 60))
    raised = sorted(d.body.track for d in drafts if type(d.body).__name__ == "AlarmRaised")
    assert raised == sorted({track for tracks in scripted.values() for _, track in tracks})


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(1, 9))
def test_an_output_is_on_from_each_alarm_until_its_delay_after_the_last(times: list[int], delay: int) -> None:
    scripted = {n: [("yard", track)] for track, n in enumerate(sorted(set(times)), 1)}
    present = {hit[0][1]: range(n, 59) for n, hit in scripted.items()}
    drafts = fold(ScriptedDetector(scripted, present), session(site(delay=str(delay)), 60))
    on = [d.time // SECOND for d in drafts if type(d.body).__name__ == "OutputActivated"]
    off = [d.time // SECOND for d in drafts if type(d.body).__name__ == "OutputReleased"]
    covered = {t for a, b in zip(on, off, strict=True) for t in range(a, b)}
    assert covered == {t for n in scripted for t in range(n, min(n + delay, 59))}
