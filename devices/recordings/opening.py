"""Which reader reads a source."""

import os
from pathlib import Path

from devices.recordings.address import Address, check_fps, check_options, parse_address, parse_fps, parse_start
from devices.recordings.cptv_file import CptvRecording
from devices.recordings.image_folder import ImageFolder
from devices.recordings.video_file import VideoFile
from devices.simulator import open_simulation
from kernel.media import MediaError, Recording

Selection = tuple[int | None, int | None]


def open_source(source: str, *, fps: float | None = None, frames: Selection | None = None) -> Recording:
    """Open a recording: a path, `file:PATH?start=ISO&fps=N` or `sim:SCENE?seed=N`.

    Parameters
    ----------
    source : str
        A `.cptv` file, a folder of numbered images, a video file, or a simulated scene.
    fps : float, optional
        Frames a second; wins over `?fps=`. It overrides the times of a video, whose containers are often wrong, and
        is the rate of a folder of images. A `.cptv` file that carries a time a frame keeps it; a scene has its own.
    frames : (int | None, int | None), optional
        Half-open, 0-based selection of the frames. It is applied to shots here. A video has to be decoded from a
        key frame on, so its reader gives all packets and leaves the selection to whoever decodes them.
        `captured_ns` keeps counting from the first frame of the recording, so that `began` stays right.

    Raises
    ------
    MediaError
        Where there is nothing to read or it is of no known kind; the message names the source.
    """
    address = parse_address(source)
    if fps is not None:
        check_fps(source, fps)
    first, last = _check_selection(source, frames)
    if address.scheme == "sim":
        return open_simulation(source, address.target, address.options, first=first, last=last)
    return _open_path(source, address, fps, first, last)


def _open_path(source: str, address: Address, fps: float | None, first: int, last: int | None) -> Recording:
    check_options(source, address.options, ("start", "fps"))
    if fps is None and "fps" in address.options:
        fps = parse_fps(source, address.options["fps"])
    began = parse_start(source, address.options["start"]) if "start" in address.options else None
    path = Path(address.target)
    _check_readable(path)
    if path.is_dir():
        return ImageFolder(path, fps=fps, began=began, first=first, last=last)
    if path.suffix.lower() == ".cptv":
        return CptvRecording(path, fps=fps, began=began, first=first, last=last)
    return VideoFile(path, fps=fps, began=began)


def _check_readable(path: Path) -> None:
    if not path.exists():
        raise MediaError(f"{path}: no such file or folder")
    if path.is_dir():
        if not os.access(path, os.R_OK | os.X_OK):
            raise MediaError(f"{path}: no permission to read this folder")
        return
    if not path.is_file():
        raise MediaError(f"{path}: neither a file nor a folder")
    if not os.access(path, os.R_OK):
        raise MediaError(f"{path}: no permission to read this file")
    if path.stat().st_size == 0:
        raise MediaError(f"{path}: the file is empty")


def _check_selection(source: str, frames: Selection | None) -> tuple[int, int | None]:
    first, last = frames or (None, None)
    first = 0 if first is None else first
    if first < 0 or (last is not None and last <= first):
        shown = f"{first}:{'' if last is None else last}"
        raise MediaError(f"{source}: frames {shown} selects nothing; A:B needs 0 ≤ A < B, counted from 0, B excluded")
    return first, last
