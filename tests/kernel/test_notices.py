"""What is told to whom, when, and with what along."""

from kernel.events import (
    ActionRequested,
    AlarmInputChanged,
    DeviceOffline,
    DeviceOnline,
    LoginFailed,
    MediaWanted,
    SessionEnded,
)
from kernel.references import Draft
from support.linkage import fold, session
from support.many_linkages import actions, linked, requests
from support.scripted import SECOND, Facts, ScriptedDetector


def told(drafts: list[Draft]) -> list[tuple[tuple[float, str, str], ActionRequested]]:
    """Each action with when it was asked for."""
    return list(zip(actions(drafts), requests(drafts), strict=True))


def one_alarm(at: int = 2, gone: int = 6) -> ScriptedDetector:
    return ScriptedDetector({at: [("yard", 7)]}, {7: range(1, gone)})


def alarms_at(*frames: int) -> ScriptedDetector:
    return ScriptedDetector({n: [("yard", n)] for n in frames}, {n: range(n, n + 2) for n in frames})


def test_a_centre_hears_of_the_beginning_and_the_end_of_an_alarm_at_once() -> None:
    drafts = fold(one_alarm(), session(linked("host", "broker"), 10))
    assert actions(drafts) == [
        (2, "host", "deliver"),
        (2, "broker", "deliver"),
        (6, "host", "deliver"),
        (6, "broker", "deliver"),
    ]
    words = [(r.parameters["event"], r.parameters["state"], r.parameters["alarm"]) for r in requests(drafts)]
    assert words[0] == ("AlarmRaised", "active", "yard#1")
    assert words[3] == ("AlarmCleared", "inactive", "yard#1")


def test_an_action_names_the_alarm_and_what_goes_along() -> None:
    drafts = fold(one_alarm(), session(linked("host"), 10))
    raised = next(n for n, d in enumerate(drafts) if type(d.body).__name__ == "AlarmRaised")
    request = requests(drafts)[0]
    assert (request.event, request.channel, request.frame, request.ordinal) == (raised, "thermal", 2, 1)
    assert request.media == (MediaWanted("picture", "thermal", 0, 0),)
    assert request.parameters["target"] == "human"
    assert request.parameters["box"] == "100000 100000 50000 100000"
    assert request.parameters["age_ns"] == "0"


