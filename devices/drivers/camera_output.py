"""The driver of an alarm output at a network camera."""

import argparse
import time
from collections.abc import Sequence

from devices.camera_contacts import set_output
from devices.camera_http import CameraAddress, CameraHttp
from devices.camera_words import add_camera_words, camera_address
from devices.driver import ActionError, run_output
from devices.live import SourceAway
from devices.relay_actions import asked_of_relay
from devices.wire import Act

TRY_FOR_S = 4.0
"""A camera that cannot be reached is tried again for so long; with the last try's own limit that is within the 10 s
that an action has."""
AGAIN_AFTER_S = 0.5


def switch(address: CameraAddress, port: int, on: bool) -> None:
    """Switch the output, trying again where the camera cannot be reached. Raises `SourceAway`."""
    until_s = time.monotonic() + TRY_FOR_S
    while True:
        try:
            with CameraHttp(address) as camera:
                set_output(camera, port, on)
            return
        except SourceAway as away:
            if away.wait_s or time.monotonic() >= until_s:
                raise
        time.sleep(AGAIN_AFTER_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the output. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.camera_output", description=__doc__)
    add_camera_words(parser)
    address = camera_address(parser.parse_args(arguments))

    def carry_out(act: Act) -> None:
        number, on = asked_of_relay(act)
        try:
            switch(address, number, on)
        except SourceAway as away:
            raise ActionError(str(away)) from None

    return run_output(carry_out, {"driver": "camera_output", "actions": "alarm_output"})


if __name__ == "__main__":
    raise SystemExit(main())
