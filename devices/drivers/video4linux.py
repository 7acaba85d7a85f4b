"""The driver of `v4l2:` sources: 16-bit thermal cores (Y16), and grey or compressed pictures of USB cameras."""

import argparse
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from devices.capture_device import FORMATS, OpenDevice
from devices.live import SourceAway, run_live
from devices.wire import MAX_SIDE_PX
from kernel.media import Packet, Shot, Stream


class Wanted(msgspec.Struct, frozen=True):
    """The device, and the rows of telemetry at the end of a frame that are no picture (Lepton and Boson cores)."""

    path: str
    telemetry_rows: int = 0


def frames_of(wanted: Wanted, open_device: OpenDevice) -> Iterator[Shot | Packet]:
    """The frames of the device, in its best format and largest size. Raises `SourceAway`."""
    try:
        with open_device(wanted.path) as capture:
            name, width, height = _chosen(wanted, capture.formats())
            stream = Stream("mjpeg", b"", width, height)
            for taken in capture.frames(name, width, height):
                captured_ns = round(taken.timestamp * 1e9)
                if name == "MJPEG":
                    yield Packet(captured_ns, taken.data, True, stream)
                else:
                    yield Shot(captured_ns, _pixels(wanted, name, width, height, taken.data))
    except OSError as error:
        raise SourceAway(f"{wanted.path}: {error.strerror or error}") from None


def _chosen(wanted: Wanted, offered: dict[str, list[tuple[int, int]]]) -> tuple[str, int, int]:
    for name in FORMATS:
        sizes = [size for size in offered.get(name, []) if max(size) <= MAX_SIDE_PX]
        if sizes:
            width, height = max(sizes, key=lambda size: (size[0] * size[1], size))
            return name, width, height
    known = ", ".join(offered) or "none"
    raise SourceAway(f"{wanted.path}: has the formats {known}; one of {', '.join(FORMATS)} is needed")


def _pixels(wanted: Wanted, name: str, width: int, height: int, data: bytes) -> np.ndarray:
    """(height, width) without telemetry, uint16 or uint8. Raises `SourceAway` where the buffer is short."""
    values, dtype = {"Y16": (1, np.dtype("<u2")), "GREY": (1, np.dtype("u1")), "YUYV": (2, np.dtype("u1"))}[name]
    need = width * height * values * dtype.itemsize
    if len(data) < need:
        raise SourceAway(f"{wanted.path}: a frame of {len(data)} bytes, {width} × {height} {name} has {need}")
    picture = np.frombuffer(data, dtype, width * height * values).reshape(height, width, values)[..., 0]
    return np.ascontiguousarray(picture[: height - wanted.telemetry_rows])


def main(arguments: Sequence[str] | None = None) -> int:
    """Send the frames of the device that the arguments name. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.video4linux", description=__doc__)
    parser.add_argument("device", help="such as /dev/video0")
    parser.add_argument("--telemetry-rows", type=int, default=0, choices=range(0, 9))
    given = parser.parse_args(arguments)

    def connect() -> Iterator[Shot | Packet]:
        from devices.linux_camera import open_linux_camera  # late: it is an extra, and it takes long to load

        return frames_of(Wanted(given.device, given.telemetry_rows), open_linux_camera)

    return run_live(connect, {"driver": "video4linux"})


if __name__ == "__main__":
    raise SystemExit(main())
