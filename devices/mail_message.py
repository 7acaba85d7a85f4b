"""The e-mail that tells of a notice. Whatever its words hold, they stay in their header or in the text."""

import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from pathlib import Path

from devices.notice import Attachment, Notice
from devices.wire import plain_text

SUBJECT_CHARS = 150
_NOT_IN_A_DOMAIN = re.compile(r"[^A-Za-z0-9.-]")


def mail(notice: Notice, directory: Path, sender: str, to: Sequence[str], without: str = "") -> EmailMessage:
    """The message with the notice's files, or without them where `without` says why.

    Raises `ValueError` where an address is none, `OSError` where a file cannot be read.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = plain_text(f"{notice.site}: {notice.summary}")[:SUBJECT_CHARS]
    message["From"] = Address(plain_text(notice.site), addr_spec=sender)
    message["To"] = [Address(addr_spec=address) for address in to]
    message["Date"] = localtime()
    message["Message-ID"] = f"<{notice.key}@{_NOT_IN_A_DOMAIN.sub('', sender.partition('@')[2]) or 'emberline'}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Emberline-Key"] = notice.key
    message.set_content(_text(notice, without))
    for attachment in () if without else notice.attachments:
        main, _, sub = attachment.media_type.partition("/")
        data = (directory / attachment.name).read_bytes()
        message.add_attachment(data, maintype=main, subtype=sub, filename=attachment.name)
    return message


def _text(notice: Notice, without: str) -> str:
    lines = [plain_text(notice.summary), ""]
    facts = [
        ("Time", notice.time),
        ("Site", notice.site),
        ("Channel", notice.channel),
        ("Rule", notice.rule),
        ("Target", notice.target),
        ("State", notice.state),
        ("Event", f"{notice.event}, seq {notice.seq}"),
        ("Key", notice.key),
    ]
    lines += [f"{name + ':':9}{plain_text(value)}" for name, value in facts if value]
    lines += [f"Also:    {plain_text(other)}" for other in notice.also]
    for attachment in notice.attachments:
        lines += ["", *_described(attachment)]
    lines += [f"Missing: {plain_text(what)}" for what in (*notice.missing, *filter(None, [without]))]
    return "\n".join(lines) + "\n"


def _described(attachment: Attachment) -> list[str]:
    shown = attachment.first if attachment.frames == 1 else f"{attachment.first} to {attachment.last}"
    frames = "" if attachment.frames == 1 else f", {attachment.frames} frames"
    return [
        f"{attachment.name}: {attachment.what} of {plain_text(attachment.channel)}, {plain_text(shown)}{frames}",
        f"  SHA-256 {attachment.sha256}",
        *(f"  frame   {digest}" for digest in attachment.frame_digests[:1]),
    ]
