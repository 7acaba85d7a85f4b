"""Restore defaults: a site document with the parameters of detection as they are where nobody says otherwise.

Lines, regions, schedules and linkages stay: they are what the site is, not how it is tuned.
"""

from kernel.site.model import Site
from kernel.site.reader import parse_site, set_values

OF_A_CHANNEL = {
    "vca.scene_mode": '"general"',
    "vca.single_alarm": "true",
    "vca.repeat_interval": "5",
    "vca.background_interference_suppression": "false",
}
OF_A_RULE = {
    "sensitivity": "50",
    "targets": '["human", "vehicle"]',
    "scene_mode": '"general"',
    "single_alarm": "true",
    "repeat_interval": "5",
    "background_interference_suppression": "false",
    "size_filter": "{}",
}
OF_INTRUSION = {"duration": "5"}


def with_defaults(document: str) -> str:
    """The document with every parameter that differs from its default set to it, comments kept."""
    site = parse_site(document)[0]
    for path, value in _settings(site):
        changed = set_values(document, [(path, value)])
        if parse_site(changed)[0] != parse_site(document)[0]:
            document = changed
    return document


def _settings(site: Site) -> list[tuple[str, str]]:
    thermal = {c.id for c in site.channels if c.kind == "thermal"}
    settings: list[tuple[str, str]] = []
    for channel in site.channels:
        settings += [(f"channel.{channel.id}.{key}", value) for key, value in OF_A_CHANNEL.items()]
    for rule in site.rules:
        own = OF_A_RULE | (OF_INTRUSION if rule.type == "intrusion" else {})
        settings += [(f"rule.{rule.id}.{key}", value) for key, value in own.items()]
    unknown_on_thermal = "background_interference_suppression"
    on_thermal = [f"channel.{id}.vca.{unknown_on_thermal}" for id in thermal]
    on_thermal += [f"rule.{rule.id}.{unknown_on_thermal}" for rule in site.rules if rule.channel in thermal]
    return [(path, value) for path, value in settings if path not in on_thermal]
