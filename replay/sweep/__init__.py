"""Many settings over one recording in one pass, with the same outcome as each of them alone."""

from replay.sweep.grid import Axis, GridError, Settings, parse_axis, settings_of_grid
from replay.sweep.result import SweptAlarm, SweptRun
from replay.sweep.sweep import replay_alone, sweep_session

__all__ = [
    "Axis",
    "GridError",
    "Settings",
    "SweptAlarm",
    "SweptRun",
    "parse_axis",
    "replay_alone",
    "settings_of_grid",
    "sweep_session",
]
