"""Where captured pictures are kept: below the log's directory, each with its notice beside it, durable and private.

    captures/2026-03-01/20260301T020004_gate_3_KEY_thermal-at.jpg, and ….json

What is put there twice, after a crash, has the same names and so lies there once.
"""

from pathlib import Path

from devices.notice import Notice, read_notice
from devices.upload import put_whole, remote_directory, uploads
from kernel.durable import sync_directory
from kernel.events import PictureKept

CAPTURES_NAME = "captures"
PATTERN = "{date}"


def shelve(log: Path, entry: Path, output: str, ordinal: int) -> tuple[list[PictureKept], str]:
    """Keep the pictures of an entry of the outbox, and what to record of it: each picture, and why any is missing.

    Raises `OSError` where the disk fails, `BadNotice` where the entry holds none.
    """
    notice = read_notice(entry)
    if not notice.attachments:
        return [], "; ".join(notice.missing) or "there is no picture"
    directory = log / CAPTURES_NAME
    for part in ("", *remote_directory(PATTERN, notice)):
        directory = directory / part
        directory.mkdir(mode=0o700, exist_ok=True)
    for upload in uploads(notice, entry):
        put_whole(directory, upload, 0o600)
    sync_directory(directory)
    return _kept(notice, directory.relative_to(log), entry, output, ordinal), "; ".join(notice.missing)


def _kept(notice: Notice, where: Path, entry: Path, output: str, ordinal: int) -> list[PictureKept]:
    names = [upload.name for upload in uploads(notice, entry)]
    return [
        PictureKept(
            output, ordinal, one.channel, (where / name).as_posix(), one.bytes, one.sha256, one.frame_digests[0]
        )
        for one, name in zip(notice.attachments, names, strict=False)  # the last name is that of the notice
    ]
