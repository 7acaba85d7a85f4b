"""A sweep gives, setting by setting, what a replay of that setting alone gives: every digest, every alarm."""

import msgspec
import pytest

from devices.recordings import open_source
from kernel.events import ClockSet, CommandReceived, ConfigChanged, DeviceOffline, FrameCaptured, FramesLost
from kernel.log.memory import MemoryLog
from kernel.recorder import Recorder
from kernel.site.reader import SiteErrors
from replay.importer import ImportPlan, import_recordings
from replay.sessions import sessions_of
from replay.sweep import SweptRun, parse_axis, replay_alone, settings_of_grid, sweep_session
from replay.sweep.grid import Settings

SITE = """
[[channel]]
id = "thermal"
kind = "thermal"
source = "sim:yard?seed=7"
[[channel]]
id = "optical"
kind = "optical"
source = "sim:yard?seed=7&channel=optical"

[[rule]]
id = "yard"
channel = "thermal"
type = "intrusion"
region = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
duration = 0.5
targets = ["human", "vehicle", "animal", "other"]
single_alarm = false
repeat_interval = 1
linkage = ["siren"]
schedule = "late"

[[rule]]
id = "middle"
like = "yard"
type = "line_crossing"
line = [[0.5, 0.0], [0.5, 1.0]]

[[rule]]
id = "calm"
channel = "optical"
type = "intrusion"
region = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
duration = 0
background_interference_suppression = true
shield = [[[0.0, 0.0], [1.0, 0.0], [1.0, 0.2], [0.0, 0.2]]]
linkage = ["siren"]

[schedules.late]
all = ["12:00-24:00"]

[linkage.siren]
kind = "alarm_output"
number = 1
delay = 2
"""
NOON_NS = 1_772_366_395_000_000_000
"""2026-03-01T11:59:55Z: the schedule arms five seconds into the recording."""


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    """300 frames of the simulated yard on two channels: a walker, and the schedule that arms meanwhile."""
    log = MemoryLog()
    recordings = {
        "thermal": open_source("sim:yard?seed=7", frames=(40, 340)),
        "optical": open_source("sim:yard?seed=7&channel=optical", frames=(40, 80)),
    }
    import_recordings(log, ImportPlan(recordings, SITE, {}, start_ns=NOON_NS))
    return log


def troubled(log: MemoryLog) -> MemoryLog:
    """The same session, in which a camera goes away, frames are lost, settings change and an operator commands."""
    other = MemoryLog()
    recorder = Recorder(other, None)
    for event in log.read():
        recorder.admit(event.time, event.source, event.body, log.payload(event.seq) if _is_frame(event.body) else None)
        if event.fact_no == 150:
            recorder.admit(event.time, "channel.thermal", DeviceOffline("camera", "unplugged"))
        if event.fact_no == 180:
            recorder.admit(event.time, "operator", CommandReceived("restart-vca", (), "somebody"))
            recorder.admit(event.time, "channel.thermal", FramesLost(3, "damaged"))
        if event.fact_no == 220:
            recorder.admit(event.time, "site", ConfigChanged(SITE.replace("duration = 0\n", "duration = 1\n"), "me"))
        if event.fact_no == 300:
            changed = SITE.replace("shield = [[[", 'scene_mode = "distant_view"\nshield = [[[')
            recorder.admit(event.time, "site", ConfigChanged(changed, "me"))
        if event.fact_no == 320:
            recorder.admit(event.time, "clock", ClockSet(-3_600_000_000_000, "set back by hand"))
    return other


def _is_frame(body: object) -> bool:
    return isinstance(body, FrameCaptured)


def held_against_each_alone(log: MemoryLog, runs: list[Settings]) -> list[SweptRun]:
    (session,) = sessions_of(log)
    swept = sweep_session(log, session, runs)
    for run in swept:
        assert run == replay_alone(log, session, run.settings), run.settings
    return swept


def test_each_setting_has_the_outcome_that_it_has_alone(log: MemoryLog) -> None:
    grid = [
        parse_axis("channel.thermal.vca.scene_mode=general,distant_view,leaves_interfered"),
        parse_axis("rule.yard.sensitivity=0..100:50"),
    ]
    swept = held_against_each_alone(log, settings_of_grid(grid))
    assert len({run.outcome for run in swept}) == len(swept), "every setting is digested with its own name"
    assert len({len(run.alarms) for run in swept}) > 1, "the grid must hold settings that differ in their alarms"


def test_settings_of_rules_alone_share_their_tracks_and_differ_in_their_alarms(log: MemoryLog) -> None:
    grid = [parse_axis("rule.yard.duration=0,3"), parse_axis("rule.yard.size_filter.human.min=[0.0,0.0],[0.05,0.2]")]
    swept = held_against_each_alone(log, settings_of_grid(grid))
    assert len({run.alarms for run in swept}) > 2


def test_interference_suppression_and_shields_may_differ_between_runs(log: MemoryLog) -> None:
    shield = "[],[[[0.0,0.5],[1.0,0.5],[1.0,1.0],[0.0,1.0]]]"
    grid = [
        parse_axis("rule.calm.background_interference_suppression=true,false"),
        parse_axis(f"rule.calm.shield={shield}"),
    ]
    held_against_each_alone(log, settings_of_grid(grid))


def test_a_troubled_session_has_the_same_outcome_too(log: MemoryLog) -> None:
    grid = [parse_axis("rule.yard.sensitivity=35,50,85"), parse_axis("rule.calm.sensitivity=0,50")]
    held_against_each_alone(troubled(log), settings_of_grid(grid))


def test_another_site_replaces_the_recorded_one_and_settings_apply_on_top(log: MemoryLog) -> None:
    (session,) = sessions_of(log)
    site = SITE.replace('id = "yard"', 'id = "field"').replace('like = "yard"', 'like = "field"')
    settings = (("rule.field.sensitivity", "80"),)
    (swept,) = sweep_session(log, session, [settings], site)
    assert swept == replay_alone(log, session, settings, site)
    assert swept.alarms and {alarm.rule for alarm in swept.alarms} <= {"field", "middle", "calm"}


def test_a_setting_that_does_not_fit_the_site_is_refused_before_anything_is_folded(log: MemoryLog) -> None:
    (session,) = sessions_of(log)
    with pytest.raises(SiteErrors, match="no rule"):
        sweep_session(log, session, [(("rule.nobody.sensitivity", "50"),)])


def test_a_run_whose_fold_fails_is_given_the_outcome_it_has_alone(
    log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from detectors.rules.rulebook import RuleBook

    judge = RuleBook.judge

    def broken(self: RuleBook, targets: dict[str, tuple[object, ...]], captured_ns: int, armed: object) -> object:
        if len(targets["yard"]) and captured_ns > 9_000_000_000:
            raise ArithmeticError("broken on purpose")
        return judge(self, targets, captured_ns, armed)  # type: ignore[arg-type]

    monkeypatch.setattr(RuleBook, "judge", broken)
    swept = held_against_each_alone(log, settings_of_grid([parse_axis("rule.yard.sensitivity=0,50")]))
    assert msgspec.to_builtins(swept[0]) != msgspec.to_builtins(swept[1])
