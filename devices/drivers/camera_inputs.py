"""The driver of a network camera's own alarm inputs: asks for each of them several times a second."""

import argparse
import time
from collections.abc import Mapping, Sequence

from devices.backoff import Backoff
from devices.camera_contacts import input_is_active
from devices.camera_http import CameraHttp
from devices.camera_words import add_camera_words, camera_address
from devices.driver import Line, run
from devices.drivers.contacts import wiring
from devices.live import FIRST_RETRY_S, LONGEST_RETRY_S, RETRY_WINDOW_S, SourceAway
from devices.wire import ContactChanged, SourceLost, plain_text

ASK_EVERY_S = 0.2


def watch(line: Line, camera: CameraHttp, ports: Mapping[int, int]) -> None:
    """Tell how each input is, and then each change of it. Raises `SourceAway`."""
    known: dict[int, bool] = {}
    while True:
        for number, port in ports.items():
            closed = input_is_active(camera, port)
            if known.get(number) != closed:
                line.answer(ContactChanged(number, closed))
            known[number] = closed
        line.serve()
        _pause(line, ASK_EVERY_S)


def _pause(line: Line, seconds: float) -> None:
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        line.serve(left_s)


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch the inputs that the arguments name. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.camera_inputs", description=__doc__)
    add_camera_words(parser)
    parser.add_argument("inputs", nargs="+", help="NUMBER=PORT: the camera's port of each alarm input")
    given = parser.parse_args(arguments)
    ports = wiring(given.inputs)
    backoff = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S, RETRY_WINDOW_S)

    def talk(line: Line) -> None:
        line.hello({"driver": "camera_inputs", "inputs": " ".join(given.inputs)})
        while True:
            try:
                with CameraHttp(camera_address(given)) as camera:
                    watch(line, camera, ports)
            except SourceAway as away:
                line.answer(SourceLost(plain_text(str(away))))
                _pause(line, max(away.wait_s, backoff.after_end(time.monotonic())))

    return run(talk)


if __name__ == "__main__":
    raise SystemExit(main())
