"""What a driver that delivers is told: its settings, the site's name, and what may set it off."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from devices.notice import Envelope, Raiser
from devices.process import DriverSpec
from kernel.site.model import Linkage, Site

DRIVER_PREFIX = "linkage."
FROM_THE_START = ("mqtt", "notify")
"""The kinds whose drivers are there for others before the first notice, and so need their settings at once."""


def envelope_of(site: Site, link: Linkage, base: Path) -> Envelope:
    """The settings of an output; `base` is where relative paths in them begin."""
    raisers = [Raiser(rule.id, rule.name, rule.channel) for rule in site.rules if link.id in rule.linkage]
    settings = msgspec.Raw(msgspec.json.encode(link.settings))
    return Envelope(link.kind, str(base), settings, site.name, tuple(raisers))


def delivery_spec(link: Linkage, drivers: Mapping[str, str], settings: Path) -> DriverSpec:
    """The driver of an output, whose settings are in the file `settings`."""
    known = ("--settings", str(settings)) if link.kind in FROM_THE_START else ()
    return DriverSpec(DRIVER_PREFIX + link.id, drivers[link.kind], known)
