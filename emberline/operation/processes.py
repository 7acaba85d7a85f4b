"""What a process uses, as Linux counts it."""

import os
from pathlib import Path

import msgspec

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Usage(msgspec.Struct, frozen=True):
    """A process: the processor time that it has used, and the memory that it holds."""

    pid: int
    cpu_s: float
    rss_mb: float


def usage_of(pid: int) -> Usage | None:
    """None where there is no such process, or the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
    cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
    return Usage(pid, round(cpu_s, 2), round(int(fields[21]) * PAGE_BYTES / 1_000_000, 1))


def children_of(pid: int) -> list[int]:
    """The process ids of its children."""
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, tasks.read_text().split())
        except OSError:
            continue
    return found
