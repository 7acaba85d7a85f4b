"""FTP and SFTP servers to upload to."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import msgspec
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from devices.notice import Notice
from support.receivers import Certificates, looping


class FileServer:
    """A server and the directory that it serves."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.port = port
        self.full = False
        self.hang_up = False

    def notices(self) -> list[Notice]:
        """The notices that have arrived whole, each with its files beside it."""
        found: list[Notice] = []
        for path in sorted(self.root.rglob("*.json")):
            notice = msgspec.json.decode(path.read_bytes(), type=Notice)
            for attachment in notice.attachments:
                assert path.with_name(f"{path.stem}_{attachment.name}").stat().st_size == attachment.bytes
            found.append(notice)
        assert not list(self.root.rglob("*.part"))
        return found


@contextmanager
def ftp_server(root: Path, certificates: Certificates | None, user: str, password: str) -> Iterator[FileServer]:
    """FTP that insists on TLS where there are certificates; anonymous where `user` is empty."""
    root.mkdir()
    authorizer = DummyAuthorizer()
    if user:
        authorizer.add_user(user, password, str(root), perm="elradfmwMT")
    else:
        authorizer.add_anonymous(str(root), perm="elradfmwMT")
    server = FileServer(root, 0)

    class Handler(FTPHandler if certificates is None else TLS_FTPHandler):  # type: ignore[misc]
        def ftp_STOR(self, file: str, mode: str = "w") -> Any:
            if server.hang_up:
                self.close()
                return None
            if server.full:
                self.respond("452 Insufficient storage space.")
                return None
            return super().ftp_STOR(file, mode)

    Handler.authorizer = authorizer
    Handler.auth_failed_timeout = 0
    if certificates is not None:
        Handler.certfile, Handler.keyfile = str(certificates.chain), str(certificates.key)
        Handler.tls_control_required = Handler.tls_data_required = True
    ioloop = IOLoop()
    running = FTPServer(("127.0.0.1", 0), Handler, ioloop=ioloop)
    server.port = running.address[1]
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            running.serve_forever(timeout=0.05, blocking=False)
        running.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        ended.set()
        thread.join(5)


class _Login(asyncssh.SSHServer):
    def __init__(self, user: str, password: str) -> None:
        self._said = (user, password)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == self._said


@contextmanager
def sftp_server(root: Path, user: str, password: str, key: asyncssh.SSHKey, authorized: Path) -> Iterator[FileServer]:
    """SFTP under the host key `key`; whoever holds a key of `authorized` may log in too."""
    root.mkdir()
    server = FileServer(root, 0)

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(root).encode())

        def write(self, file_obj: Any, offset: int, data: bytes) -> int:
            if server.full:
                raise asyncssh.SFTPNoSpaceOnFilesystem("No space left on device")
            if server.hang_up:
                self.channel.get_connection().abort()
            return super().write(file_obj, offset, data)

    with looping() as loop:
        listening = asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Login(user, password),
            server_host_keys=[key],
            sftp_factory=Files,
            authorized_client_keys=str(authorized),
        )
        acceptor = asyncio.run_coroutine_threadsafe(_awaited(listening), loop).result(5)
        server.port = acceptor.get_port()
        yield server
        loop.call_soon_threadsafe(acceptor.close)


async def _awaited(what: Any) -> Any:
    return await what
