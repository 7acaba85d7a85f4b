"""Logs with an alarm in them, and actions that it set off."""

from pathlib import Path

from emberline.__main__ import run
from kernel.events import ActionRequested, AlarmRaised, Event, MediaWanted
from kernel.log.contract import EventLog, Selection
from support.sites import whole_frame

START = "2026-03-01T02:00:00+01:00"


def alarmed(where: Path, source: Path, linkages: str = "", kind: str = "thermal") -> Path:
    """A log of the recording, folded, with civil time; `linkages` are more of the site file."""
    site = where / "site.toml"
    site.write_text('[site]\nname = "North fence"\ntimezone = "Europe/Berlin"\n' + whole_frame(kind=kind) + linkages)
    log = str(where / "log")
    assert (
        run(["import", str(source), "--log", log, "--site", str(site), "--start", START, "--channel", "thermal"]) == 0
    )
    assert run(["replay", log]) == 0
    return where / "log"


def alarm_in(log: EventLog) -> Event:
    """The first alarm."""
    return next(log.read(Selection(kinds=("AlarmRaised",))))


def ask(log: EventLog, output: str, kind: str, media: tuple[MediaWanted, ...]) -> Event:
    """An action that the alarm set off, at the end of the log."""
    cause = alarm_in(log)
    assert isinstance(cause.body, AlarmRaised)
    seq = log.head.seq + 1
    words = {"state": "active", "channel": cause.body.channel, "rule": cause.body.rule, "type": cause.body.type}
    body = ActionRequested(
        output, seq, kind, "deliver", words, cause.seq, (), cause.body.channel, cause.body.frame, media
    )
    event = Event(seq, log.head.fact_no, log.head.time, f"linkage.{output}", "ActionRequested", cause.seq, body)
    (linked,) = log.append([event])
    return linked
