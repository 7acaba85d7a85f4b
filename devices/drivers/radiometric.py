"""The driver of `radiometric:` sources: a network thermal camera's snapshots with a temperature for each pixel."""

import argparse
import time
from collections.abc import Iterator, Sequence

from devices.camera_http import CameraHttp
from devices.camera_words import add_camera_words, camera_address
from devices.live import run_live
from devices.radiometric import MAX_BYTES, path_of, shot_of
from kernel.media import Packet, Shot


def snapshots(camera: CameraHttp, channel: int, fps: float) -> Iterator[Shot | Packet]:
    """Snapshot after snapshot, `fps` a second where the camera is that fast. Raises `SourceAway`."""
    due_s = time.monotonic()
    while True:
        answer = camera.get(path_of(channel), MAX_BYTES)
        yield shot_of(answer, time.monotonic_ns())
        due_s = max(due_s + 1 / fps, time.monotonic())
        time.sleep(max(0.0, due_s - time.monotonic()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Send the snapshots of the camera that the arguments name. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.radiometric", description=__doc__)
    add_camera_words(parser)
    parser.add_argument("--channel", type=int, default=2, help="the camera's thermal channel")
    parser.add_argument("--fps", type=float, default=5.0, help="snapshots a second")
    given = parser.parse_args(arguments)

    def connect() -> Iterator[Shot | Packet]:
        # made anew for each connection, so that a changed password is taken up
        with CameraHttp(camera_address(given)) as camera:
            yield from snapshots(camera, given.channel, given.fps)

    return run_live(connect, {"driver": "radiometric"})


if __name__ == "__main__":
    raise SystemExit(main())
