"""Alarms told to whoever watches the daemon, a line each."""

from pathlib import Path

from rich.markup import escape
from rich.status import Status

from emberline.civil import SECOND_NS, local_text
from emberline.console import out
from emberline.onlooking import RunSummary
from emberline.wording import what_happened
from kernel import events as e
from kernel.schedule import zone_info
from kernel.site.model import Site


class Announcer:
    """Says what happens, in the site's time; in time since the start where civil time is unknown.

    Within its context a line on the terminal tells how far the run has come.
    """

    def __init__(self, site: Site, civil_ns: int | None, head_time: int) -> None:
        self._zone = zone_info(site.timezone)
        self._origin = max(head_time, civil_ns or 0)
        self._offset = None if civil_ns is None else civil_ns - self._origin
        self._status = Status("starting the drivers", console=out, spinner="dots")

    def __enter__(self) -> "Announcer":
        if out.is_terminal:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def tell(self, event: e.Event) -> None:
        """One line for a committed event; none where nobody would want it."""
        if isinstance(event.body, e.DeviceOnline | e.ClockSet | e.ConfigChanged):
            return
        out.print(f"{self._when(event.time)}  {_words(event.body)}")

    def progress(self, summary: RunSummary, time_ns: int) -> None:
        """The line on the terminal."""
        if summary.frames:
            lost = f", {summary.lost} lost" if summary.lost else ""
            self._status.update(f"{self._when(time_ns)}  {summary.frames} frames{lost}")

    def _when(self, time_ns: int) -> str:
        if self._offset is None:
            return f"+{(time_ns - self._origin) / SECOND_NS:8.3f} s"
        return local_text(time_ns + self._offset, self._zone)[:23]

    def sum_up(self, summary: RunSummary, log: Path) -> None:
        """The last words of a run."""
        lost = f", {summary.lost} lost" if summary.lost else ""
        out.print(
            f"{summary.frames} frames{lost}, {summary.alarms} alarm{'s' * (summary.alarms != 1)}, "
            f"{summary.confirmed} of {summary.actions} actions confirmed"
        )
        out.print(f"outcome {summary.outcome}")
        out.print(f"log {log}")


def _words(body: e.Body) -> str:
    match body:
        case e.AlarmRaised():
            name = f"{body.raiser} #{body.ordinal}"
            return f"[bold red]ALARM[/]   {name}: {what_happened(body)}, target {body.target}, on {body.channel}"
        case e.AlarmRepeated():
            return f"[red]alarm[/]   {body.raiser} #{body.ordinal} goes on ({body.count})"
        case e.AlarmCleared():
            return f"[green]clear[/]   {body.raiser} #{body.ordinal}: {body.reason.replace('_', ' ')}"
        case e.OutputActivated():
            return f"[yellow]output[/]  {body.output} on"
        case e.OutputReleased():
            return f"[yellow]output[/]  {body.output} off: {body.reason.replace('_', ' ')}"
        case e.DeviceOffline():
            return f"[yellow]offline[/] {body.driver}: {escape(body.reason)}"
        case e.DeviceFault():
            return f"[yellow]fault[/]   {body.driver}: {escape(body.reason)}"
        case e.FramesLost():
            return f"[yellow]lost[/]    {body.count or 'some'} frames: {escape(body.reason)}"
        case _:
            return type(body).__name__
