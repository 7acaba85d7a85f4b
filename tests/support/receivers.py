"""An alarm server to post to, over TLS with a certificate of its own."""

import asyncio
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

REALM, NONCE = "alarms", "0af1"


class Certificates:
    """An authority, and a certificate of it for 127.0.0.1."""

    def __init__(self, where: Path, host: str = "127.0.0.1") -> None:
        where.mkdir(exist_ok=True)
        authority = trustme.CA()
        one = authority.issue_cert(host)
        self.authority = where / "authority.pem"
        self.chain = where / "chain.pem"
        self.key = where / "key.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        one.private_key_pem.write_to_path(str(self.key))
        self.chain.unlink(missing_ok=True)
        for blob in one.cert_chain_pems:
            blob.write_to_path(str(self.chain), append=True)

    def server_side(self) -> ssl.SSLContext:
        """For a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


@contextmanager
def looping() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


class Receiver:
    """Keeps what is posted to it. `status` is what it answers; `login` is what it asks for, "" for nothing."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.arriving: list[bytes] = []
        self.status = 200
        self.delay_s = 0.0
        self.login = ""
        self.user, self.password = "fence", ""
        self.port = 0

    async def post(self, request: Request) -> Response:
        body = await request.body()
        if not self._admitted(request):
            challenge = f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth", algorithm=SHA-256'
            return Response(status_code=401, headers={"WWW-Authenticate": challenge} if self.login == "digest" else {})
        self.arriving.append(body)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.status < 300:
            self.posts.append((dict(request.headers), body))
        return Response(status_code=self.status)

    def _admitted(self, request: Request) -> bool:
        import base64

        said = request.headers.get("Authorization", "")
        if self.login == "basic":
            return said == "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if self.login == "bearer":
            return said == f"Bearer {self.password}"
        return not self.login or self._digest(said, request)

    def _digest(self, said: str, request: Request) -> bool:
        """RFC 7616, SHA-256, qop=auth."""
        fields = dict(part.strip().split("=", 1) for part in said.removeprefix("Digest ").split(",") if "=" in part)
        fields = {key: value.strip('"') for key, value in fields.items()}

        def h(text: str) -> str:
            return hashlib.sha256(text.encode()).hexdigest()

        first = h(f"{self.user}:{REALM}:{self.password}")
        second = h(f"{request.method}:{fields.get('uri')}")
        words = (first, NONCE, fields.get("nc"), fields.get("cnonce"), "auth", second)
        return bool(fields) and fields.get("response") == h(":".join(map(str, words)))


@contextmanager
def receiving(certificates: Certificates | None) -> Iterator[Receiver]:
    """A receiver on loopback, with TLS if there are certificates."""
    receiver = Receiver()
    app = Starlette(routes=[Route("/alarms", receiver.post, methods=["POST"])])
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()  # whoever comes before the server runs waits for it
    receiver.port = int(listening.getsockname()[1])
    more = {} if certificates is None else {"ssl_certfile": certificates.chain, "ssl_keyfile": certificates.key}
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", **more))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(5)
        listening.close()
