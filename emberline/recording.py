"""The research API: a log's events as polars frames, its pictures as numpy arrays, replay and sweep from Python.

    from emberline import Recording

    with Recording("demo-log") as recording:
        recording.alarms()

Everything here reads; nothing that is done to a `Recording` changes the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from emberline.changed_site import changed_site
from emberline.config_history import config_history
from emberline.errors import Unusable
from emberline.moment import Moment, moment_after
from emberline.research_bar import research_bar
from emberline.swept_table import swept_table
from emberline.wiring import make_engine, read_log
from kernel.engine import recorded_site
from kernel.events import ConfigChanged, Event
from kernel.log.contract import EventLog
from kernel.log.memory import MemoryLog
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Site
from replay.examination import Look, examine
from replay.explanation import Explanation, explain
from replay.frames import frame_pixels
from replay.near_misses import NearMiss, near_misses
from replay.refold import Pixels
from replay.sessions import Session, sessions_of
from replay.sweep import settings_of_grid, sweep_session
from replay.sweep.grid import Axis
from replay.tables import alarms_table, detections_table, events_table, frames_table, tracks_table
from replay.whatif import what_if


class Tables:
    """What a log holds, as polars frames."""

    _log: EventLog

    def alarms(self) -> pl.DataFrame:
        """One row an alarm: rule, target, box, how often it was repeated, when and why it ended."""
        return alarms_table(self._log)

    def detections(self) -> pl.DataFrame:
        """One row for each target in each frame."""
        return detections_table(self._log)

    def tracks(self) -> pl.DataFrame:
        """One row a track: where it began, what it was taken for, how long it lasted."""
        return tracks_table(self._log)

    def frames(self) -> pl.DataFrame:
        """One row a frame, without its pixels."""
        return frames_table(self._log)

    def events(self, kind: str) -> pl.DataFrame:
        """The events of one kind. Raises `KeyError` where there is no such kind."""
        return events_table(self._log, kind)


class Recording(Tables):
    """A log opened for reading. Use it in a `with` statement, or `close` it.

    Frames of polars begin with `seq`, `fact_no`, `session`, `time`, `civil`, `source`, `cause`; `replay/tables.py` says
    what they are. Sessions count from 1; where a method takes a `session`, the first is the default.

    Parameters
    ----------
    path : the log directory.
    progress : whether long work shows a bar; by default on a terminal and in Jupyter.

    Raises
    ------
    LogError where there is no log, or its daemon is still writing it.
    """

    def __init__(self, path: str | Path, progress: bool | None = None) -> None:
        self.path = Path(path)
        self._progress = progress
        self._open = ExitStack()
        self._log: EventLog = self._open.enter_context(read_log(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the log. Allowed twice."""
        self._open.close()

    def __repr__(self) -> str:
        return f"Recording({self.path.name!r}, {self._log.head.seq} events, {len(self.sessions)} sessions)"

    @property
    def log(self) -> EventLog:
        """The log itself, for what is not here."""
        return self._log

    @property
    def sessions(self) -> list[Session]:
        """The runs and imports that the log holds."""
        return sessions_of(self._log)

    def site(self, session: int = 1) -> Site:
        """The configuration with which the session ended."""
        bodies = [e.body for e in self._log.read(self._session(session).all()) if isinstance(e.body, ConfigChanged)]
        if not bodies:
            raise Unusable(f"session {session} has no configuration")
        return recorded_site(bodies[-1].document)

    # Tables

    def config_history(self) -> pl.DataFrame:
        """One row a setting that changed: `path` as in the site file, `before` and `after` as JSON, `who`."""
        return config_history(self._log)

    # Pictures

    def frame(self, seq: int) -> np.ndarray:
        """The pixels of the FrameCaptured with this seq: (height, width), uint8 or uint16, read-only.

        Raises `KeyError` where it is no frame, `FramesMissing` where it has expired.
        """
        return frame_pixels(self._log, seq)

    def pixels(self, channel: str | None = None, session: int = 1) -> Iterator[tuple[Event, np.ndarray]]:
        """The session's frames in order, each with its event; damaged ones are left out.

        Without `channel` those of all channels. Much faster than `frame` for one after the other.
        """
        chosen = self._session(session)
        decoded = Pixels(self._log, chosen)
        for fact in self._log.read(chosen.facts()):
            picture = decoded.of(fact)
            if picture is not None and channel in (None, fact.source.removeprefix(CHANNEL_SOURCE)):
                yield fact, picture

    # Understanding

    def explain(self, seq: int) -> Explanation:
        """Why the event with this seq came about, with every gate's margin. Raises `KeyError` where there is none."""
        with research_bar("replaying", self._progress) as tell:
            return explain(self._log, seq, tell)

    def near_misses(self, session: int = 1, settings: Mapping[str, object] | None = None) -> list[NearMiss]:
        """What almost alarmed, and what stopped it; under other `settings` if given."""
        read_site = changed_site(None, _settings(settings or {}))
        with research_bar("replaying", self._progress) as tell:
            return near_misses(self._log, self._session(session), tell, read_site)

    def inside(
        self, channel: str | None = None, session: int = 1, settings: Mapping[str, object] | None = None
    ) -> Iterator[tuple[Event, Look]]:
        """Fold the session again and look on: for each frame its score map, background, traces and verdicts."""
        read_site = changed_site(None, _settings(settings or {}))
        for examined in examine(self._log, self._session(session), read_site=read_site, with_maps=True):
            if examined.look is not None and channel in (None, examined.look.channel):
                yield examined.fact, examined.look

    def state(self, seq: int) -> Moment:
        """All that the fold remembers right after the fact that the event with this seq belongs to."""
        with research_bar("replaying", self._progress) as tell:
            return moment_after(self._log, seq, tell)

    # Trying other settings

    def replay(self, settings: Mapping[str, object] | None = None, session: int = 1) -> "Replayed":
        """Fold the session again, with `settings` such as `{"rule.gate.sensitivity": 60}` on top of what is recorded.

        Raises `Unusable` where a setting does not fit the site.
        """
        engine = make_engine(changed_site(None, _settings(settings or {})))
        log = MemoryLog()
        with research_bar("replaying", self._progress) as tell:
            outcome = what_if(self._log, self._session(session), engine, log, tell)
        return Replayed(log, outcome)

    def sweep(self, grid: Mapping[str, Sequence[object]], session: int = 1) -> pl.DataFrame:
        """Fold the session under every combination of the settings in one pass.

        One row an alarm under one setting, and one with null from `rule` on for a setting without alarms. A column for
        each path of the grid; `session_s` is the time since the session began. Raises `SiteErrors`, `GridError`.
        """
        runs = settings_of_grid([Axis(path, tuple(map(_toml, values))) for path, values in grid.items()])
        with research_bar(f"sweeping {len(runs)} settings", self._progress) as tell:
            swept = sweep_session(self._log, self._session(session), runs, None, tell)
        return swept_table(swept)

    def _session(self, number: int) -> Session:
        sessions = self.sessions
        if not 1 <= number <= len(sessions):
            raise Unusable(f"session {number}: the log has {len(sessions)}, counted from 1")
        return sessions[number - 1]


class Replayed(Tables):
    """What a replay under other settings came to; `outcome` is its digest."""

    def __init__(self, log: EventLog, outcome: str) -> None:
        self._log, self.outcome = log, outcome


def _settings(settings: Mapping[str, object]) -> list[str]:
    return [f"{path}={_toml(value)}" for path, value in settings.items()]


def _toml(value: object) -> str:
    """A Python value as a site file has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return "[" + ", ".join(f'"{v}"' if isinstance(v, str) else _toml(v) for v in value) + "]"
    return str(value)
