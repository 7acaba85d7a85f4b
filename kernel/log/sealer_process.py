"""Starts the sealer, see `kernel/log/sealer.py`, and ends it with its input.

The input is watched before anything else is loaded, which takes most of a second on a small machine: the sealer holds
the lock of a writer that was killed, and the next writer waits for it.
"""

import os
import sys
import threading
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue


def main() -> None:
    """Serve one writer."""
    lines: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    directory, key_path = Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None
    import_module("kernel.log.sealer").serve(directory, key_path, lines)


def _read(lines: "SimpleQueue[bytes]") -> None:
    """In a thread of its own, so that the writer's end is noticed in the middle of a job."""
    for line in sys.stdin.buffer:
        lines.put(line)
    os._exit(0)


if __name__ == "__main__":
    main()
