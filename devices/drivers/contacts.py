"""The driver of contacts at a GPIO chip: tells what each alarm input does, through the kernel's character device."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from devices.driver import Line, run
from devices.wire import ContactChanged

SLICE_S = 0.02


class Lines(Protocol):
    """Where contacts are read. A closed contact pulls its line to ground."""

    def closed(self) -> dict[int, bool]:
        """Whether the contact of each input number is closed now."""
        ...

    def changes(self) -> list[tuple[int, bool]]:
        """What changed since the last call, in order: input number and whether it is closed."""
        ...


class GpioLines:
    """Lines of a GPIO chip with their pull-up on. Raises `OSError` where they cannot be had."""

    def __init__(self, chip: str, offsets: Mapping[int, int]) -> None:
        import gpiod
        from gpiod.line import Bias, Direction, Edge

        self._numbers = {offset: number for number, offset in offsets.items()}
        settings = gpiod.LineSettings(
            direction=Direction.INPUT, bias=Bias.PULL_UP, edge_detection=Edge.BOTH, active_low=True
        )
        config: dict[Iterable[int | str] | int | str, gpiod.LineSettings | None] = {tuple(self._numbers): settings}
        self._request = gpiod.request_lines(chip, config=config, consumer="emberline", event_buffer_size=256)

    def closed(self) -> dict[int, bool]:
        """Whether the contact of each input number is closed now."""
        from gpiod.line import Value

        values = self._request.get_values()
        return {
            self._numbers[offset]: value == Value.ACTIVE for offset, value in zip(self._numbers, values, strict=True)
        }

    def changes(self) -> list[tuple[int, bool]]:
        """What changed since the last call."""
        if not self._request.wait_edge_events(0):
            return []
        events = self._request.read_edge_events()
        return [(self._numbers[e.line_offset], e.event_type == e.Type.RISING_EDGE) for e in events]


def watch(line: Line, lines: Lines) -> None:
    """Tell how each contact is, and then each change of it, until the daemon says Stop."""
    for number, closed in sorted(lines.closed().items()):
        line.answer(ContactChanged(number, closed))
    while True:
        line.serve(SLICE_S)
        for number, closed in lines.changes():
            line.answer(ContactChanged(number, closed))


def wiring(words: Sequence[str]) -> dict[int, int]:
    """`1=17 2=27`: the line of each input number. Raises `ValueError` where a word is none."""
    offsets: dict[int, int] = {}
    for word in words:
        number, _, offset = word.partition("=")
        if not (number.isdigit() and offset.isdigit() and 1 <= int(number) <= 64):
            raise ValueError(f"{word!r}: NUMBER=LINE is needed, with a number from 1 to 64")
        if int(number) in offsets or int(offset) in offsets.values():
            raise ValueError(f"{word!r}: an input number or a line is there twice")
        offsets[int(number)] = int(offset)
    return offsets


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch the contacts that the arguments name. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.contacts", description=__doc__)
    parser.add_argument("chip", help="such as /dev/gpiochip0")
    parser.add_argument("inputs", nargs="+", help="NUMBER=LINE of each alarm input")
    given = parser.parse_args(arguments)

    def talk(line: Line) -> None:
        lines = GpioLines(given.chip, wiring(given.inputs))
        line.hello({"driver": "contacts", "inputs": " ".join(given.inputs)})
        watch(line, lines)

    return run(talk)


if __name__ == "__main__":
    raise SystemExit(main())
