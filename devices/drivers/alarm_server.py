"""The driver of `http`: posts each notice to an alarm server, as JSON or as the cameras' multipart form."""

import base64
from collections.abc import Generator
from pathlib import Path

import httpx2
import msgspec

from devices.camera_xml import alert, heartbeat
from devices.delivery import NotNow, Parcel, Undeliverable, run_delivery
from devices.notice import Envelope
from devices.secrets import read_secret
from devices.tls import tls_context, why_tls_failed
from devices.wire import Act
from kernel.site.linkage_model import Http

PASSING = frozenset({401, 403, 404, 407, 408, 425, 429})
"""Refusals of 400 and more that may pass: something is wrong with the server or the login, not with the notice."""
BOUNDARY = "boundary"
"""Some receivers know no other."""


class BearerAuth(httpx2.Auth):
    """A token that goes along with every request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


async def deliver(parcel: Parcel[Http]) -> None:
    """Post the notice. Raises `NotNow` or `Undeliverable` by what the server answers."""
    settings = parcel.settings
    content_type, body = _form(parcel) if settings.format == "xml" else ("application/json", _json(parcel))
    secret = parcel.secret(settings.password_file) if settings.password_file else ""
    headers = {"Content-Type": content_type, "Idempotency-Key": parcel.notice.key}
    await _post(settings, parcel.base, secret, headers, body)


async def life_sign(act: Act, envelope: Envelope, settings: Http) -> None:
    """Post that all is well: a server that hears nothing for longer than `interval_s` knows that it is not."""
    base = Path(envelope.base)
    interval_s = int(act.parameters.get("interval_ns", "0")) / 1e9
    body = msgspec.json.encode({"event": "LifeSign", "site": envelope.site, "interval_s": interval_s})
    headers = {"Content-Type": "application/json"}
    if settings.format == "xml":
        body, headers = heartbeat(), {"Content-Type": 'application/xml; charset="UTF-8"'}
    secret = read_secret(settings.password_file, base) if settings.password_file else ""
    await _post(settings, base, secret, headers, body)


async def _post(settings: Http, base: Path, secret: str, headers: dict[str, str], body: bytes) -> None:
    verify = tls_context(settings.ca_file, base) if settings.url.startswith("https:") else True
    timeout = httpx2.Timeout(settings.timeout_ns / 1e9)
    auth = _auth(settings, secret)
    headers = {**headers, "User-Agent": "Emberline"}
    try:
        async with (
            httpx2.AsyncClient(auth=auth, verify=verify, timeout=timeout, trust_env=False) as client,
            client.stream("POST", settings.url, content=body, headers=headers) as response,
        ):
            status = response.status_code
    except httpx2.TimeoutException:
        raise NotNow(f"{settings.url}: no answer within {settings.timeout_ns / 1e9:g} s") from None
    except httpx2.HTTPError as error:
        raise NotNow(f"{settings.url}: {why_tls_failed(error) or error or type(error).__name__}") from None
    _judge(settings.url, status)


def _judge(url: str, status: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise NotNow(f"{url}: redirects elsewhere ({status}), which is not followed")
    if status >= 500 or status in PASSING:
        raise NotNow(f"{url}: status {status}")
    raise Undeliverable(f"{url}: the server does not take this message (status {status})")


def _auth(settings: Http, secret: str) -> httpx2.Auth | None:
    if not secret:
        return None
    if settings.auth == "bearer":
        return BearerAuth(secret)
    if settings.auth == "basic":
        return httpx2.BasicAuth(settings.user, secret)
    return httpx2.DigestAuth(settings.user, secret)


def _json(parcel: Parcel[Http]) -> bytes:
    """The notice; its pictures are in the attachments' `data`, in base64."""
    notice = msgspec.to_builtins(parcel.notice)
    for attachment in notice["attachments"]:
        data = (parcel.directory / attachment["name"]).read_bytes()
        attachment["data"] = base64.b64encode(data).decode()
    return msgspec.json.encode(notice)


def _form(parcel: Parcel[Http]) -> tuple[str, bytes]:
    parts = [("event.xml", "application/xml", alert(parcel.notice))]
    for attachment in parcel.notice.attachments:
        parts.append((attachment.name, attachment.media_type, (parcel.directory / attachment.name).read_bytes()))
    body = bytearray()
    for name, media_type, data in parts:
        head = (
            f"--{BOUNDARY}\r\n"
            f'Content-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            f"Content-Type: {media_type}\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        body += head.encode() + data + b"\r\n"
    body += f"--{BOUNDARY}--\r\n".encode()
    return f"multipart/form-data; boundary={BOUNDARY}", bytes(body)


def main() -> None:
    """Run the driver."""
    run_delivery("http", Http, deliver, life_sign)


if __name__ == "__main__":
    main()
