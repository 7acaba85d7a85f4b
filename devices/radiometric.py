"""A radiometric snapshot of a network thermal camera: a temperature for each pixel, in hundredths of a kelvin.

The camera answers with three parts: a description in JSON, a picture for people, and the temperatures in °C.
"""

import msgspec
import numpy as np

from devices.camera_http import Answer
from devices.live import SourceAway
from devices.multipart import MultipartError, parts_of
from devices.wire import MAX_SIDE_PX
from kernel.media import Shot

MK_A_COUNT = 10
MAX_PX = 2_000_000
MAX_BYTES = 4 * MAX_PX + 4_000_000
"""The temperatures, and what there may be of picture and description."""
ZERO_CELSIUS_K = 273.15
FLOAT_BYTES = 4


def path_of(channel: int) -> str:
    """Where the snapshot of the camera's thermal channel is."""
    return f"Thermal/channels/{channel}/thermometry/jpegPicWithAppendData?format=json"


class _Picture(msgspec.Struct, frozen=True):
    """The description, as far as it matters here."""

    width: int = msgspec.field(name="jpegPicWidth")
    height: int = msgspec.field(name="jpegPicHeight")
    data_bytes: int = msgspec.field(name="p2pDataLen")
    value_bytes: int = msgspec.field(name="temperatureDataLength", default=FLOAT_BYTES)
    frozen_data: bool = msgspec.field(name="isFreezedata", default=False)
    """The shutter is closed and the temperatures are those of before."""


class _Description(msgspec.Struct, frozen=True):
    picture: _Picture = msgspec.field(name="JpegPictureWithAppendData")


def shot_of(answer: Answer, captured_ns: int) -> Shot:
    """The snapshot as a frame (height, width) uint16, millikelvin = 10 × counts; 655.35 K and more are 65535.

    Raises `SourceAway` where the answer is no such snapshot.
    """
    try:
        parts = parts_of(answer.content_type, answer.body)
        if len(parts) < 2:
            raise MultipartError(f"{len(parts)} parts, a description and temperatures are needed")
        picture = msgspec.json.decode(parts[0].body, type=_Description).picture
        counts = _counts(picture, parts[-1].body)
    except (MultipartError, msgspec.DecodeError, RecursionError) as error:
        raise SourceAway(f"no radiometric snapshot: {error}") from None
    shutter = "closed" if picture.frozen_data else "open"
    return Shot(captured_ns, counts, shutter, mk_scale=1000 * MK_A_COUNT, mk_offset=0)


def _counts(picture: _Picture, data: bytes) -> np.ndarray:
    """(height, width) uint16 from °C as float32, little-endian, rows from the top. Raises `MultipartError`."""
    width, height = picture.width, picture.height
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX and width * height <= MAX_PX):
        raise MultipartError(f"{width} × {height} pixels, allowed are {MAX_PX}, and {MAX_SIDE_PX} a side")
    if picture.value_bytes != FLOAT_BYTES:
        raise MultipartError(f"temperatures of {picture.value_bytes} bytes, this version reads those of {FLOAT_BYTES}")
    if not len(data) == picture.data_bytes == width * height * FLOAT_BYTES:
        said = f"{picture.data_bytes} bytes are announced and {len(data)} there"
        raise MultipartError(f"{width} × {height} temperatures have {width * height * FLOAT_BYTES} bytes; {said}")
    celsius = np.frombuffer(data, "<f4").reshape(height, width).astype(np.float64)
    if not np.isfinite(celsius).all():
        raise MultipartError("values that are no temperature")
    return np.clip(np.rint((celsius + ZERO_CELSIUS_K) * 1000 / MK_A_COUNT), 0, 65535).astype(np.uint16)
