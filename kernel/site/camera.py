"""Where a network camera's HTTP interface is, and what else of a site file refers to it."""

import re

from kernel.site.checks import text
from kernel.site.fields import Table, Value
from kernel.site.linkage_model import AlarmOutput
from kernel.site.model import Channel, Site
from kernel.site.problems import did_you_mean, quote

RADIOMETRIC = "radiometric"
"""The scheme of sources that are snapshots with a temperature for each pixel."""
CAMERA = "camera:"
"""What contacts and outputs at a channel's camera begin with; the channel follows."""
THERMAL_CHANNEL = 2
"""The thermal channel of a camera that has two."""
_ADDRESS = re.compile(r"(https?://[^/?#@\s]+)/?")
_RADIOMETRIC = re.compile(r"radiometric:(https?://[^/?#@\s]+)/?(?:\?channel=([1-9][0-9]?))?")


def http_address(value: Value) -> str:
    """`http://HOST` or `https://HOST`, without a slash at its end."""
    found = _ADDRESS.fullmatch(text()(value))
    if found is None:
        raise value.refuse("must be http://HOST or https://HOST, without a user, a password or a path")
    return found[1]


def radiometric(value: Value) -> str:
    """`radiometric:http://HOST?channel=2`."""
    found = _RADIOMETRIC.fullmatch(text()(value))
    if found is None:
        hint = "user and password_file are keys of their own"
        raise value.refuse("must be radiometric:http://HOST or https://HOST, and perhaps ?channel=2", hint)
    return found[0]


def interface_of(channel: Channel) -> str:
    """The address of the camera's HTTP interface, `http://HOST`; empty where it has none."""
    found = _RADIOMETRIC.fullmatch(channel.source)
    return channel.interface if found is None else found[1]


def thermal_channel_of(channel: Channel) -> int:
    """Which of the camera's channels a `radiometric:` source means."""
    found = _RADIOMETRIC.fullmatch(channel.source)
    return int(found[2]) if found is not None and found[2] else THERMAL_CHANNEL


def check_cameras(site: Site, root: Table) -> None:
    """Note where a contact or an output is said to be at a camera that is not there, or has no interface."""
    settings = root.table("site")
    if settings is not None and site.contacts is not None and site.contacts.chip.startswith(CAMERA):
        _check_camera(site, site.contacts.chip, settings, "contacts")
    linkages = root.table("linkage")
    for linkage in site.linkages:
        chip = linkage.settings.chip if isinstance(linkage.settings, AlarmOutput) else ""
        table = None if linkages is None or not chip.startswith(CAMERA) else linkages.table(linkage.id)
        if table is not None:
            _check_camera(site, chip, table, "chip")


def _check_camera(site: Site, place: str, table: Table, key: str) -> None:
    id = place.removeprefix(CAMERA)
    channel = site.channel(id)
    if channel is None:
        known = [one.id for one in site.channels]
        table.error_at(key, f"there is no channel {quote(id)}", did_you_mean(id, known))
    elif not interface_of(channel):
        where = f'say interface = "http://HOST" in channel.{id}'
        table.error_at(key, f"channel {quote(id)} has no camera with an HTTP interface", where)
