"""A mail server to send to: STARTTLS or TLS, with a login, that can refuse, be full or hang up."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from support.receivers import Certificates, looping


class MailBox:
    """What has arrived; `refuse` maps an address to the answer that it gets, `data_answer` is the one to a message."""

    def __init__(self, user: str, password: str) -> None:
        self.login = (user, password)
        self.messages: list[tuple[list[str], EmailMessage]] = []
        self.refuse: dict[str, str] = {}
        self.data_answer = "250 OK"
        self.largest = 10**9
        self.hang_up_at_data = False
        self.port = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        if self.hang_up_at_data:
            server.transport.abort()
        if len(envelope.content) > self.largest:
            return "552 message too large"
        if self.data_answer.startswith("250"):
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.messages.append((list(envelope.rcpt_tos), message))
        return self.data_answer

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        said = (data.login.decode(), data.password.decode())
        return AuthResult(success=said == self.login, handled=said == self.login)


@contextmanager
def mail_server(
    certificates: Certificates | None, user: str, password: str, implicit: bool = False
) -> Iterator[MailBox]:
    """A server with STARTTLS (or TLS from the start) where there are certificates; a login is asked for over TLS."""
    box = MailBox(user, password)
    more: dict[str, Any] = {}
    context = None if certificates is None else certificates.server_side()
    if context is not None:
        more = {"authenticator": box.authenticate, "auth_required": True}
        if implicit:
            more["auth_require_tls"] = False  # it does not see that the connection is TLS already
        else:
            more |= {"tls_context": context, "require_starttls": True}
    with looping() as loop:
        serving = loop.create_server(lambda: SMTP(box, **more), "127.0.0.1", 0, ssl=context if implicit else None)
        server = asyncio.run_coroutine_threadsafe(serving, loop).result(5)
        box.port = server.sockets[0].getsockname()[1]
        yield box
        loop.call_soon_threadsafe(server.close)
