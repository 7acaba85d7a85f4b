"""What a relay or a light is switched by: a line of a GPIO chip, a file that stands for one, or nothing at all."""

from pathlib import Path
from typing import Any, Protocol

FAKE = "fake:"
CONSUMER = "emberline"


class SwitchError(Exception):
    """A switch cannot be used; the message says why."""


class Switch(Protocol):
    """Something that is on or off."""

    def set(self, on: bool) -> None:
        """Raises `SwitchError`."""
        ...


class NoSwitch:
    """Keeps in mind what it was told; for machines without hardware."""

    def __init__(self) -> None:
        self.on = False

    def set(self, on: bool) -> None:
        self.on = on


class FileSwitch:
    """Writes a line `on` or `off` for each change, so that what a line would have done can be seen."""

    def __init__(self, path: Path, line: int) -> None:
        self._path = path
        self._line = line

    def set(self, on: bool) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{self._line} {'on' if on else 'off'}\n")
        except OSError as error:
            raise SwitchError(f"{self._path}: {error.strerror}") from None


class GpioSwitch:
    """A line of a GPIO chip (libgpiod 2), held as an output that begins switched off."""

    def __init__(self, chip: str, line: int) -> None:
        self._chip = chip
        self._line = line
        self._request: Any = None

    def set(self, on: bool) -> None:
        try:
            import gpiod
            from gpiod.line import Direction, Value
        except ImportError:
            raise SwitchError("the package gpiod is not installed: pip install 'emberline[hardware]'") from None
        try:
            if self._request is None:
                off = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value.INACTIVE)
                self._request = gpiod.request_lines(self._chip, {self._line: off}, consumer=CONSUMER)
            self._request.set_value(self._line, Value.ACTIVE if on else Value.INACTIVE)
        except (OSError, ValueError) as error:
            raise SwitchError(f"{self._chip} line {self._line}: {error}") from None


def open_switch(chip: str, line: int) -> Switch:
    """The switch behind `chip` (a device such as /dev/gpiochip0, `fake:FILE`, or empty for none) and its line."""
    if not chip:
        return NoSwitch()
    if chip.startswith(FAKE):
        return FileSwitch(Path(chip.removeprefix(FAKE)), line)
    return GpioSwitch(chip, line)
