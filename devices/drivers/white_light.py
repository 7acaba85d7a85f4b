"""The driver of `light`: solid or flashing, on a line of a GPIO chip, or without hardware kept in memory.

A GPIO line is on or off, so that brightness is for lights whose driver can dim them.
"""

import argparse
import threading
from collections.abc import Sequence

from devices.driver import ActionError, run_output
from devices.switches import Switch, SwitchError, open_switch
from devices.wire import Act

FLASHES_PER_S = {"low": 1, "medium": 2, "high": 4}


class Light:
    """The light, and the thread that makes it flash."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._leave_off = threading.Event()
        self._flashing: threading.Thread | None = None

    def carry_out(self, act: Act) -> None:
        """Switch the light. Raises `ActionError` where the action is none for a light."""
        if act.kind != "light" or act.command not in ("on", "off"):
            raise ActionError(f"this driver carries out on and off of light, not {act.command!r} of {act.kind}")
        mode, frequency = act.parameters.get("mode", "solid"), act.parameters.get("frequency", "medium")
        if mode not in ("solid", "flashing") or frequency not in FLASHES_PER_S:
            raise ActionError(f"mode {mode!r} with frequency {frequency!r}: no light does that")
        self._stop_flashing()
        try:
            self._switch.set(act.command == "on")
        except SwitchError as error:
            raise ActionError(str(error)) from None
        if act.command == "on" and mode == "flashing":
            self._flash(FLASHES_PER_S[frequency])

    def _flash(self, per_s: int) -> None:
        def run() -> None:
            on = True
            while not self._leave_off.wait(0.5 / per_s):
                on = not on
                try:
                    self._switch.set(on)
                except SwitchError:
                    return

        self._flashing = threading.Thread(target=run, daemon=True)
        self._flashing.start()

    def _stop_flashing(self) -> None:
        if self._flashing is not None:
            self._leave_off.set()
            self._flashing.join()
            self._leave_off.clear()
            self._flashing = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the light. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.white_light", description=__doc__)
    parser.add_argument("--chip", default="", help="the GPIO chip; none keeps the light in memory")
    parser.add_argument("--line", type=int, default=0, help="the line of the chip")
    chosen = parser.parse_args(arguments)
    light = Light(open_switch(chosen.chip, chosen.line))
    return run_output(light.carry_out, {"driver": "light", "actions": "light"})


if __name__ == "__main__":
    raise SystemExit(main())
