"""The pictures that captures have left in the log's directory, and which of them are to go.

They are evidence: they stay as long as the recordings of alarms, and are the last to go for want of room. Follows what
the log says of them, so their age is counted as that of frames is.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path

from emberline.delivery.shelf import CAPTURES_NAME
from kernel.events import Event, PictureKept

KINDS = ("PictureKept",)
"""The events that say so."""


class KeptPictures:
    """Follows the events of a log in order; `directory` is the log's."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kept: deque[tuple[int, str]] = deque()

    def note(self, event: Event) -> None:
        """Take an event; most say nothing about pictures."""
        if isinstance(event.body, PictureKept) and _is_below(event.body.file):
            self._kept.append((event.time, event.body.file))

    def remove_expired(self, now: int, expire_ns: int, aged_from: Callable[[int], int]) -> tuple[int, int]:
        """Remove those that are older than `expire_ns`: how many went, and their bytes. Raises `OSError`."""
        return self._remove_while(lambda time, _: now - aged_from(time) > expire_ns)

    def remove_bytes(self, wanted: int) -> tuple[int, int]:
        """Remove the oldest until `wanted` bytes are free: how many went, and their bytes. Raises `OSError`."""
        return self._remove_while(lambda _, freed: freed < wanted)

    def _remove_while(self, goes: Callable[[int, int], bool]) -> tuple[int, int]:
        files, freed = 0, 0
        while self._kept and goes(self._kept[0][0], freed):
            size = self._remove(self._kept[0][1])
            self._kept.popleft()
            files, freed = files + (size > 0), freed + size
        return files, freed

    def _remove(self, file: str) -> int:
        """Remove a picture, its notice, and the day's directory once that is empty. The bytes of the picture."""
        picture = self._directory / file
        try:
            size = picture.stat().st_size
        except FileNotFoundError:  # gone in an earlier session, or taken away
            return 0
        picture.unlink()
        stem = picture.name.rpartition("_")[0]
        if not any(picture.parent.glob(f"{_literal(stem)}_*")):
            picture.with_name(f"{stem}.json").unlink(missing_ok=True)
        if not any(picture.parent.iterdir()):
            picture.parent.rmdir()
        return size


def _is_below(file: str) -> bool:
    """Whether a path is one of those that captures have; a log from elsewhere may say anything."""
    parts = Path(file).parts
    return len(parts) > 1 and parts[0] == CAPTURES_NAME and ".." not in parts


def _literal(text: str) -> str:
    """For `glob`."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)
