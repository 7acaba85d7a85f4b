"""`emberline try SOURCE --site SITE`"""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from devices.recordings import open_source
from devices.recordings.address import parse_address
from emberline.civil import read_time
from emberline.commands.alarms import alarms
from emberline.console import warn
from emberline.errors import Unusable
from emberline.first_try import LOG, SHEET, Tried, fold, make_room, make_sheet
from emberline.picture_file import save_picture
from emberline.recognising import make_scout
from emberline.sites import LoadedSite, load_site
from emberline.versions import versions
from kernel.media import Recording
from kernel.schedule import zone_info
from kernel.site.model import Channel, Rule
from replay.importer import ImportPlan


def try_(
    source: Annotated[str, typer.Argument(help="A .cptv file, a video, a folder of numbered images, or sim:SCENE.")],
    site: Annotated[Path, typer.Option(help="The site file whose rules apply.")],
    output: Annotated[Path, typer.Option("--out", help="The folder for log and sheet.")] = Path("emberline-try"),
    channel: Annotated[str | None, typer.Option(help="Which channel of the site this is, if it has several.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second, if the site file does not say it right.")] = None,
    start: Annotated[str | None, typer.Option(help="Civil time of the first frame (ISO 8601).")] = None,
    most: Annotated[int, typer.Option(help="How many alarms the sheet shows at most.")] = 12,
) -> None:
    """A recording under a site's rules: its alarms, and one picture of them all."""
    if not 1 <= most <= 100:
        raise Unusable(f"--most {most}: must be from 1 to 100")
    loaded = load_site(site)
    chosen = _channel(loaded, channel)
    recording = open_source(source, fps=fps if fps is not None else chosen.fps)
    start_ns = None if start is None else read_time(start, zone_info(loaded.site.timezone))
    if start_ns is None and loaded.site.schedules:
        _warn_of_unknown_time(recording)
    make_room(output, f"emberline try {source} --site {site}")
    scout = make_scout(loaded.site, site.parent)
    fold(output, ImportPlan({chosen.id: recording}, loaded.document, versions(), start_ns, scout=scout))
    sheet, tried = make_sheet(output, loaded.site, chosen, _name(source), most)
    save_picture(sheet, output / SHEET)
    alarms(log=output / LOG)
    print(f"\npicture: {output / SHEET}")
    _say_next(tried, loaded, chosen, output / LOG)


def _channel(loaded: LoadedSite, id: str | None) -> Channel:
    ids = [c.id for c in loaded.site.channels]
    if id is None and len(ids) > 1:
        raise Unusable(f"the site has several channels: say which this is with --channel {' | '.join(ids)}")
    chosen = loaded.site.channels[0] if id is None else loaded.site.channel(id)
    if chosen is None:
        raise Unusable(f"--channel {id}: the site has no such channel; it has {', '.join(ids)}")
    return chosen


def _warn_of_unknown_time(recording: Recording) -> None:
    hint = f" (the file says {recording.began})" if recording.began else ""
    warn(f"civil time is unknown without --start{hint}: schedules are ignored, every rule counts as armed")


def _name(source: str) -> str:
    """What people call the source: its last part, or two where that is a folder."""
    address = parse_address(source)
    path = Path(address.target).absolute()
    if address.scheme != "file":
        return source
    return f"{path.parent.name}/{path.name}" if path.is_dir() else path.name


def _say_next(tried: Tried, loaded: LoadedSite, channel: Channel, log: Path) -> None:
    """What to type now."""
    rule = next((r for r in loaded.site.rules_of(channel.id) if r.enabled), None)
    folder = shlex.quote(str(log))
    if rule is None:
        print(f"the site has no enabled rule on channel {channel.id}: without one nothing raises an alarm")
        return
    if tried.alarms:
        print("next:")
        print(f"  emberline snapshot {folder} {tried.alarms[0]} --out alarm.png")
        print(f"  emberline replay {folder} --set rule.{rule.id}.sensitivity={max(1, rule.sensitivity - 20)}")
        print(f"  emberline replay {folder} --verify")
        return
    if tried.needed is None:
        print("nothing stood out from the background, even at sensitivity 100")
        return
    print("the picture shows what came closest; if that should raise an alarm, next:")
    print(f"  emberline replay {folder} --set {shlex.quote(_remedy(tried, rule))}")


def _remedy(tried: Tried, rule: Rule) -> str:
    """The setting that would most likely turn what came closest into an alarm."""
    if tried.ignored:
        targets = ", ".join(f'"{t}"' for t in sorted({*rule.targets, *tried.ignored}))
        return f"rule.{rule.id}.targets=[{targets}]"
    needed = tried.needed or 0
    enough = needed if needed > rule.sensitivity else rule.sensitivity + 20
    return f"rule.{rule.id}.sensitivity={min(100, -(-enough // 5) * 5)}"
