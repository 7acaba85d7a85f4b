"""Reading `[[alarm_input]]` and `[exceptions]`."""

from typing import Literal, get_args

from kernel.events import ExceptionName
from kernel.site.checks import Choice, flag, identifier, name, seconds, whole
from kernel.site.fields import Table
from kernel.site.model import ALWAYS, AlarmInput
from kernel.site.names import Names

Contact = Literal["normally_open", "normally_closed"]
CONTACT = Choice[Contact](*get_args(Contact))
MAX_NUMBER = 64
DEBOUNCE_NS = 50_000_000


def read_alarm_inputs(tables: list[Table], names: Names) -> tuple[AlarmInput, ...]:
    inputs: list[AlarmInput] = []
    numbers: dict[int, str] = {}
    for table in tables:
        one = _read_alarm_input(table, names)
        inputs.append(one)
        if one.number and numbers.setdefault(one.number, one.id) != one.id:
            table.error_at("number", f"is that of alarm_input.{numbers[one.number]} already")
    return tuple(inputs)


def _read_alarm_input(table: Table, names: Names) -> AlarmInput:
    id = table.need("id", identifier) or ""
    alarm_input = AlarmInput(
        id=id,
        number=table.need("number", whole(1, MAX_NUMBER)) or 0,
        name=table.take("name", name, id),
        contact=table.take("contact", CONTACT, None) or "normally_open",
        enabled=table.take("enabled", flag, True),
        schedule=table.take("schedule", names.schedule, ALWAYS),
        linkage=table.take("linkage", names.linkage, ()),
        debounce_ns=table.take("debounce", seconds(0, 10), DEBOUNCE_NS),
    )
    table.close()
    return alarm_input


def read_exceptions(table: Table | None, names: Names) -> dict[ExceptionName, tuple[str, ...]]:
    """What each exception sets off; nothing where it is not named."""
    every: tuple[ExceptionName, ...] = get_args(ExceptionName)
    exceptions: dict[ExceptionName, tuple[str, ...]] = dict.fromkeys(every, ())
    if table is None:
        return exceptions
    for exception in every:
        exceptions[exception] = table.take(exception, names.linkage, ())
    table.close()
    return exceptions
