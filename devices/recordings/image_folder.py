"""A folder of numbered images: PNG, JPEG, BMP or TIFF, in the order of the last number in their names."""

import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from kernel.media import MediaError, Shot

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
LARGEST_SIDE = 4096
THERMAL_FPS = 9.0
OPTICAL_FPS = 25.0
_LAST_NUMBER = re.compile(r"(\d+)(?!.*\d)")


class ImageFolder:
    """A folder of numbered images as a `Recording` of shots.

    Frames follow each other at `fps`; without it at 9 a second where the pictures have 16 bits, else at 25. A gap in
    the numbers is no gap in time: sequences are often thinned out or start anywhere. Images without a number, hidden
    files and other files are ignored; two images of the same number are an error.
    """

    began: str | None

    def __init__(
        self, path: Path, *, fps: float | None = None, began: str | None = None, first: int = 0, last: int | None = None
    ) -> None:
        """List the folder and look at its first image. Raises `MediaError`."""
        self._folder, self._names = path, _numbered(path)
        first_image = load_image(path / self._names[0])
        thermal = first_image.dtype == np.uint16
        self.kind: Literal["thermal", "optical"] = "thermal" if thermal else "optical"
        self.began = began
        self._shape, self._dtype = first_image.shape, first_image.dtype
        self._fps = fps or (THERMAL_FPS if thermal else OPTICAL_FPS)
        self._selected = range(len(self._names))[first:last]

    @property
    def frames(self) -> int:
        """How many images are selected."""
        return len(self._selected)

    def read(self) -> Iterator[Shot]:
        """The images, (height, width) uint8 or uint16. Raises `MediaError` naming the file that does not fit."""
        for index in self._selected:
            image = self._folder / self._names[index]
            pixels = load_image(image)
            if pixels.shape != self._shape or pixels.dtype != self._dtype:
                raise MediaError(
                    f"{image}: {_describe(pixels.shape, pixels.dtype)}, "
                    f"but {self._names[0]} is {_describe(self._shape, self._dtype)}; all must be alike"
                )
            yield Shot(round(index * 1e9 / self._fps), pixels)


def load_image(path: Path) -> np.ndarray:
    """One image as grey values, (height, width): uint16 where it has 16-bit grey, else uint8.

    Colour becomes luma by ITU-R BT.601 in integers, as with video: (77 R + 150 G + 29 B + 128) >> 8. Transparency is
    ignored.

    Raises `MediaError` where it is no such image, is damaged, or has a side above 4096 pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked below
            image = Image.open(path, formats=FORMATS)
        with image:
            if max(image.size) > LARGEST_SIDE:
                raise MediaError(
                    f"{path}: {image.width}×{image.height} pixels; at most {LARGEST_SIDE} a side are allowed"
                )
            return _grey(path, image)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        reason = "no permission to read it" if isinstance(error, PermissionError) else _reason(error)
        raise MediaError(f"{path}: cannot be read as an image ({reason})") from None


def luma(rgb: np.ndarray) -> np.ndarray:
    """Grey values of (height, width, 3) uint8 by (77 R + 150 G + 29 B + 128) >> 8, uint8."""
    wide = rgb.astype(np.uint16)  # at most 256 × 255 + 128
    return ((77 * wide[..., 0] + 150 * wide[..., 1] + 29 * wide[..., 2] + 128) >> 8).astype(np.uint8)


def _grey(path: Path, image: Image.Image) -> np.ndarray:
    if image.mode == "L":
        return np.array(image, dtype=np.uint8)
    if image.mode.startswith("I"):
        values = np.array(image)
        if values.min() < 0 or values.max() > 65535:
            raise MediaError(f"{path}: grey values outside 0 to 65535")
        return np.ascontiguousarray(values, dtype=np.uint16)
    if image.mode == "F":
        raise MediaError(f"{path}: floating-point grey values; 8-bit and 16-bit integers are allowed")
    if image.mode == "1" or image.mode == "LA":
        return np.array(image.convert("L"), dtype=np.uint8)
    return luma(np.array(image.convert("RGB"), dtype=np.uint8))


def _numbered(folder: Path) -> list[str]:
    """The names of the images by number. Names alone: a day of frames is close to a million of them."""
    by_number: dict[int, str] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            number = _number_of(entry.name)
            if number is None or not entry.is_file():
                continue
            if number in by_number:
                one, other = sorted((by_number[number], entry.name))
                raise MediaError(f"{folder}: {one} and {other} have the same number {number}")
            by_number[number] = entry.name
    if not by_number:
        raise MediaError(f"{folder}: no numbered images there{_hint(folder)}")
    return [by_number[number] for number in sorted(by_number)]


def _number_of(name: str) -> int | None:
    stem, suffix = os.path.splitext(name)
    match = _LAST_NUMBER.search(stem)
    if name.startswith(".") or suffix.lower() not in SUFFIXES or match is None or len(match[1]) > 18:
        return None
    return int(match[1])


def _hint(folder: Path) -> str:
    """Where they may be instead: a folder of pictures is often one level further down."""
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        try:
            if entry.is_dir() and any(_number_of(inner.name) is not None for inner in os.scandir(entry)):
                return f"; there are some in {entry.path}"
        except OSError:
            continue
    return f"; looked for {', '.join(SUFFIXES)} with a number in the name"


def _describe(shape: tuple[int, ...], dtype: np.dtype) -> str:
    return f"{shape[1]}×{shape[0]} pixels of {dtype.itemsize * 8} bits"


def _reason(error: Exception) -> str:
    text = str(error)
    return "not a PNG, JPEG, BMP or TIFF" if text.startswith("cannot identify") else text
