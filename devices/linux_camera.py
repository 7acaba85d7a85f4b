"""A Video4Linux device through linuxpy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from linuxpy.video.device import BufferType, Device, PixelFormat, VideoCapture

from devices.capture_device import Capture, Taken

NAMES = {
    PixelFormat.Y16: "Y16",
    PixelFormat.GREY: "GREY",
    PixelFormat.YUYV: "YUYV",
    PixelFormat.MJPEG: "MJPEG",
    PixelFormat.JPEG: "MJPEG",
}
BUFFERS = 4


class _LinuxCamera:
    """An open device."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._codes: dict[str, PixelFormat] = {}

    def formats(self) -> dict[str, list[tuple[int, int]]]:
        """By name: the sizes (width, height)."""
        found: dict[str, list[tuple[int, int]]] = {}
        info = self._device.info
        assert info is not None  # it is open
        for offered in info.formats:
            name = NAMES.get(offered.pixel_format)
            if name is not None:
                self._codes.setdefault(name, offered.pixel_format)
                sizes = info.format_frame_sizes(offered.pixel_format)
                found.setdefault(name, []).extend(_largest(size.info) for size in sizes)
        return found

    def frames(self, name: str, width: int, height: int) -> Iterator[Taken]:
        """The frames, without end."""
        capture = VideoCapture(self._device, size=BUFFERS)
        code = cast(str, self._codes[name])  # a number does as well as four letters
        self._device.set_format(BufferType.VIDEO_CAPTURE, width, height, code)
        with capture:
            yield from capture


def _largest(size: Any) -> tuple[int, int]:
    """Of a discrete size itself, of a range its upper end."""
    if hasattr(size, "max_width"):
        return size.max_width, size.max_height
    return size.width, size.height


@contextmanager
def open_linux_camera(path: str) -> Iterator[Capture]:
    """Open a device such as /dev/video0. Raises `OSError`."""
    with Device(path) as device:
        yield _LinuxCamera(device)
