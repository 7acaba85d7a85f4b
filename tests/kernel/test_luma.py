"""The brightness of decoded frames, for each family of pixel formats."""

import av
import numpy as np
import pytest

from kernel.payloads.luma import UnsupportedPixels, luma

HEIGHT, WIDTH = 6, 10
_CHANCE = np.random.default_rng(3)
RGB = _CHANCE.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
GRAY = _CHANCE.integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)
GRAY_16 = _CHANCE.integers(0, 65536, (HEIGHT, WIDTH)).astype(np.uint16)


def _frame(pixel_format: str, planes: list[np.ndarray]) -> av.VideoFrame:
    """A frame whose planes hold these values, with the decoder's own padding at the ends of the rows."""
    frame = av.VideoFrame(WIDTH, HEIGHT, pixel_format)
    for plane, values in zip(frame.planes, planes, strict=False):
        rows = np.full((plane.buffer_size // plane.line_size, plane.line_size), 77, np.uint8)
        data = values.reshape(values.shape[0], -1).view(np.uint8)
        rows[: data.shape[0], : data.shape[1]] = data
        plane.update(rows.tobytes())
    return frame


def _bt601(rgb: np.ndarray) -> np.ndarray:
    red, green, blue = (rgb[:, :, index].astype(np.int64) for index in range(3))
    return (77 * red + 150 * green + 29 * blue + 128) >> 8


@pytest.mark.parametrize("name", ["gray", "yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuva420p", "nv12", "nv21"])
def test_eight_bit_luma_planes_are_taken_as_they_are(name: str) -> None:
    found = luma(_frame(name, [GRAY]))
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    assert np.array_equal(found, GRAY)


@pytest.mark.parametrize("name", ["gray16le", "gray16be", "gray10le", "gray12le", "yuv420p10le", "yuv444p16be"])
def test_deep_luma_planes_keep_their_counts(name: str) -> None:
    values = GRAY_16 & 1023 if "10" in name else GRAY_16 & 4095 if "12" in name else GRAY_16
    stored = values.astype(">u2") if name.endswith("be") else values
    found = luma(_frame(name, [stored]))
    assert found.dtype == np.uint16
    assert np.array_equal(found, values)


def test_semi_planar_luma_is_brought_down_from_the_high_bits() -> None:
    values = GRAY_16 & 1023
    assert np.array_equal(luma(_frame("p010le", [values << 6])), values)


@pytest.mark.parametrize(("name", "step", "at"), [("yuyv422", 2, 0), ("uyvy422", 2, 1), ("ya8", 2, 0)])
def test_packed_luma_is_picked_from_between_the_rest(name: str, step: int, at: int) -> None:
    packed = np.full((HEIGHT, WIDTH * step), 200, np.uint8)
    packed[:, at::step] = GRAY
    assert np.array_equal(luma(_frame(name, [packed])), GRAY)


@pytest.mark.parametrize(
    ("name", "order"),
    [("rgb24", "rgb"), ("bgr24", "bgr"), ("rgba", "rgbx"), ("bgra", "bgrx"), ("bgr0", "bgrx"), ("argb", "xrgb")],
)
def test_packed_rgb_gives_the_integer_luma_of_bt_601(name: str, order: str) -> None:
    values = [RGB[:, :, "rgb".index(c)] if c != "x" else np.full((HEIGHT, WIDTH), 9, np.uint8) for c in order]
    found = luma(_frame(name, [np.stack(values, axis=2)]))
    assert found.dtype == np.uint8
    assert np.array_equal(found, _bt601(RGB))


def test_planar_palette_and_deep_rgb_give_the_same_luma() -> None:
    red, green, blue = (np.ascontiguousarray(RGB[:, :, index]) for index in range(3))
    assert np.array_equal(luma(_frame("gbrp", [green, blue, red])), _bt601(RGB))
    palette = np.zeros(256, "<u4")
    flat = RGB.reshape(-1, 3).astype(np.uint32)
    palette[: len(flat)] = 0xFF000000 | flat[:, 0] << 16 | flat[:, 1] << 8 | flat[:, 2]
    indices = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH)
    frame = _frame("pal8", [indices])
    if len(frame.planes) > 1:
        frame.planes[1].update(palette.tobytes())
        assert np.array_equal(luma(frame), _bt601(RGB))
    deep = np.ascontiguousarray(RGB.astype("<u2") * 256)
    found = luma(_frame("rgb48le", [deep]))
    assert found.dtype == np.uint16
    assert np.array_equal(found, _bt601(deep))


def test_the_brightest_white_does_not_wrap() -> None:
    assert luma(_frame("rgb24", [np.full((HEIGHT, WIDTH, 3), 255, np.uint8)])).min() == 255
    assert luma(_frame("rgb48be", [np.full((HEIGHT, WIDTH, 3), 65535, ">u2")])).min() == 65535


def test_a_format_without_luma_is_named() -> None:
    with pytest.raises(UnsupportedPixels, match="pixel format monow is not supported"):
        luma(av.VideoFrame(WIDTH, HEIGHT, "monow"))
