"""The driver of `ftp`: puts each notice and its files on an FTP server, over TLS unless told otherwise."""

from pathlib import PurePosixPath

import aioftp

from devices.delivery import NotNow, Parcel, run_delivery
from devices.tls import tls_context, why_tls_failed
from devices.upload import PART, Upload, remote_directory, uploads
from kernel.site.linkage_model import Ftp

ANSWER_S = 20.0
"""The server gets so long for each answer."""


async def deliver(parcel: Parcel[Ftp]) -> None:
    """Upload the files. Raises `NotNow` where the server or the way to it is at fault."""
    settings = parcel.settings
    directory = PurePosixPath(*remote_directory(settings.directory, parcel.notice))
    password = parcel.secret(settings.password_file) if settings.password_file else "anonymous@"
    try:
        async with _connected(parcel) as client:
            await client.login(settings.user or "anonymous", password)
            for upload in uploads(parcel.notice, parcel.directory):
                await _put(client, directory, upload)
    except aioftp.StatusCodeError as error:
        codes = [str(code) for code in error.received_codes]
        what = "the login is refused" if "530" in codes else " ".join(error.info)
        raise NotNow(f"{settings.server}: {', '.join(codes)} {what}") from None
    except (aioftp.AIOFTPException, OSError) as error:
        raise NotNow(f"{settings.server}: {why_tls_failed(error) or error or type(error).__name__}") from None


class _connected:
    """A connection, encrypted as the settings say before anything else is said on it."""

    def __init__(self, parcel: Parcel[Ftp]) -> None:
        settings = parcel.settings
        self._settings = settings
        self._context = None if settings.encryption == "none" else tls_context(settings.ca_file, parcel.base)
        self._client = aioftp.Client(
            socket_timeout=ANSWER_S,
            connection_timeout=ANSWER_S,
            ssl=self._context if settings.encryption == "implicit" else None,
        )

    async def __aenter__(self) -> aioftp.Client:
        try:
            await self._client.connect(self._settings.server.strip("[]"), self._settings.port)
            if self._settings.encryption == "tls":
                await self._client.upgrade_to_tls(self._context)
        except BaseException:
            self._client.close()
            raise
        return self._client

    async def __aexit__(self, *_: object) -> None:
        self._client.close()


async def _put(client: aioftp.Client, directory: PurePosixPath, upload: Upload) -> None:
    whole, part = directory / upload.name, directory / (upload.name + PART)
    await _make(client, directory)
    async with client.upload_stream(part) as stream:
        await stream.write(upload.content())
    try:
        await client.rename(part, whole)
    except aioftp.StatusCodeError:  # some servers do not rename onto a file that an earlier attempt left
        await client.remove_file(whole)
        await client.rename(part, whole)


async def _make(client: aioftp.Client, directory: PurePosixPath) -> None:
    """Make each directory on the way; that one is there already is known from whether it can be entered."""
    for depth in range(1, len(directory.parts) + 1):
        path = PurePosixPath(*directory.parts[:depth])
        try:
            await client.command(f"MKD {path}", "257")
        except aioftp.StatusCodeError:
            here = await client.get_current_directory()
            await client.change_directory(path)
            await client.change_directory(here)


def main() -> None:
    """Run the driver."""
    run_delivery("ftp", Ftp, deliver)


if __name__ == "__main__":
    main()
