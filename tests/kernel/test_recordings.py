"""Which spans are recordings, to the nanosecond, and which pictures are taken."""

import pytest

from kernel.engine import Engine
from kernel.events import (
    AlarmInputChanged,
    CommandReceived,
    Event,
    LoginFailed,
    MediaWanted,
    MotionEnded,
    MotionStarted,
    SceneChanged,
)
from kernel.log.contract import Selection
from kernel.log.memory import MemoryLog
from kernel.recorder import Recorder
from kernel.recording_spans import SPAN_KINDS, RecordingSpan, recording_spans
from kernel.references import Draft
from support.linkage import PIXELS, fold, session
from support.many_linkages import actions, linked, requests
from support.scripted import BOX, SECOND, Facts, ScriptedDetector

PLAN = """[[recording.plan]]
channels = ["thermal"]
type = "TYPE"
pre_record = 3
post_record = 7
schedule = "SCHEDULE"
"""


def plan(type: str, schedule: str = "always") -> str:
    return PLAN.replace("TYPE", type).replace("SCHEDULE", schedule)


def spans(document: str, detector: ScriptedDetector, facts: list[Event]) -> list[RecordingSpan]:
    """The recordings of a session, through a log."""
    log = MemoryLog()
    recorder = Recorder(log, Engine(detector))
    for fact in facts:
        recorder.admit(fact.time, fact.source, fact.body, None, PIXELS if fact.kind == "FrameCaptured" else None)
    return recording_spans(log.read(Selection(kinds=SPAN_KINDS)))


def lengths(document: str, detector: ScriptedDetector, frames: int, offset: int | None = None) -> list:
    found = spans(document, detector, session(document, frames, offset))
    return [(s.plan, s.start_ns / SECOND, None if s.end_ns is None else s.end_ns / SECOND) for s in found]


def moving(*spans: tuple[int, int]) -> dict[int, list]:
    told: dict[int, list] = {}
    for start, end in spans:
        told[start] = [MotionStarted(start, BOX)]
        told[end] = [MotionEnded(end, (end - start) * SECOND)]
    return told


def test_an_alarm_is_recorded_with_what_came_before_and_after_it() -> None:
    detector = ScriptedDetector({5: [("yard", 7)]}, {7: range(1, 9)})
    assert lengths(linked(extra=plan("event")), detector, 40) == [("event", 2, 16)]


def test_overlapping_alarms_extend_one_recording_that_names_them_all() -> None:
    detector = ScriptedDetector({5: [("yard", 7)], 12: [("yard", 8)]}, {7: range(1, 9), 8: range(10, 14)})
    document = linked(extra=plan("event"))
    found = spans(document, detector, session(document, 40))
    assert [(s.start_ns / SECOND, s.end_ns and s.end_ns / SECOND, len(s.alarms)) for s in found] == [(2, 21, 2)]
    assert found[0].evidence


def test_a_linkage_records_without_any_plan() -> None:
    detector = ScriptedDetector({8: [("yard", 7)]}, {7: range(1, 10)})
    assert lengths(linked("clip"), detector, 40) == [("linkage", 3, 20)]


def test_nothing_is_recorded_from_before_the_session() -> None:
    detector = ScriptedDetector({1: [("yard", 7)]}, {7: range(1, 3)})
    assert lengths(linked(extra=plan("event")), detector, 40) == [("event", 0, 10)]


def test_a_session_that_ends_closes_its_recordings() -> None:
    detector = ScriptedDetector({5: [("yard", 7)]}, {7: range(1, 99)})
    assert lengths(linked(extra=plan("event") + plan("continuous")), detector, 20) == [
        ("continuous", 0, 19),
        ("event", 2, 19),
    ]


