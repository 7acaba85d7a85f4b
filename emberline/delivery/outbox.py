"""The outbox on disk: a directory for each action that waits to be delivered, until it has been.

`NNNN-OUTPUT/request.json` is there as soon as the action is known, `notice.json` once its files are made, `done.json`
once its outcome is known but not yet in the log. Everything is private to the daemon's user, and durable before the
watermark, up to which all actions of the log are in here or over, moves past it.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from devices.notice import NOTICE_NAME, Envelope
from kernel.durable import sync_directory, write_durably

OUTBOX_NAME = "outbox"
WATERMARK_NAME = "watermark"
REQUEST_NAME = "request.json"
DONE_NAME = "done.json"
MAX_ENTRIES = 20_000
MAX_BYTES = 2 * 1024**3
"""Beyond this notices go without pictures and clips."""
LOOK_S = 1.0
"""How long what was found of that holds."""


class Request(msgspec.Struct, frozen=True):
    """The action: its seq in the log and its key; `session` is the seq of its session, `since_s` civil time, Unix."""

    seq: int
    output: str
    ordinal: int
    kind: str
    session: int
    since_s: float


class Done(msgspec.Struct, frozen=True):
    """What came of it; `reason` is empty where it was delivered."""

    reason: str


class Outbox:
    """The directory; one thread of one process at a time. Methods raise `OSError` where the disk fails."""

    def __init__(self, log: Path) -> None:
        self.path = log / OUTBOX_NAME
        self.path.mkdir(mode=0o700, exist_ok=True)
        self._full, self._look_again_s = False, 0.0
        for half in self.path.glob(".*"):
            shutil.rmtree(half, ignore_errors=True)

    @property
    def watermark(self) -> int | None:
        """The seq up to which every action of the log was put in here; None in a new outbox."""
        try:
            return int((self.path / WATERMARK_NAME).read_text())
        except (OSError, ValueError):
            return None

    def put(self, request: Request) -> Path:
        """Keep a request; it is durable when this returns. One that is known already is left as it is."""
        path = self.path / f"{request.seq:015d}-{request.output}"
        if not path.exists():
            making = self.path / f".{path.name}"
            making.mkdir(mode=0o700, exist_ok=True)
            write_durably(making / REQUEST_NAME, msgspec.json.encode(request))
            making.rename(path)
            sync_directory(self.path)
        return path

    def mark(self, seq: int) -> None:
        """All actions up to `seq` are in here."""
        _replace(self.path / WATERMARK_NAME, str(seq).encode())

    def entries(self) -> Iterator[tuple[Path, Request]]:
        """What is in here, oldest first; what cannot be understood is left out."""
        for path in sorted(self.path.glob("[0-9]*-*")):
            try:
                yield path, msgspec.json.decode((path / REQUEST_NAME).read_bytes(), type=Request)
            except (OSError, msgspec.DecodeError):
                continue

    def settle(self, path: Path, done: Done) -> None:
        """Note the outcome of an entry that cannot be written into the log now."""
        write_durably(path / DONE_NAME, msgspec.json.encode(done))

    def settled(self, path: Path) -> Done | None:
        """The outcome that was noted."""
        try:
            return msgspec.json.decode((path / DONE_NAME).read_bytes(), type=Done)
        except (OSError, msgspec.DecodeError):
            return None

    def remove(self, path: Path) -> None:
        """The entry is over."""
        gone = self.path / f".{path.name}"
        try:
            path.rename(gone)
        except OSError:
            return
        shutil.rmtree(gone, ignore_errors=True)

    def is_ready(self, path: Path) -> bool:
        """Whether the entry's notice is made."""
        return (path / NOTICE_NAME).exists()

    def write_settings(self, output: str, envelope: Envelope) -> Path:
        """Put down the settings with which an output delivers from now on."""
        path = self.path / f"settings-{output}.json"
        _replace(path, msgspec.json.encode(envelope))
        return path

    def is_full(self) -> bool:
        """Whether there is no room for more pictures and clips."""
        if time.monotonic() >= self._look_again_s:
            self._look_again_s = time.monotonic() + LOOK_S
            self._full = self._is_full()
        return self._full

    def _is_full(self) -> bool:
        total = 0
        for count, file in enumerate(self.path.rglob("*")):
            with suppress(FileNotFoundError):  # delivered meanwhile
                total += file.stat().st_size if file.is_file() else 0
            if total > MAX_BYTES or count > 4 * MAX_ENTRIES:
                return True
        return False


def _replace(path: Path, data: bytes) -> None:
    """Whoever reads the file finds the old content or the new."""
    new = path.with_name(f".{path.name}")
    write_durably(new, data)
    new.replace(path)
