"""The driver of `email`: each notice a message, with its pictures and clip."""

from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import msgspec

from devices.delivery import NotNow, Parcel, Undeliverable, run_delivery
from devices.mail_message import mail
from devices.tls import tls_context, why_tls_failed
from kernel.site.linkage_model import Email

ANSWER_S = 30.0
"""The server gets so long for each answer."""
TOO_LARGE = 552
SENT_NAME = "sent-to.json"
"""Whom the message has reached, so that another attempt for one receiver is none for the others."""


async def deliver(parcel: Parcel[Email]) -> None:
    """Send the message to those whom it has not reached. Raises `NotNow` or `Undeliverable` by what the server says."""
    settings = parcel.settings
    if not (settings.server and settings.sender and settings.to):
        raise Undeliverable("nothing can be sent without server, from and to")
    try:
        async with _client(parcel) as smtp:
            await _send(smtp, parcel)
    except aiosmtplib.SMTPAuthenticationError as error:
        raise NotNow(f"{settings.server}: the login is refused ({error.code} {error.message})") from None
    except aiosmtplib.SMTPResponseException as error:
        what = f"{settings.server}: {error.code} {error.message}"
        raise (Undeliverable if 500 <= error.code < 600 else NotNow)(what) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotNow(f"{settings.server}: {why_tls_failed(error) or error or type(error).__name__}") from None


def _client(parcel: Parcel[Email]) -> aiosmtplib.SMTP:
    settings = parcel.settings
    plain = settings.encryption == "none"
    return aiosmtplib.SMTP(
        hostname=settings.server.strip("[]"),
        port=settings.port,
        username=settings.user or None,
        password=parcel.secret(settings.password_file) if settings.password_file else None,
        timeout=ANSWER_S,
        use_tls=settings.encryption == "tls",
        start_tls=settings.encryption == "starttls",  # True: an error where the server does not offer it
        tls_context=None if plain else tls_context(settings.ca_file, parcel.base),
    )


async def _send(smtp: aiosmtplib.SMTP, parcel: Parcel[Email]) -> None:
    sent = _sent_to(parcel.directory)
    remaining = [address for address in parcel.settings.to if address not in sent]
    if not remaining:
        return
    refused = await _send_to(smtp, parcel, remaining)
    _note_sent(parcel.directory, sent + [address for address in remaining if address not in refused])
    if refused:
        told = ", ".join(f"{address} ({code} {words})" for address, (code, words) in refused.items())
        passing = any(code < 500 for code, _ in refused.values())
        raise (NotNow if passing else Undeliverable)(f"{parcel.settings.server} refuses {told}")


async def _send_to(smtp: aiosmtplib.SMTP, parcel: Parcel[Email], to: list[str]) -> dict[str, tuple[int, str]]:
    """Whom the server refuses. A message that is too large for it goes out once more without its files."""
    message = _message(parcel)
    try:
        return await _hand_over(smtp, message, parcel.settings.sender, to)
    except aiosmtplib.SMTPResponseException as error:
        if error.code != TOO_LARGE or not parcel.notice.attachments:
            raise
        smaller = _message(parcel, f"the files, with which the message is too large for {parcel.settings.server}")
        return await _hand_over(smtp, smaller, parcel.settings.sender, to)


def _message(parcel: Parcel[Email], without: str = "") -> EmailMessage:
    settings = parcel.settings
    try:
        return mail(parcel.notice, parcel.directory, settings.sender, settings.to, without)
    except (ValueError, OSError) as error:
        raise Undeliverable(f"no message can be made: {error}") from None


async def _hand_over(
    smtp: aiosmtplib.SMTP, message: EmailMessage, sender: str, to: list[str]
) -> dict[str, tuple[int, str]]:
    try:
        refused, _ = await smtp.send_message(message, sender=sender, recipients=to)
    except aiosmtplib.SMTPRecipientsRefused as error:
        refused = {one.recipient: aiosmtplib.SMTPResponse(one.code, one.message) for one in error.recipients}
    return {address: (answer.code, answer.message) for address, answer in refused.items()}


def _sent_to(directory: Path) -> list[str]:
    try:
        return msgspec.json.decode((directory / SENT_NAME).read_bytes(), type=list[str])
    except (OSError, msgspec.DecodeError):
        return []


def _note_sent(directory: Path, sent: list[str]) -> None:
    try:
        (directory / SENT_NAME).write_bytes(msgspec.json.encode(sent))
    except OSError as error:
        raise NotNow(f"it cannot be noted whom the message has reached: {error.strerror}") from None


def main() -> None:
    """Run the driver."""
    run_delivery("email", Email, deliver)


if __name__ == "__main__":
    main()
