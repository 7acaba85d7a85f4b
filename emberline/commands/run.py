"""`emberline run --site SITE --log DIR`"""

import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from detectors.recogniser.errors import ModelError
from detectors.recogniser.onlooker import load_models
from devices.host import DriverHost
from devices.wire import Pace
from emberline.announcer import Announcer
from emberline.console import warn
from emberline.control import ControlSocket
from emberline.daemon import Daemon
from emberline.delivery.courier import Courier
from emberline.drivers import DELIVERIES, is_live, known_start_ns, specs_of
from emberline.errors import Unusable
from emberline.onlooking import RunSummary
from emberline.operation.operation import Operation
from emberline.operation.signals import LeftEarly, Signals
from emberline.operation.structured_log import Onlookers, StructuredLog
from emberline.recognising import Recognising
from emberline.sites import LoadedSite, load_site
from emberline.storekeeper import Storekeeper
from emberline.wiring import make_engine, write_log
from kernel.site.model import Site


class Wanted(msgspec.Struct, frozen=True):
    """What the command line asks for."""

    site: Path
    log: Path
    speed: Pace
    until_end: bool
    metrics: str
    json_log: bool


def run(
    site: Annotated[Path, typer.Option(help="The site file (TOML).")],
    log: Annotated[Path, typer.Option(help="The log directory; made if it is not there.")],
    speed: Annotated[
        Literal["realtime", "max"], typer.Option(help="max: as fast as it goes, by the frames' own time.")
    ] = "realtime",
    until_end: Annotated[bool, typer.Option("--until-end", help="Leave once every source has ended.")] = False,
    metrics: Annotated[
        str, typer.Option(metavar="[ADDRESS:]PORT", help="Serve Prometheus metrics there; by default on loopback only.")
    ] = "",
    json_log: Annotated[bool, typer.Option("--json-log", help="What happens as lines of JSON on stderr.")] = False,
) -> None:
    """The daemon: start the site's drivers, record, detect, act. SIGTERM leaves in order, SIGHUP re-reads the site."""
    wanted = Wanted(site, log, speed, until_end, metrics, json_log)
    loaded = load_site(site)
    _check_pace(loaded.site, speed)
    load_models(loaded.site, site.parent)
    start_ns = known_start_ns(loaded.site) if speed == "max" else None
    if speed == "max" and start_ns is None and loaded.site.schedules:
        warn("civil time is unknown at speed max without ?start=… in the source: every rule counts as armed")
    try:
        summary = _session(wanted, loaded, start_ns)
    except LeftEarly as left:
        warn(f"{left} before the session began")
        return
    if summary.failure is not None:
        raise Unusable(summary.failure)


def _session(wanted: Wanted, loaded: LoadedSite, start_ns: int | None) -> RunSummary:
    """One session, from opening the log to closing it. Raises `LeftEarly` where it does not come to begin."""
    signals = Signals()
    base, log = wanted.site.parent, wanted.log
    with (
        Operation(log, wanted.metrics) as operation,
        write_log(log) as opened,
        Storekeeper(log, opened) as storekeeper,
        ControlSocket(log) as control,
        DriverHost(specs_of(loaded.site, base)) as host,
        Courier(opened, log, base.resolve(), DELIVERIES) as courier,
        Recognising(base.resolve(), wanted.speed) as recognising,
    ):
        _warm_up(loaded.site)
        civil_ns = time.time_ns() if wanted.speed == "realtime" else start_ns
        announcer = Announcer(loaded.site, civil_ns, opened.head.time)
        onlooker = Onlookers(announcer, StructuredLog()) if wanted.json_log else announcer
        watching = (onlooker, operation, courier, storekeeper, recognising)
        daemon = Daemon(loaded.site, opened, make_engine(), host, control, wanted.speed, *watching)
        signals.hand_over(daemon, lambda: _reload(daemon, wanted.site))
        with announcer:
            summary = daemon.run(loaded.document, str(wanted.site.name), civil_ns, wanted.until_end)
    announcer.sum_up(summary, log)
    return summary


def _check_pace(site: Site, speed: Pace) -> None:
    live = [channel.id for channel in site.channels if is_live(channel)]
    if live and speed == "max":
        raise Unusable(f"channel.{live[0]} is a live camera: --speed max is for recordings and the simulator")


def _warm_up(site: Site) -> None:
    """Load the detectors, which takes longest of all, while the drivers start."""
    from emberline.warm_up import warm_up

    warm_up(site)


def _reload(daemon: Daemon, path: Path) -> None:
    """Put the site file in force as it is now; where it has a mistake, nothing changes."""
    try:
        loaded = load_site(path)
        load_models(loaded.site, path.parent)
        specs = specs_of(loaded.site, path.parent)
    except (Unusable, ModelError) as error:
        warn(f"the site file is left as it was in force: {error}")
    else:
        daemon.reconfigure(loaded.site, loaded.document, specs)