def test_a_continuous_plan_records_while_its_schedule_is_armed_and_is_no_evidence() -> None:
    document = linked(extra=plan("continuous", "night"))
    found = spans(document, ScriptedDetector({}, {}), session(document, 90, civil_offset=0))
    assert [(s.start_ns, s.end_ns, s.evidence) for s in found] == [(0, 60 * SECOND, False)]


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ("motion", [("motion", 2, 17)]),
        ("alarm", [("alarm", 5, 27)]),
        ("motion_or_alarm", [("motion_or_alarm", 2, 27)]),
        ("motion_and_alarm", [("motion_and_alarm", 5, 17)]),
        ("event", [("event", 2, 27)]),
    ],
)
def test_a_plan_records_what_its_type_says(type: str, expected: list) -> None:
    """Motion from 5 to 10 s, the door open from 8 to 20 s."""
    document = linked(extra=plan(type)).replace("debounce = 0.5", "debounce = 0")
    facts = Facts()
    events = facts.start(document)
    for n in range(40):
        events.append(facts.frame(n * SECOND))
        if n in (8, 20):
            events.append(facts.fact(AlarmInputChanged(3, n == 8), "device.contacts", n * SECOND))
    detector = ScriptedDetector({}, {}, moving((5, 10)))
    found = spans(document, detector, [*events, facts.end()])
    assert [(s.plan, s.start_ns / SECOND, s.end_ns and s.end_ns / SECOND) for s in found] == expected


def test_a_scene_change_is_an_alarm_without_length() -> None:
    detector = ScriptedDetector({}, {}, {6: [SceneChanged(6, "turned")]})
    assert lengths(linked("clip"), detector, 40) == [("linkage", 1, 16)]


def test_an_exception_is_recorded_by_its_linkage() -> None:
    facts = Facts()
    events = [*facts.start(linked("clip")), facts.fact(LoginFailed("root", "", ""), "device.web", 6 * SECOND)]
    events += [facts.frame(30 * SECOND), facts.end()]
    found = spans(linked("clip"), ScriptedDetector({}, {}), events)
    assert [(s.start_ns / SECOND, s.end_ns and s.end_ns / SECOND) for s in found] == [(1, 16)]


def test_a_recording_cut_off_by_a_crash_ends_where_the_next_session_begins() -> None:
    document = linked(extra=plan("event"))
    log = MemoryLog()
    for _ in range(2):
        detector = ScriptedDetector({5: [("yard", 7)]}, {7: range(1, 99)})
        recorder, begin = Recorder(log, Engine(detector)), log.head.time
        for fact in session(document, 10)[:-1]:
            pixels = PIXELS if fact.kind == "FrameCaptured" else None
            recorder.admit(begin + fact.time, fact.source, fact.body, None, pixels)
    found = recording_spans(log.read(Selection(kinds=SPAN_KINDS)))
    assert [s.end_ns and s.end_ns / SECOND for s in found] == [9, None]


def shots(drafts: list[Draft]) -> list[tuple[float, str, int]]:
    return [
        (t, r.parameters["picture"], r.media[0].from_ns // SECOND)
        for (t, _, _), r in zip(actions(drafts), requests(drafts), strict=True)
    ]


def test_a_series_of_pictures_is_taken_at_its_interval() -> None:
    detector = ScriptedDetector({5: [("yard", 7)]}, {7: range(1, 9)})
    assert shots(fold(detector, session(linked("shot"), 40))) == [(5, "1", 0), (7.5, "2", 2), (9.5, "3", 4)]


def test_an_alarm_during_a_series_begins_it_anew() -> None:
    detector = ScriptedDetector({5: [("yard", 7)], 8: [("yard", 8)]}, {7: range(1, 9), 8: range(8, 9)})
    taken = shots(fold(detector, session(linked("shot"), 40)))
    assert [t for t, _, _ in taken] == [5, 7.5, 8, 10.5, 12.5]


def test_an_operator_takes_a_picture_of_the_latest_frame() -> None:
    facts = Facts()
    events = [*facts.start(linked()), facts.frame(0), facts.frame(SECOND)]
    events += [facts.fact(CommandReceived("capture", ("thermal",), "operator"), "operator"), facts.end()]
    (request,) = requests(fold(ScriptedDetector({}, {}), events))
    assert (request.output, request.channel, request.frame) == ("capture.thermal", "thermal", 1)
    assert request.media == (MediaWanted("picture", "thermal", 0, 0),)
