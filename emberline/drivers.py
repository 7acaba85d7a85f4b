"""Which driver processes a site needs."""

from devices.process import DriverSpec
from devices.recordings.address import parse_address
from emberline.civil import read_time
from emberline.daemon import OUTPUTS
from emberline.errors import Unusable
from kernel.outputs import ALARM_OUTPUT
from kernel.schedule import zone_info
from kernel.site.model import Channel, Site

PLAYBACK = "devices.drivers.playback"
RELAY = "devices.drivers.alarm_output"
PLAYED = ("file", "sim")
"""The schemes of sources that the playback driver knows."""


def specs_of(site: Site) -> list[DriverSpec]:
    """One driver for each channel, and one for the alarm outputs if there are any.

    Raises `Unusable` for a source that no driver of this version can open.
    """
    specs = [_camera(channel) for channel in site.channels]
    if any(link.kind == ALARM_OUTPUT for link in site.linkages):
        specs.append(DriverSpec(OUTPUTS, RELAY))
    return specs


def _camera(channel: Channel) -> DriverSpec:
    scheme = channel.source.partition(":")[0]
    if scheme not in PLAYED:
        allowed = ", ".join(f"{s}:" for s in PLAYED)
        raise Unusable(f"channel.{channel.id}.source = {channel.source!r}: this version has drivers for {allowed} only")
    rate = () if channel.fps is None else ("--fps", repr(channel.fps))
    return DriverSpec(channel.id, PLAYBACK, (channel.source, *rate))


def known_start_ns(site: Site) -> int | None:
    """The civil time (ns since 1970, UTC) at which the sources say their first frame was taken (`?start=ISO`)."""
    zone = zone_info(site.timezone)
    starts = [parse_address(channel.source).options.get("start") for channel in site.channels]
    return min((read_time(start, zone) for start in starts if start), default=None)
