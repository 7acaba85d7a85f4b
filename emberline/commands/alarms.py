"""`emberline alarms LOG`"""

import json
from pathlib import Path
from typing import Annotated

import typer

from emberline.alarm_list import Alarm, alarms_of
from emberline.civil import SECOND_NS, Calendar
from emberline.console import columns
from emberline.wiring import read_log
from emberline.wording import what_happened


def alarms(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    since: Annotated[str | None, typer.Option(help="From this time on (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this time (ISO 8601).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON alone on stdout.")] = False,
) -> None:
    """The alarms: local time, rule, target, duration, label."""
    with read_log(log, live_frames=False) as opened:
        calendar = Calendar(opened)
        chosen = [a for a in alarms_of(opened) if calendar.within(a.raised, since, until)]
    if as_json:
        print(json.dumps([a.as_json(calendar) for a in chosen], ensure_ascii=False, indent=1))
    elif not chosen:
        print("no alarms")
    else:
        print(*alarm_lines(chosen, calendar), sep="\n")


def alarm_lines(alarms: list[Alarm], calendar: Calendar) -> list[str]:
    """The alarms as a table, a line each under a header."""
    header = ("seq", "time", "channel", "rule", "what", "target", "duration", "ended by", "label")
    rows = [
        (
            str(alarm.raised.seq),
            calendar.show(alarm.raised),
            alarm.body.channel,
            alarm.body.raiser,
            what_happened(alarm.body),
            alarm.body.target,
            "goes on" if alarm.duration_ns is None else f"{alarm.duration_ns / SECOND_NS:.1f} s",
            alarm.ended_by,
            "" if alarm.review is None else " ".join(filter(None, (alarm.review.label, alarm.review.cause))),
        )
        for alarm in alarms
    ]
    return columns(header, rows, right=frozenset(("seq", "duration")))
