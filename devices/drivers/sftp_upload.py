"""The driver of `sftp`: puts each notice and its files on an SSH server whose key is known."""

import asyncssh

from devices.delivery import NotNow, Parcel, run_delivery
from devices.secrets import private_file
from devices.upload import PART, Upload, remote_directory, uploads
from kernel.site.linkage_model import Sftp

CONNECT_S = 20.0


async def deliver(parcel: Parcel[Sftp]) -> None:
    """Upload the files. Raises `NotNow` where the server or the way to it is at fault."""
    settings = parcel.settings
    directory = "/".join(remote_directory(settings.directory, parcel.notice))
    try:
        async with _connection(parcel) as connection, connection.start_sftp_client() as sftp:
            await sftp.makedirs(directory, exist_ok=True)
            for upload in uploads(parcel.notice, parcel.directory):
                await _put(sftp, f"{directory}/{upload.name}", upload)
    except asyncssh.HostKeyNotVerifiable as error:
        raise NotNow(f"{settings.server}: the host key is not one that known_hosts names ({error.reason})") from None
    except asyncssh.PermissionDenied:
        raise NotNow(f"{settings.server}: the login is refused") from None
    except (asyncssh.Error, OSError) as error:
        raise NotNow(f"{settings.server}: {error or type(error).__name__}") from None


def _connection(parcel: Parcel[Sftp]):
    """A connection that nothing but the settings decides on: no agent, no configuration of the user's."""
    settings = parcel.settings
    login = {}
    if settings.password_file:
        login = {"password": parcel.secret(settings.password_file), "client_keys": None}
    else:
        login = {"client_keys": [_private_key(parcel)]}
    known = {"known_hosts": str(parcel.path(settings.known_hosts))} if settings.known_hosts else {}
    return asyncssh.connect(
        settings.server.strip("[]"),
        settings.port,
        username=settings.user,
        agent_path=None,
        config=None,
        connect_timeout=CONNECT_S,
        login_timeout=CONNECT_S,
        **known,
        **login,
    )


def _private_key(parcel: Parcel[Sftp]) -> asyncssh.SSHKey:
    path = private_file(parcel.path(parcel.settings.key_file))
    try:
        return asyncssh.read_private_key(str(path))
    except asyncssh.KeyImportError as error:
        raise NotNow(f"key_file {path}: {error}") from None


async def _put(sftp: asyncssh.SFTPClient, path: str, upload: Upload) -> None:
    async with sftp.open(path + PART, "wb") as file:
        await file.write(upload.content())
    try:
        await sftp.posix_rename(path + PART, path)
    except asyncssh.SFTPOpUnsupported:
        if await sftp.exists(path):
            await sftp.remove(path)
        await sftp.rename(path + PART, path)


def main() -> None:
    """Run the driver."""
    run_delivery("sftp", Sftp, deliver)


if __name__ == "__main__":
    main()
