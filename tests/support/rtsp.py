"""A camera on loopback for tests: GStreamer's RTSP server in a process of its own, playing a loop of H.264."""

import shutil
import socket
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

SERVER = Path(__file__).with_name("rtsp_server.py")
DEBIAN_PYTHON = "/usr/bin/python3"
CHECK = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def need_rtsp_server() -> None:
    """Skip the test where Debian's GStreamer RTSP server is not installed."""
    if shutil.which(DEBIAN_PYTHON) is None or subprocess.run([DEBIAN_PYTHON, "-c", CHECK]).returncode:
        pytest.skip("needs Debian's gir1.2-gst-rtsp-server-1.0, python3-gi and gstreamer1.0-plugins-{good,bad}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RtspServer:
    """Serves `path` as rtsp://127.0.0.1:PORT/stream1 to one user, by digest; may be stopped and started again."""

    def __init__(self, path: Path, user: str = "viewer", password: str = "p@ss/word:1") -> None:
        self.port = free_port()
        self.url = f"rtsp://127.0.0.1:{self.port}/stream1"
        self.user, self.password = user, password
        self._path = path
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "RtspServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        words = [DEBIAN_PYTHON, str(SERVER), str(self.port), str(self._path), self.user, self.password]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def looped_video(path: Path, frames: Sequence[np.ndarray], loops: int, fps: int = 25) -> Path:
    """The 8-bit frames (height, width) as H.264 in Matroska, encoded once and repeated `loops` times."""
    import av

    with av.open(str(path), "w", format="matroska") as container:
        options = {"crf": "23", "threads": "1", "preset": "veryfast", "tune": "zerolatency", "g": str(fps)}
        stream = container.add_stream("libx264", rate=Fraction(fps), options=options)
        stream.height, stream.width = frames[0].shape
        stream.pix_fmt = "yuv420p"
        packets = []
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(np.repeat(frame[..., None], 3, axis=2), format="rgb24")
            picture.pts = number
            picture.time_base = Fraction(1, fps)
            packets += stream.encode(picture)
        packets += stream.encode(None)
        encoded = [(bytes(packet), packet.is_keyframe) for packet in packets]
        for number in range(loops * len(encoded)):
            data, key = encoded[number % len(encoded)]
            packet = av.Packet(data)
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, fps)
            packet.is_keyframe = key
            packet.stream = stream
            container.mux(packet)
    return path
