"""The whole of a site file: `parse_site` turns its text into a `Site`, or says everything that is wrong with it."""

from kernel.schedule import zone_names
from kernel.site.camera import check_cameras
from kernel.site.channels import MAX_CHANNELS, read_channels
from kernel.site.checks import name
from kernel.site.document import parse_document
from kernel.site.fields import Notes, Place, Table, Value, ids_of
from kernel.site.inputs import read_alarm_inputs, read_exceptions, wired_contacts
from kernel.site.linkages import read_linkages
from kernel.site.model import Contacts, Site
from kernel.site.names import Names
from kernel.site.problems import SiteError, SiteErrors, SiteWarning, did_you_mean
from kernel.site.recording import read_recording
from kernel.site.rule_inheritance import resolve_rules
from kernel.site.rules import MAX_RULES, read_rules
from kernel.site.schedules import read_schedules


def read_site(text: str) -> Site:
    """The site that a document describes. Raises `SiteErrors` with every mistake in it."""
    return parse_site(text)[0]


def parse_site(text: str) -> tuple[Site, tuple[SiteWarning, ...]]:
    """The site that a document describes, and what in it may not do what was meant.

    Raises `SiteErrors` with every mistake in it.
    """
    notes = Notes(text)
    site = _noted(parse_document(text), notes)
    return site, notes.warnings()


def read_document(document: dict[str, object], text: str) -> Site:
    """The site that a parsed document describes; errors are told with the lines of `text`. Raises `SiteErrors`."""
    return _noted(document, Notes(text))


def _noted(document: dict[str, object], notes: Notes) -> Site:
    try:
        site = _read(Table(document, Place(), notes))
    except RecursionError:
        raise SiteErrors([SiteError("", None, None, "is nested too deeply")]) from None
    notes.raise_errors()
    return site


def _read(root: Table) -> Site:
    channels, rules, inputs = (root.tables(array) for array in ("channel", "rule", "alarm_input"))
    schedules, linkages = root.table("schedules"), root.table("linkage")
    names = Names(
        kinds={id: t.value("kind").raw if "kind" in t else None for t in channels for id in ids_of([t])},
        schedules=[] if schedules is None else schedules.names(),
        linkages=[] if linkages is None else linkages.names(),
    )
    _check_arrays(root, channels, rules, inputs)
    site_name, timezone, contacts = _read_site_table(root.table("site"))
    channel_models = read_channels(channels, names)
    site = Site(
        name=site_name,
        timezone=timezone,
        channels=channel_models,
        rules=resolve_rules(read_rules(rules, names), channel_models, names),
        schedules=read_schedules(schedules),
        linkages=read_linkages(linkages, names),
        alarm_inputs=read_alarm_inputs(inputs, names),
        exceptions=read_exceptions(root.table("exceptions"), names),
        recording=read_recording(root.table("recording"), names),
        contacts=contacts,
    )
    check_cameras(site, root)
    root.close()
    return site


def _check_arrays(root: Table, channels: list[Table], rules: list[Table], inputs: list[Table]) -> None:
    if "channel" not in root:
        root.error("there is no channel", "a site needs at least one [[channel]]")
    for tables, most in ((channels, MAX_CHANNELS), (rules, MAX_RULES)):
        if len(tables) > most:
            tables[most].error(f"there must be at most {most} of these, not {len(tables)}")
    for tables in (channels, rules, inputs):
        _check_ids(tables)


def _check_ids(tables: list[Table]) -> None:
    seen: dict[str, Table] = {}
    for table in tables:
        for id in ids_of([table]):
            if id in seen:
                first = seen[id]
                table.error_at("id", f"is taken already, on line {first.notes.line(first.place.key('id'))}")
            seen.setdefault(id, table)


def _read_site_table(table: Table | None) -> tuple[str, str, Contacts | None]:
    if table is None:
        return "Emberline", "UTC", None
    site_name = table.take("name", name, "Emberline")
    timezone = table.take("timezone", _timezone, "UTC")
    contacts = table.take("contacts", wired_contacts, None)
    table.close()
    return site_name, timezone, contacts


def _timezone(value: Value) -> str:
    if not isinstance(value.raw, str) or value.raw not in zone_names():
        hint = did_you_mean(value.raw, sorted(zone_names())) if isinstance(value.raw, str) else ""
        raise value.refuse('must be an IANA time zone such as "Europe/Berlin"', hint)
    return value.raw
