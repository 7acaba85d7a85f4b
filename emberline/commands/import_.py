"""`emberline import SOURCE --log DIR`"""

from pathlib import Path
from typing import Annotated

import typer

from devices.recordings import open_source
from emberline.civil import read_time
from emberline.console import progress_bar, warn
from emberline.errors import Unusable
from emberline.recognising import make_scout
from emberline.recorded_frames import frame_range
from emberline.sites import LoadedSite, check_document, load_site
from emberline.versions import versions
from emberline.wiring import import_log
from kernel.media import Recording
from kernel.schedule import zone_info
from kernel.site.reader import default_site
from replay.importer import ImportPlan, import_recordings


def import_(
    log: Annotated[Path, typer.Option("--log", help="The log directory; made if it is not there.")],
    source: Annotated[str | None, typer.Argument(help="A .cptv file, a video, or a folder of numbered images.")] = None,
    site: Annotated[Path | None, typer.Option(help="The site file whose rules apply.")] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="The channel's id, or ID=SOURCE for each of several channels.")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second, where the source does not say.")] = None,
    start: Annotated[str | None, typer.Option(help="Civil time of the first frame (ISO 8601).")] = None,
    frames: Annotated[str | None, typer.Option(help="Only frames A up to, not including, B: A:B.")] = None,
) -> None:
    """A recording becomes a session of facts."""
    if fps is not None and not 0 < fps <= 1000:
        raise Unusable(f"--fps {fps}: must be above 0 and at most 1000")
    selected = frame_range(frames)
    loaded = None if site is None else load_site(site)
    named = _sources(source, channel, loaded)
    rates = {} if loaded is None else {channel.id: channel.fps for channel in loaded.site.channels}
    opened_sources = [(id, open_source(where, fps=fps or rates.get(id), frames=selected)) for id, where in named]
    recordings = {id or recording.kind: recording for id, recording in opened_sources}
    if loaded is None:
        loaded = _default(recordings)
    recordings = _in_site_order(recordings, loaded)
    start_ns = None if start is None else read_time(start, zone_info(loaded.site.timezone))
    if start_ns is None and loaded.site.schedules:
        _warn_of_unknown_time(recordings)
    scout = make_scout(loaded.site, Path() if site is None else site.parent)
    plan = ImportPlan(recordings, loaded.document, versions(), start_ns, selected, scout=scout)
    with progress_bar("importing") as tell, import_log(log) as opened:
        imported = import_recordings(opened, plan, tell)
    for id, count in imported.frames.items():
        print(f"{id}: {count} frames imported into {log}")
    if imported.damaged:
        warn(f"{imported.damaged} damaged frames are kept, but will not be analysed")
    print(f"next: emberline replay {log}")


def _sources(source: str | None, channels: list[str] | None, loaded: LoadedSite | None) -> list[tuple[str, str]]:
    """Each channel's id and source; an empty id is for the kind of its pictures to say."""
    several = [c for c in channels or [] if "=" in c]
    if several:
        if source is not None or len(several) != len(channels or []):
            raise Unusable("give either SOURCE with one --channel ID, or a --channel ID=SOURCE for each channel")
        pairs = [(id, where) for id, _, where in (c.partition("=") for c in several)]
        if len({id for id, _ in pairs}) != len(pairs):
            raise Unusable("--channel: each channel can be given one source")
        return pairs
    if source is None:
        raise Unusable("no SOURCE given: a .cptv file, a video, or a folder of numbered images")
    if channels and len(channels) > 1:
        raise Unusable("several --channel need a source each: --channel thermal=A --channel optical=B")
    if channels:
        return [(channels[0], source)]
    if loaded is None:
        return [("", source)]
    ids = [c.id for c in loaded.site.channels]
    if len(ids) > 1:
        raise Unusable(f"the site has several channels: say which this is with --channel {' | '.join(ids)}")
    return [(ids[0], source)]


def _default(recordings: dict[str, Recording]) -> LoadedSite:
    """A site without rules, for facts that will be replayed under other settings."""
    return check_document(default_site([(id, r.kind) for id, r in recordings.items()]), "default site")


def _in_site_order(recordings: dict[str, Recording], loaded: LoadedSite) -> dict[str, Recording]:
    ids = [c.id for c in loaded.site.channels]
    for id in recordings:
        if id not in ids:
            raise Unusable(f"--channel {id}: the site has no such channel; it has {', '.join(ids)}")
    return {id: recordings[id] for id in ids if id in recordings}


def _warn_of_unknown_time(recordings: dict[str, Recording]) -> None:
    began = next((r.began for r in recordings.values() if r.began), None)
    hint = f" (the file says {began})" if began else ""
    warn(f"civil time is unknown without --start{hint}: schedules are ignored, every rule counts as armed")
