"""A network camera's HTTP interface: one connection that is kept, digest authentication, a limit on everything.

A login by `Basic`, which tells everybody on the way the password, is never sent, and redirections are not followed.
"""

import asyncio
from pathlib import Path
from types import TracebackType

import httpx2
import msgspec

from devices.delivery import NotNow
from devices.live import SourceAway
from devices.secrets import SecretError, read_secret
from devices.tls import tls_context, why_tls_failed

EXCHANGE_S = 5.0
"""A request and the whole of its answer have so long."""
LOGIN_AGAIN_S = 30.0
"""After a refused login the camera is left alone for so long: many lock a user out who tries again at once."""
ROOT = "/ISAPI/"


class CameraAddress(msgspec.Struct, frozen=True):
    """Where the interface is, `http://host:port`, and who asks; `base` is where relative paths of secrets begin."""

    url: str
    user: str = ""
    password_file: str = ""
    ca_file: str = ""
    base: Path = Path()


class Answer(msgspec.Struct, frozen=True):
    """What the camera answered."""

    content_type: str
    body: bytes


class CameraHttp:
    """The interface of one camera, for one thread; a context manager.

    All methods raise `SourceAway`, whose words say what is wrong and hold no secret.
    """

    def __init__(self, address: CameraAddress) -> None:
        """Read the password. Nothing is sent yet."""
        self._address = address
        self._auth = _digest(address)
        self._answered = False
        self._runner = asyncio.Runner()
        try:
            secure = address.url.startswith("https:")
            verify = tls_context(address.ca_file, address.base) if secure else True
        except NotNow as error:
            raise SourceAway(str(error)) from None
        self._client = httpx2.AsyncClient(base_url=address.url, verify=verify, trust_env=False, timeout=EXCHANGE_S)

    def __enter__(self) -> "CameraHttp":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._runner as runner:
            runner.run(self._client.aclose())

    def get(self, path: str, most_bytes: int) -> Answer:
        """The document at `path` below the interface's root."""
        return self._ask("GET", path, b"", most_bytes)

    def put(self, path: str, document: bytes, most_bytes: int) -> Answer:
        """Send an XML document to `path`."""
        return self._ask("PUT", path, document, most_bytes)

    def _ask(self, method: str, path: str, document: bytes, most_bytes: int) -> Answer:
        place = f"{self._address.url}{ROOT}{path}"
        try:
            return self._runner.run(self._in_time(method, path, document, most_bytes))
        except (TimeoutError, httpx2.TimeoutException):
            raise SourceAway(f"{place}: no complete answer within {EXCHANGE_S:g} s") from None
        except httpx2.HTTPError as error:
            raise SourceAway(f"{place}: {why_tls_failed(error) or error or type(error).__name__}") from None
        except (httpx2.InvalidURL, ValueError, NotImplementedError):  # of a challenge that makes no sense
            raise SourceAway(f"{place}: the camera asks for a login in a way that is not understood") from None
        except _Unwanted as error:
            raise SourceAway(f"{place}: {error}", error.wait_s) from None

    async def _in_time(self, method: str, path: str, document: bytes, most_bytes: int) -> Answer:
        async with asyncio.timeout(EXCHANGE_S):
            try:
                return await self._exchange(self._request(method, path, document), most_bytes)
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
                if not self._answered:
                    raise
            self._answered = False  # a connection that was kept may be closed just as it is used again
            return await self._exchange(self._request(method, path, document), most_bytes)

    async def _exchange(self, request: httpx2.Request, most_bytes: int) -> Answer:
        response = await self._with_login(request)
        try:
            answer = await _read(response, most_bytes)
        finally:
            await response.aclose()
        self._answered = True
        return answer

    def _request(self, method: str, path: str, document: bytes) -> httpx2.Request:
        headers = {"Accept-Encoding": "identity", "User-Agent": "Emberline"}
        if document:
            headers["Content-Type"] = "application/xml"
        return self._client.build_request(method, ROOT + path, headers=headers, content=document or None)

    async def _with_login(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, its body unread. The refusal that carries the challenge is thrown away without being read."""
        if self._auth is None:
            return await self._client.send(request, stream=True)
        flow = self._auth.auth_flow(request)
        response = await self._client.send(next(flow), stream=True)
        while True:
            try:
                another = flow.send(response)
            except StopIteration:
                return response
            await response.aclose()
            response = await self._client.send(another, stream=True)


class _Unwanted(Exception):
    """The answer is of no use; `wait_s` is how long not to ask again."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


def _digest(address: CameraAddress) -> httpx2.DigestAuth | None:
    if not address.user:
        return None
    try:
        return httpx2.DigestAuth(address.user, read_secret(address.password_file, address.base))
    except SecretError as error:
        raise SourceAway(str(error)) from None


async def _read(response: httpx2.Response, most_bytes: int) -> Answer:
    """The whole answer. Raises `_Unwanted` where it is a refusal, packed, or larger than `most_bytes`."""
    if response.status_code in (401, 403):
        raise _Unwanted(f"the camera refuses this user or password ({response.status_code})", LOGIN_AGAIN_S)
    if not response.is_success:
        raise _Unwanted(f"status {response.status_code}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise _Unwanted("a packed answer, which was not asked for")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > most_bytes:
            raise _Unwanted(f"an answer of more than {most_bytes} bytes")
    return Answer(response.headers.get("Content-Type", ""), bytes(body))
