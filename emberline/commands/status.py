"""`emberline status LOG`"""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from emberline.console import columns
from emberline.control import ControlClient
from emberline.operation.health import Health, Times


class StatusWanted(msgspec.Struct, frozen=True):
    """The request `status`, which says nothing more."""


def status(
    log: Annotated[Path, typer.Argument(help="The log directory of the running daemon.")],
    json: Annotated[bool, typer.Option("--json", help="The whole account as JSON.")] = False,
) -> None:
    """How the running daemon is: rates, lags, drops, queues, disk, last alarm."""
    with ControlClient(log) as client:
        health = msgspec.json.decode(client.ask("status", StatusWanted()).data, type=Health)
    if json:
        print(msgspec.json.format(msgspec.json.encode(health)).decode())
        return
    print(f"running for {health.uptime_s:.0f} s as process {health.pid}")
    print(*_channels(health), sep="\n")
    print(*_drivers(health), sep="\n")
    print(f"log: event {health.seq}, {health.uncommitted} not yet on disk; {_disk(health)}")
    for name, times in (
        ("frame to decision", health.frame_to_decision),
        ("frame to action", health.frame_to_action),
        ("commit", health.commit),
    ):
        print(f"{name}: {_times(times)}")
    alarm = health.last_alarm
    last = f"; the last is {alarm.rule} #{alarm.ordinal} on {alarm.channel}, event {alarm.seq}" if alarm else ""
    print(f"alarms: {health.alarms}{last}")
    print(f"actions under way: {health.actions_under_way}")


def _channels(health: Health) -> list[str]:
    rows = [
        [
            c.id,
            "online" if c.online else "OFFLINE",
            str(c.frames),
            str(c.lost),
            f"{c.fps:.1f}",
            "-" if c.last_frame_s is None else f"{c.last_frame_s:.1f} s ago",
            str(c.waiting),
        ]
        for c in health.channels
    ]
    header = ["channel", "camera", "frames", "lost", "fps", "last frame", "waiting"]
    return columns(header, rows, frozenset({"frames", "lost", "fps", "last frame", "waiting"}))


def _drivers(health: Health) -> list[str]:
    rows = [
        [
            d.id,
            "online" if d.online else "OFFLINE",
            str(d.starts),
            str(d.malformed),
            *(("-", "-", "-") if d.process is None else _usage(d.process.pid, d.process.cpu_s, d.process.rss_mb)),
        ]
        for d in health.drivers
    ]
    if health.daemon is not None:
        used = health.daemon
        rows.append(["(daemon)", "", "", "", *_usage(used.pid, used.cpu_s, used.rss_mb)])
    header = ["driver", "state", "starts", "refused", "pid", "cpu s", "rss MB"]
    return columns(header, rows, frozenset(header[2:]))


def _usage(pid: int, cpu_s: float, rss_mb: float) -> tuple[str, str, str]:
    return str(pid), f"{cpu_s:.1f}", f"{rss_mb:.0f}"


def _disk(health: Health) -> str:
    return f"disk {health.log_used_percent:.0f} % used, {health.log_free_mb} MB free"


def _times(times: Times | None) -> str:
    if times is None:
        return "not measured yet"
    return f"median {times.median_ms:.1f} ms, p99 {times.p99_ms:.1f} ms, worst {times.worst_ms:.1f} ms"
