"""`make demo`: the main job on the built-in simulated site, from drivers to alarms to exact replay."""

import shutil
import sys
from pathlib import Path

import typer

from emberline.__main__ import answered
from emberline.alarm_list import Alarm, alarms_of
from emberline.alarm_picture import alarm_picture
from emberline.commands.replay import replay
from emberline.commands.run import run
from emberline.console import out
from emberline.errors import Unusable
from emberline.wiring import read_log

SITE = Path(__file__).resolve().parent.parent / "datasets" / "sites" / "demo.toml"
LEDGER = "ledger.jsonl"


def demo(log: Path) -> None:
    """Run the simulated site into `log`, show an alarm, replay it, and say what to try next."""
    _make_room(log)
    out.print(f"[bold]Emberline demo[/]: a simulated yard, recorded into {log}\n")
    run(site=SITE, log=log, speed="max", until_end=True)
    picture = log.with_suffix(".alarm.png")
    alarm = _first_alarm(log)
    with read_log(log) as opened:
        alarm_picture(opened, alarm.raised.seq).save(picture)
    out.print(f"picture of the first alarm: {picture}\n")
    replay(log=log, verify=True)
    out.print("\n[bold]Try next:[/]")
    out.print(f"  .venv/bin/emberline alarms {log}")
    out.print(f'  .venv/bin/emberline replay {log} --set \'rule.touchy.targets=["human", "vehicle"]\'', markup=False)
    out.print(f"  .venv/bin/emberline explain {log} --near-misses")


def _make_room(log: Path) -> None:
    """Remove an earlier demo's log, and nothing else."""
    if not log.exists():
        return
    if not (log / LEDGER).is_file():
        raise Unusable(f"{log} is there and is no log of an earlier demo; name another: make demo DEMO_LOG=…")
    shutil.rmtree(log)


def _first_alarm(log: Path) -> Alarm:
    with read_log(log) as opened:
        alarm = next(alarms_of(opened), None)
    if alarm is None:
        raise Unusable("the demo raised no alarm: something is wrong with this installation")
    return alarm


if __name__ == "__main__":
    sys.exit(answered(lambda: typer.run(demo)))
