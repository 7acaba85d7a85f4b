"""The driver of `sftp`, against a real SSH server."""

import re
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import msgspec
import pytest

from kernel.site.linkage_model import Sftp
from support.deliveries import KEY, PICTURE, Output, hostile, parcel, running, secret_file
from support.delivery_contract import SECRET, DeliveryContract
from support.file_servers import FileServer, sftp_server


class Keys:
    """The server's key, and that of a user whom it knows."""

    def __init__(self, where: Path) -> None:
        self.host = asyncssh.generate_private_key("ssh-ed25519")
        user = asyncssh.generate_private_key("ssh-ed25519")
        self.key_file = where / "id"
        user.write_private_key(str(self.key_file))
        self.key_file.chmod(0o600)
        self.authorized = where / "authorized"
        user.write_public_key(str(self.authorized))
        self.known_hosts = where / "known_hosts"

    def know(self, port: int, key: asyncssh.SSHKey | None = None) -> None:
        public = (key or self.host).export_public_key().decode()
        self.known_hosts.write_text(f"[127.0.0.1]:{port} {public}")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@pytest.fixture
def server(tmp_path: Path, keys: Keys) -> Iterator[FileServer]:
    with sftp_server(tmp_path / "served", "fence", SECRET, keys.host, keys.authorized) as server:
        keys.know(server.port)
        yield server


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Output]:
    with running(tmp_path, "sftp", "sftp_upload") as output:
        yield output


def sftp(server: FileServer, where: Path, **more: object) -> Sftp:
    password = secret_file(where, SECRET)
    plain = Sftp("127.0.0.1", server.port, "fence", password, "", "known_hosts", "{site}/{channel}/{date}", True, False)
    return msgspec.structs.replace(plain, **more)


class TestContract(DeliveryContract):
    kind, module = "sftp", "sftp_upload"

    def settings(self, server: FileServer, where: Path) -> Sftp:
        return sftp(server, where)

    def arrived(self, server: FileServer) -> int:
        return len(server.notices())


@pytest.mark.parametrize("login", ["password", "key"])
def test_the_files_lie_where_the_pattern_says(login: str, output: Output, server: FileServer, tmp_path: Path) -> None:
    settings = (
        sftp(server, tmp_path) if login == "password" else sftp(server, tmp_path, password_file="", key_file="id")
    )
    answer = output.deliver(parcel(tmp_path), settings)
    assert answer.ok, answer.reason
    directory = server.root / "North_fence" / "thermal" / "2026-03-01"
    stem = f"20260301T020004_gate_3_{KEY}"
    assert sorted(path.name for path in directory.iterdir()) == [f"{stem}.json", f"{stem}_thermal-at.jpg"]
    assert (directory / f"{stem}_thermal-at.jpg").read_bytes() == PICTURE


def test_what_is_delivered_twice_lies_there_once(output: Output, server: FileServer, tmp_path: Path) -> None:
    directory = parcel(tmp_path)
    for _ in range(2):
        assert output.deliver(directory, sftp(server, tmp_path)).ok
    assert len(server.notices()) == 1


def test_a_server_with_another_key_than_the_known_one_gets_nothing(
    output: Output, server: FileServer, keys: Keys, tmp_path: Path
) -> None:
    keys.know(server.port, asyncssh.generate_private_key("ssh-ed25519"))
    answer = output.deliver(parcel(tmp_path), sftp(server, tmp_path))
    assert not answer.ok and answer.again and "host key" in answer.reason
    assert server.notices() == []


def test_a_wrong_password_is_worth_another_attempt_and_is_never_told(
    output: Output, server: FileServer, tmp_path: Path
) -> None:
    answer = output.deliver(parcel(tmp_path), sftp(server, tmp_path, user="somebody"))
    assert not answer.ok and answer.again and "login is refused" in answer.reason and SECRET not in answer.reason


def test_a_key_file_that_others_may_read_is_not_used(
    output: Output, server: FileServer, keys: Keys, tmp_path: Path
) -> None:
    keys.key_file.chmod(0o640)
    answer = output.deliver(parcel(tmp_path), sftp(server, tmp_path, password_file="", key_file="id"))
    assert not answer.ok and answer.again and "chmod 600" in answer.reason


@pytest.mark.parametrize("trouble", ["full", "hang_up"])
def test_a_full_disk_or_a_dropped_line_is_worth_another_attempt_that_leaves_nothing_half(
    trouble: str, output: Output, server: FileServer, tmp_path: Path
) -> None:
    setattr(server, trouble, True)
    directory = parcel(tmp_path)
    answer = output.deliver(directory, sftp(server, tmp_path))
    assert not answer.ok and answer.again and answer.reason
    setattr(server, trouble, False)
    assert not list(server.root.rglob("*.json"))
    assert output.deliver(directory, sftp(server, tmp_path)).ok
    assert len(server.notices()) == 1


def test_hostile_names_stay_in_their_place(output: Output, server: FileServer, tmp_path: Path) -> None:
    before = {path for path in tmp_path.rglob("*") if server.root not in path.parents}
    directory = parcel(tmp_path, hostile())
    answer = output.deliver(directory, sftp(server, tmp_path, directory="{site}/{rule}/{date}/{hour}"))
    assert answer.ok, answer.reason
    assert len(server.notices()) == 1
    after = {path for path in tmp_path.rglob("*") if server.root not in path.parents}
    assert after - before <= {directory, *directory.iterdir(), tmp_path / "settings.json", tmp_path / "password"}
    for path in server.root.rglob("*.json"):
        parts = path.relative_to(server.root).parts
        assert len(parts) == 5 and all(re.fullmatch(r"\w[\w.-]*", part, re.ASCII) for part in parts), parts
