"""The brightness of a decoded frame as an array, straight from the decoder's planes.

FFmpeg's own scaler is not asked: its results depend on the machine's instruction set. Formats with a luma plane give
that plane as it is (limited range stays limited, ten bits stay 0 to 1023). RGB gives the luma of ITU-R BT.601 in
integers: (77 R + 150 G + 29 B + 128) >> 8.
"""

import re
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]

_RGB_ORDER = {
    "rgb24": (3, 0, 1, 2),
    "bgr24": (3, 2, 1, 0),
    "rgba": (4, 0, 1, 2),
    "rgb0": (4, 0, 1, 2),
    "bgra": (4, 2, 1, 0),
    "bgr0": (4, 2, 1, 0),
    "argb": (4, 1, 2, 3),
    "0rgb": (4, 1, 2, 3),
    "abgr": (4, 3, 2, 1),
    "0bgr": (4, 3, 2, 1),
}
"""Of packed RGB with 8 bits: values a pixel, and where R, G and B are among them."""
_RGB48_ORDER = {"rgb48": (3, 0, 1, 2), "bgr48": (3, 2, 1, 0), "rgba64": (4, 0, 1, 2), "bgra64": (4, 2, 1, 0)}
_PACKED_8 = {"yuyv422": (2, 0), "yvyu422": (2, 0), "uyvy422": (2, 1), "ya8": (2, 0)}
"""Luma between other values: values a pixel, and where the luma is."""
_LUMA_FIRST_8 = re.compile(r"gray|yuvj?\d{3}p|yuva\d{3}p|nv(12|21|16|24|42)")
_LUMA_FIRST_16 = re.compile(r"(gray|yuva?\d{3}p)(9|10|12|14|16)(le|be)")
_LUMA_HIGH_BITS = re.compile(r"p([024])(10|12|16)(le|be)")
"""Semi-planar with the bits at the top of 16, as hardware decoders give it."""


class UnsupportedPixels(Exception):
    """Frames in this pixel format cannot be analysed; the message names it."""


def luma(frame: av.VideoFrame) -> Pixels:
    """Give a decoded frame's brightness: (height, width), uint8 or uint16, C-contiguous, a copy.

    Raises `UnsupportedPixels` where the pixel format is none of those named in this file.
    """
    name = frame.format.name
    if name in _RGB_ORDER or name == "pal8" or name == "gbrp":
        return _rgb_luma(*_rgb_8(frame, name), np.uint8)
    if name[:-2] in _RGB48_ORDER:
        values, red, green, blue = _RGB48_ORDER[name[:-2]]
        packed = _plane(frame, 0, values, _u16(name))
        return _rgb_luma(packed[:, :, red], packed[:, :, green], packed[:, :, blue], np.uint16)
    if name in _PACKED_8:
        values, position = _PACKED_8[name]
        return np.ascontiguousarray(_plane(frame, 0, values, "u1")[:, :, position])
    if _LUMA_FIRST_8.fullmatch(name):
        return _plane(frame, 0, 1, "u1")[:, :, 0].copy()
    if _LUMA_FIRST_16.fullmatch(name):
        return _plane(frame, 0, 1, _u16(name))[:, :, 0].astype(np.uint16)
    high = _LUMA_HIGH_BITS.fullmatch(name)
    if high:
        shift = np.uint16(16 - int(high[2]))
        return _plane(frame, 0, 1, _u16(name))[:, :, 0].astype(np.uint16) >> shift
    raise UnsupportedPixels(f"pixel format {name} is not supported; convert the video, for example to yuv420p")


def _u16(name: str) -> str:
    return ">u2" if name.endswith("be") else "<u2"


def _plane(frame: av.VideoFrame, index: int, values: int, dtype: str) -> Pixels:
    """One plane without its padding, (height, width, values a pixel), on the decoder's own memory."""
    plane = frame.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height]
    used = rows[:, : frame.width * values * np.dtype(dtype).itemsize]
    return np.ascontiguousarray(used).view(dtype).reshape(frame.height, frame.width, values)


def _rgb_8(frame: av.VideoFrame, name: str) -> tuple[Pixels, Pixels, Pixels]:
    if name == "gbrp":
        green, blue, red = (_plane(frame, index, 1, "u1")[:, :, 0] for index in range(3))
        return red, green, blue
    if name == "pal8":
        entries = np.frombuffer(memoryview(frame.planes[1]), "<u4")[:256]  # 0xAARRGGBB
        colours = entries[_plane(frame, 0, 1, "u1")[:, :, 0]]
        red, green, blue = ((colours >> np.uint32(shift)) & np.uint32(255) for shift in (16, 8, 0))
        return red, green, blue
    values, red, green, blue = _RGB_ORDER[name]
    packed = _plane(frame, 0, values, "u1")
    return packed[:, :, red], packed[:, :, green], packed[:, :, blue]


def _rgb_luma(red: Pixels, green: Pixels, blue: Pixels, dtype: type[np.unsignedinteger[Any]]) -> Pixels:
    total = np.uint32(77) * red.astype(np.uint32)
    total += np.uint32(150) * green.astype(np.uint32)
    total += np.uint32(29) * blue.astype(np.uint32)
    return ((total + np.uint32(128)) >> np.uint32(8)).astype(dtype)
