"""`python -m tests.accuracy.gates [NAME…]`: what issue 5 demands, one line a gate, from the shared recordings.

Needs the repository and its `tests` folder on PYTHONPATH. Exit code 1 where a gate is missed.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.accuracy import classes, crossings, dim, pixels, road, tampering, thermal_clips
from tests.accuracy.gate import Gate
from tests.conftest import shared_data_path

Measure = Callable[[Path, Path], Iterator[Gate]]
"""Takes the folder of the recordings and a folder for what is made of them."""

GATES: dict[str, Measure] = {
    "rsir": lambda data, _: pixels.remote_gates(data),
    "highway": lambda data, _: pixels.highway_gates(data),
    "wallflower": lambda data, _: pixels.waving_gates(data),
    "thermal": lambda data, _: thermal_clips.gates(data),
    "processed": thermal_clips.processed_gates,
    "pets": lambda data, _: crossings.gates(data),
    "road": lambda data, _: road.gates(data),
    "classes": lambda data, _: classes.gates(data),
    "tamper": lambda data, _: tampering.gates(data),
    "dim": lambda data, _: dim.gates(),
}


def main(names: list[str]) -> int:
    unknown = [n for n in names if n not in GATES]
    data = shared_data_path()
    if unknown or data is None:
        missing = f"no gate {unknown[0]}; there are {', '.join(GATES)}" if unknown else "the recordings are not here"
        print(f"error: {missing}", file=sys.stderr)
        return 2
    missed = 0
    with tempfile.TemporaryDirectory() as made:
        for name in names or list(GATES):
            began = time.monotonic()
            for gate in GATES[name](data, Path(made)):
                print(gate.line(), flush=True)
                missed += gate.holds is False
            print(f"       {name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
