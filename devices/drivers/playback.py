"""The driver of `file:` and `sim:` sources: plays a recording, or the simulator, as if it were a camera."""

import argparse
from collections.abc import Sequence

from devices.source import run_source
from kernel.media import Recording


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the source that the arguments name. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.playback", description=__doc__)
    parser.add_argument("source", help="file:PATH or sim:SCENE?seed=N")
    parser.add_argument("--fps", type=float, help="where the source does not say")
    given = parser.parse_args(arguments)

    def open_recording() -> Recording:
        from devices.recordings import open_source  # late: decoders take long to load, and the heartbeat runs by now

        return open_source(given.source, fps=given.fps)

    return run_source(open_recording, {"driver": "playback"})


if __name__ == "__main__":
    raise SystemExit(main())
