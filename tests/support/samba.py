"""Debian's samba as an ordinary process on a high port."""

import getpass
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection

import pytest

from support.delivery_contract import closed_port
from support.file_servers import FileServer

SMBD = Path("/usr/sbin/smbd")


@contextmanager
def samba(where: Path, password: str, root: Path | None = None) -> Iterator[FileServer]:
    """The share `alarms`, of `root` if given, for the user who runs the test; it is skipped where there is no samba."""
    if not SMBD.exists():
        pytest.skip("samba is not installed (Debian: apt install samba)")
    for name in ("share", "private", "lock", "state", "cache", "pid", "ncalrpc"):
        (where / name).mkdir(parents=True)
    root = root or where / "share"
    root.chmod(0o777)
    port = closed_port()
    configuration = where / "smb.conf"
    configuration.write_text(_configuration(where, root, port))
    user = getpass.getuser()
    added = subprocess.run(
        ["smbpasswd", "-c", str(configuration), "-a", "-s", user],
        input=f"{password}\n{password}\n",
        text=True,
        capture_output=True,
    )
    assert added.returncode == 0, added.stderr
    command = [str(SMBD), "--foreground", "--no-process-group", "--configfile", str(configuration)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, start_new_session=True, **quiet)  # it ends its whole process group
    try:
        _wait_for(port, process)
        yield FileServer(root, port)
    finally:
        process.terminate()
        process.wait(10)


def _configuration(where: Path, root: Path, port: int) -> str:
    return f"""[global]
server role = standalone server
interfaces = 127.0.0.1
bind interfaces only = yes
smb ports = {port}
private dir = {where}/private
lock directory = {where}/lock
state directory = {where}/state
cache directory = {where}/cache
pid directory = {where}/pid
ncalrpc dir = {where}/ncalrpc
passdb backend = tdbsam:{where}/private/passdb.tdb
log file = {where}/log
disable netbios = yes
load printers = no
map to guest = never
[alarms]
path = {root}
read only = no
"""


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while True:
        try:
            create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until and process.poll() is None, "smbd does not start"
            time.sleep(0.1)
