"""`make video-cpu`: CPU time a frame to decode and watch a video, beside dvr-scan with its CNT model in the same run.

A process's start costs both the same work whatever the video's length, so each watches the video once and then four
times over in one file, and the difference counts. User and system time of all threads. The clip is the stated mix,
1280×720 in H.264, and any that are named after it.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from detectors.detector import ChannelDetector
from kernel.site.reader import read_site
from support.clips import frames_of
from support.mix import mix
from support.sites import whole_frame
from tests.accuracy import peers

SIZE = 1280, 720
FPS = 25
TIMES = 4
ROUNDS = 3


def write_mix(target: Path) -> None:
    """The mix as a video, one kind after the other."""
    kinds = mix(*SIZE, np.uint8)
    with av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for pixels in (frame for frames in kinds.values() for frame in frames):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="gray").reformat(format="yuv420p")))
        out.mux(stream.encode(None))


def repeat(clip: Path, times: int, target: Path) -> int:
    """The clip `times` over in one file, its packets untouched. Returns the number of its frames."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.size]
        step = int(1 / (Fraction(stream.average_rate or FPS) * Fraction(stream.time_base)))
        length = max(packet.pts for packet in packets) - min(packet.pts for packet in packets) + step
        for _ in range(times):
            for packet in packets:
                packet.stream = copy
                out.mux(packet)
                packet.pts, packet.dts = packet.pts + length, packet.dts + length
    return len(packets) * times


def watch(clip: Path) -> None:
    """Decode a clip and hold every frame against a rule, as the daemon does."""
    site = read_site(whole_frame(kind="optical"))
    detector = ChannelDetector(site.channels[0], site.rules)
    for frame in frames_of(clip):
        detector.perceive(frame)
        detector.judge(frame.captured_ns, {rule.id: 0 for rule in site.rules})


def cpu_seconds(command: list[str]) -> float:
    """User and system time of a command with all its threads."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def milliseconds_a_frame(name: str, once: Path, repeated: Path, frames: int) -> float:
    """`frames` is how many more the repeated clip has. The least of some rounds."""
    found = [cpu_seconds(command_of(name, repeated)) - cpu_seconds(command_of(name, once)) for _ in range(ROUNDS)]
    return 1000 * min(found) / frames


def command_of(name: str, clip: Path) -> list[str]:
    if name == "emberline":
        return [sys.executable, "-m", "tests.benchmarks.video_cpu", "--watch", str(clip)]
    return [str(peers.PEERS / "dvr-scan"), "-i", str(clip), "--scan-only", "-b", "CNT", "-q"]


def main() -> int:
    parser = argparse.ArgumentParser(description="CPU time a frame of watching a video.")
    parser.add_argument("--watch", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("clips", type=Path, nargs="*", help="videos to be measured beside the mix")
    words = parser.parse_args()
    if words.watch:
        watch(words.watch)
        return 0
    if not peers.there():
        print("error: dvr-scan is not installed: make .venv-peers/.installed", file=sys.stderr)
        return 2
    worse = False
    with tempfile.TemporaryDirectory(prefix="emberline-video-") as folder:
        mixed = Path(folder) / "mix.mp4"
        write_mix(mixed)
        print("CPU ms a frame          emberline  dvr-scan CNT", flush=True)
        for clip in (mixed, *words.clips):
            once, repeated = Path(folder) / f"once{clip.suffix}", Path(folder) / f"repeated{clip.suffix}"
            more = -repeat(clip, 1, once) + repeat(clip, TIMES, repeated)
            ours, theirs = (milliseconds_a_frame(name, once, repeated, more) for name in ("emberline", "dvr-scan"))
            print(f"{clip.name[:22]:22s}  {ours:9.2f}  {theirs:12.2f}", flush=True)
            worse |= ours > theirs
    return 1 if worse else 0


if __name__ == "__main__":
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    sys.exit(main())
