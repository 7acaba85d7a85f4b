"""What a run leaves undone is seen to first by the next: nothing that was asked is lost, nothing stays on."""

from collections.abc import Callable

from kernel import events as e
from kernel.carried import carried_over
from kernel.engine import Engine
from kernel.log.memory import MemoryLog
from kernel.recorder import Recorder
from support.linkage import PIXELS, site
from support.scripted import SECOND, ScriptedDetector


def run(log: MemoryLog, seconds: int, confirm: Callable[[e.ActionRequested], bool], ends: bool = False) -> list[e.Body]:
    """A run of so many frames, a second apart, an alarm at second 2; the conclusions as they were recorded."""
    detector = ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 50)})
    recorder, origin = Recorder(log, Engine(detector)), log.head.time + SECOND
    seen: list[e.Body] = []

    def admit(time: int, source: str, body: e.Body) -> None:
        unit = [event.body for event in recorder.admit(time, source, body, None, PIXELS)]
        seen.extend(unit)
        for asked in [body for body in unit if isinstance(body, e.ActionRequested) and confirm(body)]:
            admit(time, "linkage", e.ActionFinished(asked.output, asked.ordinal))

    carried, _ = carried_over(log)
    admit(origin, "session", e.SessionStarted("run", e.SCHEMA_VERSION, {}, ("thermal",), carried))
    admit(origin, "site", e.ConfigChanged(site(delay='"manual"'), "test"))
    for n in range(seconds):
        admit(origin + n * SECOND, "channel.thermal", e.FrameCaptured(n * SECOND, 4, 4, "gray8", "test", True, 0, ""))
    if ends:
        admit(recorder.time, "session", e.SessionEnded("test"))
    return seen


def actions(seen: list[e.Body]) -> list[tuple[int, str]]:
    return [(body.ordinal, body.command) for body in seen if isinstance(body, e.ActionRequested)]


def test_a_run_that_ended_in_order_leaves_nothing() -> None:
    log = MemoryLog()
    assert actions(run(log, 5, lambda asked: True, ends=True)) == [(1, "on"), (2, "off")]
    assert carried_over(log) == (None, ())
    assert carried_over(MemoryLog()) == (None, ())


def test_an_output_that_a_crash_left_on_is_switched_off_first_under_the_next_number() -> None:
    log = MemoryLog()
    run(log, 5, lambda asked: True)
    carried, again = carried_over(log)
    assert carried == e.Carried(("siren",), {"siren": 1}, ())
    assert again == ()
    seen = run(log, 2, lambda asked: True)
    assert actions(seen) == [(2, "off")]
    assert next(body.reason for body in seen if isinstance(body, e.OutputReleased)) == "restart"
    assert carried_over(log) == (None, ())


def test_what_nobody_confirmed_is_sent_again_under_its_key_until_somebody_does() -> None:
    log = MemoryLog()
    run(log, 5, lambda asked: False)
    for _ in range(2):
        carried, again = carried_over(log)
        assert carried is not None
        assert (again[0].ordinal, again[0].command) == (1, "on")
        assert carried.unconfirmed[0] == e.ActionKey("siren", 1)
        run(log, 1, lambda asked: False)
    recorder = Recorder(log, None)
    recorder.admit(log.head.time, "linkage", e.ActionFinished("siren", 1))
    assert [(action.ordinal, action.command) for action in carried_over(log)[1]] == [(2, "off")]


def test_what_failed_is_not_sent_again() -> None:
    log = MemoryLog()
    run(log, 5, lambda asked: False)
    Recorder(log, None).admit(log.head.time, "linkage", e.ActionFailed("siren", 1, "cut"))
    assert carried_over(log)[1] == ()


def test_the_actions_of_an_import_are_never_sent() -> None:
    log = MemoryLog()
    recorder = Recorder(log, Engine(ScriptedDetector({2: [("yard", 7)]}, {7: range(1, 50)})))
    recorder.admit(0, "session", e.SessionStarted("import", e.SCHEMA_VERSION, {}, ("thermal",)))
    recorder.admit(0, "site", e.ConfigChanged(site(), "test"))
    for n in range(4):
        body = e.FrameCaptured(n * SECOND, 4, 4, "gray8", "test", True, 0, "")
        recorder.admit(n * SECOND, "channel.thermal", body, None, PIXELS)
    assert [event.kind for event in log.read()].count("ActionRequested") == 1
    assert carried_over(log) == (None, ())
