"""Reading `[linkage.*]`, by the table of kinds."""

from typing import Any

from kernel.site.checks import Choice, name, seconds, whole
from kernel.site.fields import Table, Value, as_table, is_id
from kernel.site.linkage_kinds import NEEDED, Kind, linkage_kinds
from kernel.site.linkage_model import Audible
from kernel.site.model import ALWAYS, Linkage
from kernel.site.names import Names
from kernel.site.vca import SECOND_NS

ALARM_OUTPUT = "alarm_output"
MAX_NUMBER = 64
MAX_SOUNDS = 6
NO_SECRETS = "the event log keeps the site file, so a secret goes into a file of its own: use password_file"


def read_linkages(table: Table | None, names: Names) -> tuple[Linkage, ...]:
    """The linkages in the order of the file."""
    linkages: list[Linkage] = []
    sounds: set[str] = set()
    numbers: dict[int, str] = {}
    kinds = linkage_kinds(names)
    for id in [] if table is None else table.names():
        assert table is not None
        if not is_id(id):
            table.error_at(id, "the id must be 1 to 32 letters, digits, '_' or '-'")
        one = table.take(id, as_table, None)
        linkage = None if one is None else _read_linkage(id, one, names, kinds)
        if one is None or linkage is None:
            continue
        linkages.append(linkage)
        if isinstance(linkage.settings, Audible) and linkage.settings.file:
            sounds.add(linkage.settings.file)
            if len(sounds) > MAX_SOUNDS:
                one.error_at("file", f"a site has at most {MAX_SOUNDS} sound files of its own")
        if linkage.number is not None and numbers.setdefault(linkage.number, id) != id:
            one.warn(f"switches the same output as linkage.{numbers[linkage.number]}", "number")
    return tuple(linkages)


def _read_linkage(id: str, table: Table, names: Names, kinds: dict[str, Kind]) -> Linkage | None:
    kind = table.need("kind", Choice[str](*kinds))
    if kind is None:
        return None  # its other keys mean nothing as long as this one is not known
    number: int | None = None
    delay_ns: int | None = None
    if kind == ALARM_OUTPUT:
        number = table.need("number", whole(1, MAX_NUMBER))
        delay_ns = table.take("delay", _delay, 5 * SECOND_NS)
    values = _read_settings(table, kinds[kind])
    linkage = Linkage(
        id=id,
        kind=kind,
        schedule=table.take("schedule", names.schedule, ALWAYS),
        number=number,
        delay_ns=delay_ns,
        name=table.take("name", name, id),
        settings=kinds[kind].settings(**values),
    )
    table.close({"password": NO_SECRETS})
    return linkage


def _read_settings(table: Table, kind: Kind) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name_, key in kind.keys.items():
        needed = key.default is NEEDED
        value = table.need(name_, key.check) if needed else table.take(name_, key.check, key.default)
        values[key.field or name_] = value
    if kind.settle is not None:
        kind.settle(table, values)
    return values


def _delay(value: Value) -> int | None:
    """Seconds, or "manual" for until cleared."""
    if value.raw == "manual":
        return None
    if isinstance(value.raw, str):
        raise value.refuse('must be a number of seconds from 0 to 3600, or "manual"')
    return seconds(0, 3600)(value)
