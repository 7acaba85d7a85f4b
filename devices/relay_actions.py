"""What an action asks of a relay."""

from devices.driver import ActionError
from devices.wire import Act

COMMANDS = ("on", "off")


def asked_of_relay(act: Act) -> tuple[int, bool]:
    """The relay's number and whether it is to be on. Raises `ActionError` where the action is none for a relay."""
    if act.kind != "alarm_output":
        raise ActionError(f"this driver carries out alarm_output, not {act.kind}")
    if act.command not in COMMANDS:
        raise ActionError(f"command {act.command!r}, allowed are {' and '.join(COMMANDS)}")
    number = act.parameters.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise ActionError(f"output number {number!r}, a whole number is needed")
    return int(number), act.command == "on"
