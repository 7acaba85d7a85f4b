"""The driver of alarm outputs without hardware: relays kept in memory, their switching written to a file if wanted."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from devices.driver import ActionError, run_output
from devices.wire import Act

COMMANDS = ("on", "off")


class Relays:
    """What is on. Each switch becomes a line `on NUMBER` or `off NUMBER` of `journal`, if there is one."""

    def __init__(self, journal: Path | None) -> None:
        self._journal = journal
        self.on: set[int] = set()

    def carry_out(self, act: Act) -> None:
        """Switch the relay `parameters["number"]`. Raises `ActionError` where the action is none for a relay."""
        if act.kind != "alarm_output":
            raise ActionError(f"this driver carries out alarm_output, not {act.kind}")
        if act.command not in COMMANDS:
            raise ActionError(f"command {act.command!r}, allowed are {' and '.join(COMMANDS)}")
        number = act.parameters.get("number", "")
        if not (number.isascii() and number.isdigit() and len(number) <= 9):
            raise ActionError(f"output number {number!r}, a whole number is needed")
        self._write(f"{act.command} {int(number)}\n")
        if act.command == "on":
            self.on.add(int(number))
        else:
            self.on.discard(int(number))

    def _write(self, line: str) -> None:
        if self._journal is None:
            return
        try:
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise ActionError(f"{self._journal}: {error.strerror}") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the relays. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.alarm_output", description=__doc__)
    parser.add_argument("--journal", type=Path, help="a file that gets a line for each switch")
    relays = Relays(parser.parse_args(arguments).journal)
    return run_output(relays.carry_out, {"driver": "alarm_output", "actions": "alarm_output"})


if __name__ == "__main__":
    raise SystemExit(main())
