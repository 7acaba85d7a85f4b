"""A disk that is really full: a small file system in memory, mounted for a test."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """Where it is mounted."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def grow(self) -> None:
        """Make room."""
        subprocess.run(["mount", "-o", "remount,size=8m", str(self.path)], check=True, capture_output=True)


@contextmanager
def small_disk(path: Path) -> Iterator[SmallDisk]:
    """A disk of 128 KB; the test is skipped where it may not be mounted."""
    path.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=128k,mode=777", "tmpfs", str(path)]
    try:
        mounted = subprocess.run(words, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("a full disk cannot be had: there is no mount command")
    if mounted.returncode != 0:
        pytest.skip(f"a full disk cannot be had: {mounted.stderr.strip()} (mounting one takes root)")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True, capture_output=True)
