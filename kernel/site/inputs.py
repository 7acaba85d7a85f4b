"""Reading `[[alarm_input]]` and `[exceptions]`."""

import re
from typing import Literal, get_args

from kernel.events import ExceptionName
from kernel.site.checks import Choice, flag, identifier, name, seconds, text, whole
from kernel.site.fields import Table, Value
from kernel.site.model import ALWAYS, AlarmInput, Contacts
from kernel.site.names import Names

Contact = Literal["normally_open", "normally_closed"]
CONTACT = Choice[Contact](*get_args(Contact))
MAX_NUMBER = 64
DEBOUNCE_NS = 50_000_000


_WIRED = re.compile(
    r"(?:gpio:(?=/)|(?=camera:))(/dev/[A-Za-z0-9_-]{1,64}|camera:[A-Za-z0-9_-]{1,32})\?([0-9=&]{3,1000})"
)


def wired_contacts(value: Value) -> Contacts:
    """`gpio:/dev/gpiochip0?1=17&2=27` or `camera:CHANNEL?1=1`: where the inputs are, and the line of each number."""
    found = _WIRED.fullmatch(text()(value))
    pairs = [pair.split("=") for pair in found[2].split("&")] if found else []
    lines = tuple((int(pair[0]), int(pair[1])) for pair in pairs if len(pair) == 2 and all(pair))
    numbers, offsets = {number for number, _ in lines}, {offset for _, offset in lines}
    distinct = len(numbers) == len(offsets) == len(pairs) > 0
    if found is None or not distinct or not all(1 <= number <= MAX_NUMBER for number in numbers):
        raise value.refuse(
            "must be a GPIO chip and the line of each input, such as gpio:/dev/gpiochip0?1=17&2=27, or a channel and"
            " its camera's inputs, such as camera:thermal?1=1"
        )
    return Contacts(found[1], lines)


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