def test_pictures_and_clips_after_the_alarm_are_waited_for() -> None:
    drafts = fold(one_alarm(), session(linked("shots"), 20))
    assert actions(drafts) == [(7.5, "shots", "deliver")]
    request = requests(drafts)[0]
    assert [(m.what, m.from_ns // SECOND, m.to_ns // SECOND) for m in request.media] == [
        ("picture", -1, -1),
        ("picture", 0, 0),
        ("picture", 1, 1),
        ("clip", -2, 5),
    ]
    assert request.parameters["age_ns"] == str(5 * SECOND + SECOND // 2)


def test_alarms_within_the_cool_down_are_gathered_into_the_next_mail() -> None:
    drafts = fold(alarms_at(2, 10, 20, 31, 40, 90), session(linked("mail"), 100))
    assert [(t, len(r.also)) for (t, _, _), r in told(drafts)] == [(2.5, 0), (32.5, 2), (62.5, 0), (92.5, 0)]


def test_an_upload_is_made_for_each_alarm() -> None:
    detector = ScriptedDetector({2: [("yard", n) for n in (1, 2, 3)]}, {n: range(1, 6) for n in (1, 2, 3)})
    drafts = fold(detector, session(linked("upload"), 10))
    assert [r.parameters["alarm"] for r in requests(drafts)] == ["yard#1", "yard#2", "yard#3"]


def test_what_waits_when_the_session_ends_goes_out_then() -> None:
    drafts = fold(alarms_at(2, 5, 6), session(linked("mail"), 9))
    assert [(t, len(r.also)) for (t, _, _), r in told(drafts)] == [
        (2.5, 0),
        (8, 1),
    ]


def test_a_thousand_alarms_in_a_minute_are_all_told_in_bounded_notices() -> None:
    facts = Facts()
    step = 60 * SECOND // 500
    events = [*facts.start(linked("mail")), *(facts.frame(n * step) for n in range(502)), facts.end()]
    hits = {n: [("yard", 2 * n), ("yard", 2 * n + 1)] for n in range(500)}
    present = {2 * n + side: range(n, n + 2) for n in range(500) for side in (0, 1)}
    drafts = fold(ScriptedDetector(hits, present), events)
    events_told = [e for r in requests(drafts) for e in (r.event, *r.also)]
    raised = [n for n, d in enumerate(drafts) if type(d.body).__name__ == "AlarmRaised"]
    assert len(raised) == 1000
    assert events_told == raised, "each alarm is told once, in order"
    assert len(requests(drafts)) <= 8
    assert max(1 + len(r.also) for r in requests(drafts)) <= 200


def test_a_sound_is_not_begun_anew_while_it_plays_but_once_it_has() -> None:
    drafts = fold(alarms_at(2, 3, 4, 20), session(linked("horn"), 30))
    assert [(t, c) for t, _, c in actions(drafts)] == [(2, "play"), (6, "play"), (20, "play")]
    assert requests(drafts)[0].parameters["times"] == "2"


def test_a_light_shines_for_its_duration_after_the_last_alarm() -> None:
    drafts = fold(alarms_at(2, 5), session(linked("flash"), 30))
    assert [(t, c) for t, _, c in actions(drafts)] == [(2, "on"), (9, "off")]
    assert requests(drafts)[0].parameters == {"mode": "flashing", "frequency": "medium", "brightness": "50"}


def test_a_linkage_acts_by_its_own_schedule_but_tells_the_end_of_what_it_told() -> None:
    extra = '[linkage.night]\nkind = "mqtt"\nserver = "h"\nschedule = "night"\n'
    document = linked("host", extra=extra).replace('linkage = ["host"]', 'linkage = ["night"]')
    detector = ScriptedDetector({2: [("yard", 1)], 70: [("yard", 2)]}, {1: range(1, 75), 2: range(70, 75)})
    drafts = fold(detector, session(document, 80, civil_offset=0))
    assert actions(drafts) == [(2, "night", "deliver"), (75, "night", "deliver")]


def test_a_life_sign_is_given_at_its_interval_while_nothing_happens() -> None:
    document = linked("host").replace('url = "https://h/"', 'url = "https://h/"\nlife_sign = 10')
    drafts = fold(ScriptedDetector({}, {}), session(document, 35))
    assert actions(drafts) == [(10, "host", "life_sign"), (20, "host", "life_sign"), (30, "host", "life_sign")]


def test_an_alarm_input_raises_an_alarm_once_its_contact_has_settled() -> None:
    facts = Facts()
    events = facts.start(linked("host"))
    for at, closed in ((1.0, True), (1.2, False), (1.3, True), (5.0, False), (5.1, True), (6.0, False)):
        body = AlarmInputChanged(3, closed)
        events.append(facts.fact(body, "device.contacts", int(at * SECOND)))
    events += [facts.fact(SessionEnded("done"), "session", 10 * SECOND)]
    drafts = fold(ScriptedDetector({}, {}), events)
    events_told = [(t, r.parameters["event"]) for (t, _, _), r in told(drafts)]
    assert events_told == [(1.8, "AlarmRaised"), (6.5, "AlarmCleared")]
    assert requests(drafts)[0].parameters["alarm"] == "alarm_input.door#1"
    assert requests(drafts)[0].frame is None


def test_a_lost_network_camera_is_an_exception_until_it_is_back() -> None:
    facts = Facts()
    events = facts.start(linked("host"))
    for at, body in ((1, DeviceOffline("thermal", "silent")), (2, DeviceOffline("thermal", "silent"))):
        events.append(facts.fact(body, "channel.thermal", at * SECOND))
    events.append(facts.fact(DeviceOnline("thermal", {}), "channel.thermal", 4 * SECOND))
    events.append(facts.fact(LoginFailed("root", "192.0.2.9", "wrong password"), "device.web", 5 * SECOND))
    drafts = fold(ScriptedDetector({}, {}), [*events, facts.end()])
    assert [(t, r.parameters["event"], r.parameters["type"]) for (t, _, _), r in told(drafts)] == [
        (1, "ExceptionRaised", "network_disconnected"),
        (4, "ExceptionCleared", "network_disconnected"),
        (5, "ExceptionRaised", "illegal_login"),
    ]
