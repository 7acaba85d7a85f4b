"""The driver of `nas`: puts each notice and its files on an SMB share, on a mounted share, or in a local directory."""

import asyncio
import os
from typing import Any

import smbclient
from smbprotocol.exceptions import LogonFailure, SMBException

from devices.delivery import NotNow, Parcel, run_delivery
from devices.upload import PART, put_whole, remote_directory, uploads
from kernel.site.linkage_model import Nas

CONNECT_S = 15


async def deliver(parcel: Parcel[Nas]) -> None:
    """Write the files. Raises `NotNow` where the share cannot be written to."""
    put = _to_share if parcel.settings.protocol == "smb" else _to_directory
    await asyncio.to_thread(put, parcel)


def _to_share(parcel: Parcel[Nas]) -> None:
    settings = parcel.settings
    server = settings.server.strip("[]")
    cache: dict[str, Any] = {}
    words: dict[str, Any] = {"port": settings.port, "connection_cache": cache}
    if settings.user:
        words |= {"username": settings.user, "password": parcel.secret(settings.password_file)}
    try:
        smbclient.register_session(server, connection_timeout=CONNECT_S, require_signing=True, **words)
        root = "\\".join(["", "", server, settings.share, *remote_directory(settings.directory, parcel.notice)])
        smbclient.makedirs(root, exist_ok=True, **words)
        for upload in uploads(parcel.notice, parcel.directory):
            with smbclient.open_file(f"{root}\\{upload.name}{PART}", mode="wb", **words) as file:
                file.write(upload.content())
            smbclient.replace(f"{root}\\{upload.name}{PART}", f"{root}\\{upload.name}", **words)
    except LogonFailure:
        raise NotNow(f"{settings.server}: the login is refused") from None
    except (SMBException, OSError, ValueError) as error:
        raise NotNow(f"{settings.server}: {error or type(error).__name__}") from None
    finally:
        smbclient.reset_connection_cache(fail_on_error=False, connection_cache=cache)


def _to_directory(parcel: Parcel[Nas]) -> None:
    settings = parcel.settings
    root = parcel.path(settings.mount if settings.protocol == "nfs" else settings.share)
    if not root.is_dir():
        raise NotNow(f"{root}: there is no such directory")
    if settings.protocol == "nfs" and not os.path.ismount(root):
        raise NotNow(f"{root}: nothing is mounted there, and the local disk is not to be filled instead")
    directory = root.joinpath(*remote_directory(settings.directory, parcel.notice))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for upload in uploads(parcel.notice, parcel.directory):
            put_whole(directory, upload)
    except OSError as error:
        raise NotNow(f"{error.filename or directory}: {error.strerror}") from None


def main() -> None:
    """Run the driver."""
    run_delivery("nas", Nas, deliver)


if __name__ == "__main__":
    main()
