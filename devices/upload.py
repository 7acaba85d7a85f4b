"""Where a notice's files go on a server that keeps files, and under which names.

The names of a site, a rule or a channel may hold anything; of a path they become one part that is nothing but letters,
digits, '_', '-' and dots within. Every file begins as NAME.part and gets its name once it is whole; the notice itself,
as JSON, comes last and so says that all is there. The same notice has the same names whenever it is sent.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from devices.notice import Notice
from kernel.durable import write_durably

PART = ".part"
LONGEST_PART = 64
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)")


class Upload(msgspec.Struct, frozen=True):
    """A file to put at `directory`/`name`: the content is in `source`, or is `data` where there is none."""

    name: str
    source: Path | None
    data: bytes = b""

    def content(self) -> bytes:
        """What the file holds. Raises `OSError`."""
        return self.data if self.source is None else self.source.read_bytes()


def uploads(notice: Notice, directory: Path) -> list[Upload]:
    """The notice's files, and the notice itself at the end."""
    stem = _stem(notice)
    files = [Upload(f"{stem}_{attachment.name}", directory / attachment.name) for attachment in notice.attachments]
    return [*files, Upload(f"{stem}.json", None, msgspec.json.format(msgspec.json.encode(notice)))]


def put_whole(directory: Path, upload: Upload, mode: int = 0o666) -> None:
    """Put a file into a directory of this machine: durable, and under its name only once it is whole.

    `mode` is that of a new file, less the umask. Raises `OSError`; what is half there does not stay then.
    """
    part = directory / (upload.name + PART)
    try:
        write_durably(part, upload.content(), mode)
        part.replace(directory / upload.name)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def remote_directory(pattern: str, notice: Notice) -> list[str]:
    """The parts of the directory that the pattern names for this notice; never `..`, never empty."""
    date = _DATE.match(notice.time)
    words = {
        "site": notice.site,
        "channel": notice.channel or "site",
        "rule": notice.rule or notice.type,
        "date": "-".join(date.groups()[:3]) if date else "undated",
        "hour": date[4] if date else "undated",
    }
    return filled(pattern, words)


def filled(pattern: str, words: Mapping[str, str]) -> list[str]:
    """The parts of a pattern, words put in for `{word}`; each is safe and not empty."""
    parts = [_PLACEHOLDER.sub(lambda found: one_part(words.get(found[1], "")), part) for part in pattern.split("/")]
    return [one_part(part) for part in parts if part] or ["_"]


def one_part(text: str) -> str:
    """`text` as one part of a path, safe on every server."""
    safe = _UNSAFE.sub("_", text).strip(".")[:LONGEST_PART].strip(".")
    return safe or "_"


def _stem(notice: Notice) -> str:
    date = _DATE.match(notice.time)
    when = f"{''.join(date.groups()[:3])}T{''.join(date.groups()[3:])}" if date else "undated"
    what = one_part(notice.rule or notice.type or notice.event)
    return f"{when}_{what}_{notice.ordinal}_{notice.key}"
