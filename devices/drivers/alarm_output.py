"""The driver of alarm outputs: relays on the lines of GPIO chips, or without hardware kept in memory.

Each switch becomes a line of the journal, if there is one.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from devices.driver import ActionError, run_output
from devices.relay_actions import asked_of_relay
from devices.switches import NoSwitch, Switch, SwitchError, open_switch
from devices.wire import Act


class Relays:
    """What is on. Each switch becomes a line `on NUMBER` or `off NUMBER` of `journal`, if there is one.

    `chips` maps the numbers that are lines of a GPIO chip to that chip.
    """

    def __init__(self, journal: Path | None, chips: Mapping[int, str] = {}) -> None:
        self._journal = journal
        self._switches: dict[int, Switch] = {number: open_switch(chip, number) for number, chip in chips.items()}
        self.on: set[int] = set()

    def carry_out(self, act: Act) -> None:
        """Switch the relay `parameters["number"]`. Raises `ActionError` where the action is none for a relay."""
        number, on = asked_of_relay(act)
        self._write(f"{act.command} {number}\n")
        self._switch(number, on)

    def _switch(self, number: int, on: bool) -> None:
        try:
            self._switches.get(number, NoSwitch()).set(on)
        except SwitchError as error:
            raise ActionError(str(error)) from None
        (self.on.add if on else self.on.discard)(number)

    def _write(self, line: str) -> None:
        if self._journal is None:
            return
        try:
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise ActionError(f"{self._journal}: {error.strerror}") from None


def _numbered_chip(text: str) -> tuple[int, str]:
    number, _, chip = text.partition("=")
    return int(number), chip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the relays. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.alarm_output", description=__doc__)
    parser.add_argument("--journal", type=Path, help="a file that gets a line for each switch")
    parser.add_argument("--relay", type=_numbered_chip, action="append", default=[], help="NUMBER=CHIP: a GPIO line")
    chosen = parser.parse_args(arguments)
    relays = Relays(chosen.journal, dict(chosen.relay))
    return run_output(relays.carry_out, {"driver": "alarm_output", "actions": "alarm_output"})


if __name__ == "__main__":
    raise SystemExit(main())
