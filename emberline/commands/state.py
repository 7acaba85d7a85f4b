"""`emberline state LOG at T`"""

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from emberline.civil import Calendar, read_time
from emberline.console import progress_bar
from emberline.errors import Unusable
from emberline.moment import Moment, moment_after
from emberline.wiring import read_log
from kernel.log.contract import EventLog, Selection


def state(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    at: Annotated[str, typer.Argument(metavar="at", help="The word `at`.")],
    moment: Annotated[str, typer.Argument(help="A seq, or a time (ISO 8601, local to the site).")],
) -> None:
    """What was remembered at that moment, as JSON: arming, alarms, outputs, timers; folded anew from the log."""
    if at != "at":
        raise Unusable(f"state {at}: write `at T`, where T is a time or a seq")
    with read_log(log) as opened:
        seq = _seq_at(opened, moment)
        with progress_bar("replaying") as tell:
            found = moment_after(opened, seq, tell)
        print(json.dumps(_as_json(found, Calendar(opened)), ensure_ascii=False, indent=2))


def _seq_at(log: EventLog, moment: str) -> int:
    """The seq of the last event at a moment. Raises `Unusable` where the log has none."""
    if moment.isascii() and moment.isdigit():
        if not 1 <= int(moment) <= log.head.seq:
            raise Unusable(f"{moment}: the log holds events 1 to {log.head.seq}")
        if next(log.read(Selection(first=int(moment), last=int(moment))), None) is None:
            raise Unusable(f"{moment}: this event is not in the log any more")
        return int(moment)
    calendar = Calendar(log)
    wanted, last, known = read_time(moment, calendar.zone), None, False
    for fact in log.read(Selection(facts_only=True)):
        civil = calendar.civil_ns(fact)
        known = known or civil is not None
        if civil is not None and civil <= wanted:
            last = fact.seq
    if last is None:
        reason = "the log begins later" if known else "this log knows no civil time; name a seq"
        raise Unusable(f"{moment}: {reason}")
    return last


def _as_json(found: Moment, calendar: Calendar) -> dict[str, Any]:
    """What the detectors remember (background, tracks) is too much to print: `sha256` covers it."""
    fold = found.fold
    return {
        "seq": found.fact.seq,
        "fact_no": found.fact.fact_no,
        "time": found.fact.time,
        "local": calendar.show(found.fact),
        "sha256": found.sha256,
        "frames": fold.frames,
        "quarantined": fold.quarantined,
        "linkage": msgspec.to_builtins(fold.linkage, str_keys=True),
        "timers": msgspec.to_builtins(fold.timers),
    }
