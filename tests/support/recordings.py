"""Small recordings made on the spot: a noisy 16-bit scene through which a warm target walks."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from kernel.media import Shot

WIDTH, HEIGHT = 96, 72


def walk(frames: int = 60, enters: int = 15, seed: int = 1) -> list[np.ndarray]:
    """16-bit frames (72, 96); from frame `enters` on a target of 8×18 px walks from left to right, 1.5 px a frame."""
    rng = np.random.default_rng(seed)
    scene = 3000 + rng.integers(0, 60, (HEIGHT, WIDTH))
    out: list[np.ndarray] = []
    for n in range(frames):
        frame = scene + rng.normal(0, 3, (HEIGHT, WIDTH)).round().astype(int)
        x = int(-8 + 1.5 * (n - enters))
        if n >= enters and x < WIDTH:
            frame[30:48, max(0, x) : max(0, x + 8)] += 150
        out.append(frame.astype(np.uint16))
    return out


def folder(path: Path, frames: list[np.ndarray]) -> Path:
    """The frames as numbered PNGs."""
    path.mkdir(parents=True)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(path / f"{number:06d}.png")
    return path


def video(path: Path, frames: list[np.ndarray], codec: str = "libx264", fps: int = 9, **options: str) -> Path:
    """The frames as 8-bit video, 20 counts a grey level."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(fps), options={"crf": "18", "threads": "1", **options})
        stream.width, stream.height = frames[0].shape[1], frames[0].shape[0]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for frame in frames:
            grey = np.clip((frame.astype(int) - 2900) // 3, 0, 255).astype(np.uint8)
            picture = av.VideoFrame.from_ndarray(np.repeat(grey[..., None], 3, axis=2), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def cptv(path: Path, frames: list[np.ndarray]) -> Path:
    """The frames as a `.cptv` file with times 111 ms apart."""
    from datetime import UTC, datetime, timedelta

    from cptv import CPTVWriter, Frame

    with path.open("wb") as file:
        writer = CPTVWriter(file)
        writer.timestamp = datetime(2026, 1, 1, tzinfo=UTC)
        writer.device_name = b"test"
        writer.write_header()
        for number, frame in enumerate(frames):
            writer.write_frame(Frame(_padded(frame), timedelta(milliseconds=111 * number), timedelta(0), 0, 0))
        writer.close()
    return path


def _padded(frame: np.ndarray) -> np.ndarray:
    """The format knows 160×120 alone."""
    out = np.full((120, 160), 3000, np.uint16)
    out[: frame.shape[0], : frame.shape[1]] = frame
    return out


class Walk:
    """The same as a recording that can be imported."""

    kind = "thermal"
    frames = None
    began = None

    def read(self) -> Iterator[Shot]:
        for number, frame in enumerate(walk(60)):
            yield Shot(number * 111_000_000, frame)
