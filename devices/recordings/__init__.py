"""Readers of recordings: thermal `.cptv`, folders of numbered images, whatever FFmpeg reads, and simulated scenes.

`open_source` is the only door.
"""

from devices.recordings.opening import open_source

__all__ = ["open_source"]
