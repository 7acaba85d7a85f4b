"""What a driver needs of a device that captures pictures; `devices/linux_camera.py` is one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

FORMATS = ("Y16", "GREY", "YUYV", "MJPEG")
"""What is taken, the best first."""


class Taken(Protocol):
    """One buffer of the device; `timestamp` is in s by the device's clock."""

    @property
    def data(self) -> bytes: ...

    @property
    def timestamp(self) -> float: ...


class Capture(Protocol):
    """An open device: which formats it has, and its frames in the one that is chosen."""

    def formats(self) -> dict[str, list[tuple[int, int]]]:
        """By the names of `FORMATS`: the sizes (width, height)."""
        ...

    def frames(self, name: str, width: int, height: int) -> Iterator[Taken]:
        """The frames, without end."""
        ...


OpenDevice = Callable[[str], AbstractContextManager[Capture]]
"""Opens a device by its path, such as /dev/video0. Raises `OSError`."""
