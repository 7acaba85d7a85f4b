"""A network thermal camera's HTTP interface on loopback: snapshots, alarm inputs and outputs, digest authentication.

It answers as the cameras do, over plain sockets, so that it can also answer as no camera should.
"""

import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np

REALM = "IP Camera"
NAMESPACE = "http://www.hikvision.com/ver20/XMLSchema"
JPEG = b"\xff\xd8 a picture \xff\xd9"


def head(status: str, content_type: str, length: int, more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{more}\r\n".encode()


def answer(body: bytes, content_type: str = "application/xml", status: str = "200 OK", more: str = "") -> bytes:
    return head(status, content_type, len(body), more) + body


def snapshot(celsius: np.ndarray, frozen: bool = False, **changes: object) -> bytes:
    """The multipart answer with these temperatures (height, width) in °C."""
    data = celsius.astype("<f4").tobytes()
    height, width = celsius.shape
    said = {"channel": 2, "jpegPicLen": len(JPEG), "jpegPicWidth": width, "jpegPicHeight": height}
    said |= {"p2pDataLen": len(data), "isFreezedata": frozen, "temperatureDataLength": 4, "scale": 1, "offset": 0}
    described = json.dumps({"JpegPictureWithAppendData": {**said, **changes}}).encode()
    parts = [("application/json", described), ("image/pjpeg", JPEG), ("application/octet-stream", data)]
    body = b"".join(
        f"--boundary\r\nContent-Type: {kind}\r\nContent-Length: {len(part)}\r\n\r\n".encode() + part + b"\r\n"
        for kind, part in parts
    )
    return answer(body + b"--boundary--\r\n", "multipart/form-data; boundary=boundary")


def document(root: str, **children: str) -> bytes:
    lines = "".join(f"<{name}>{text}</{name}>\n" for name, text in children.items())
    said = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} version="2.0" xmlns="{NAMESPACE}">\n{lines}</{root}>\n'
    return answer(said.encode())


class CameraServer:
    """The camera. `special` maps the beginning of a path to bytes that are sent there instead, then it hangs up."""

    def __init__(self, algorithm: str = "MD5", user: str = "viewer", password: str = "p@ss:1") -> None:
        self.algorithm, self.user, self.password = algorithm, user, password
        self.celsius = np.full((12, 16), 20.0)
        self.frozen = False
        self.inputs = {1: False, 2: False}
        self.outputs: list[tuple[int, str]] = []
        self.special: dict[str, bytes | None] = {}
        self.asked: list[str] = []
        self.refused = 0
        self.nonce = 0
        self._stop = threading.Event()
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        """Answer until `close`."""
        while not self._stop.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._open.add(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def hang_up(self) -> None:
        """Break every connection."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.hang_up()

    def renew_nonce(self) -> None:
        """Whoever logged in before has to do it again."""
        self.nonce += 1

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as file:
            while request := file.readline():
                method, path, _ = request.decode().split(" ")
                fields = self._fields(file.readline)
                body = file.read(int(fields.get("content-length", "0")))
                self.asked.append(path)
                if self._admits(method, fields.get("authorization", "")):
                    special = next((at for at in self.special if path.startswith(at)), None)
                    if special is not None:
                        self._misbehave(connection, self.special[special])
                        return
                    connection.sendall(self._answer(method, path, body.decode()))
                else:
                    self.refused += 1
                    connection.sendall(answer(b"", status="401 Unauthorized", more=self._challenge()))
        self._open.discard(connection)

    def _misbehave(self, connection: socket.socket, said: bytes | None) -> None:
        if said is not None:
            connection.sendall(said)
            return
        while not self._stop.wait(0.2):  # for ever a little more of an answer
            connection.sendall(b"X-More: 1\r\n")

    @staticmethod
    def _fields(readline: Callable[[], bytes]) -> dict[str, str]:
        lines = iter(lambda: readline().decode().strip(), "")
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def _challenge(self) -> str:
        said = f'realm="{REALM}", qop="auth", nonce="{self.nonce}", algorithm={self.algorithm}'
        return f"WWW-Authenticate: Digest {said}\r\n"

    def _admits(self, method: str, said: str) -> bool:
        """RFC 7616, qop=auth."""
        fields = {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', said)}

        def h(text: str) -> str:
            return hashlib.new(self.algorithm.replace("-", "").lower(), text.encode()).hexdigest()

        first = h(f"{self.user}:{REALM}:{self.password}")
        second = h(f"{method}:{fields.get('uri')}")
        proof = h(f"{first}:{self.nonce}:{fields.get('nc')}:{fields.get('cnonce')}:auth:{second}")
        return said.startswith("Digest ") and fields.get("response") == proof

    def _answer(self, method: str, path: str, body: str) -> bytes:
        if method == "GET" and path == "/ISAPI/Thermal/channels/2/thermometry/jpegPicWithAppendData?format=json":
            return snapshot(self.celsius, self.frozen)
        if method == "GET" and (found := re.fullmatch(r"/ISAPI/System/IO/inputs/(\d+)/status", path)):
            port = int(found[1])
            if port in self.inputs:
                state = "active" if self.inputs[port] else "inactive"
                return document("IOPortStatus", ioPortID=str(port), ioPortType="input", ioState=state)
        if method == "PUT" and (found := re.fullmatch(r"/ISAPI/System/IO/outputs/([12])/trigger", path)):
            level = re.search(r"<IOPortData[^>]*>\s*<outputState>(high|low)</outputState>\s*</IOPortData>", body)
            if level is not None:
                self.outputs.append((int(found[1]), level[1]))
                return document("ResponseStatus", requestURL=path, statusCode="1", statusString="OK")
        return document("ResponseStatus", statusCode="4", statusString="Invalid Operation").replace(
            b"200 OK", b"403 No"
        )


@contextmanager
def camera_server(algorithm: str = "MD5") -> Iterator[CameraServer]:
    """A camera on loopback."""
    server = CameraServer(algorithm)
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.close()
