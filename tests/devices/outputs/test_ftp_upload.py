"""The driver of `ftp`, against a real FTP server with TLS."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kernel.site.linkage_model import Ftp
from support.deliveries import KEY, PICTURE, Output, hostile, parcel, running, secret_file
from support.delivery_contract import SECRET, DeliveryContract
from support.file_servers import FileServer, ftp_server
from support.receivers import Certificates


def ftp(server: FileServer, where: Path, **more: object) -> Ftp:
    ca_file = str(where / "tls" / "authority.pem")
    password = secret_file(where, SECRET)
    plain = Ftp("127.0.0.1", server.port, "fence", password, "{site}/{channel}/{date}", True, False, "tls", ca_file)
    return msgspec.structs.replace(plain, **more)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FileServer]:
    with ftp_server(tmp_path / "served", Certificates(tmp_path / "tls"), "fence", SECRET) as server:
        yield server


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Output]:
    with running(tmp_path, "ftp", "ftp_upload") as output:
        yield output


class TestContract(DeliveryContract):
    kind, module = "ftp", "ftp_upload"

    def settings(self, server: FileServer, where: Path) -> Ftp:
        return ftp(server, where)

    def arrived(self, server: FileServer) -> int:
        return len(server.notices())


def test_the_files_lie_where_the_pattern_says(output: Output, server: FileServer, tmp_path: Path) -> None:
    answer = output.deliver(parcel(tmp_path), ftp(server, tmp_path))
    assert answer.ok, answer.reason
    directory = server.root / "North_fence" / "thermal" / "2026-03-01"
    stem = f"20260301T020004_gate_3_{KEY}"
    assert sorted(path.name for path in directory.iterdir()) == [f"{stem}.json", f"{stem}_thermal-at.jpg"]
    assert (directory / f"{stem}_thermal-at.jpg").read_bytes() == PICTURE


def test_what_is_delivered_twice_lies_there_once(output: Output, server: FileServer, tmp_path: Path) -> None:
    directory = parcel(tmp_path)
    for _ in range(2):
        assert output.deliver(directory, ftp(server, tmp_path)).ok
    assert len(server.notices()) == 1


def test_a_wrong_password_is_worth_another_attempt_and_is_never_told(
    output: Output, server: FileServer, tmp_path: Path
) -> None:
    answer = output.deliver(parcel(tmp_path), ftp(server, tmp_path, user="somebody"))
    assert not answer.ok and answer.again and "login is refused" in answer.reason and SECRET not in answer.reason


def test_a_certificate_of_an_unknown_authority_is_refused(output: Output, tmp_path: Path) -> None:
    with ftp_server(tmp_path / "other", Certificates(tmp_path / "unknown"), "fence", SECRET) as server:
        Certificates(tmp_path / "tls")
        answer = output.deliver(parcel(tmp_path), ftp(server, tmp_path))
        assert not answer.ok and answer.again and "certificate is not accepted" in answer.reason, answer
        assert server.notices() == []


def test_a_server_without_tls_gets_nothing_unless_it_is_meant(output: Output, tmp_path: Path) -> None:
    Certificates(tmp_path / "tls")
    with ftp_server(tmp_path / "plain", None, "fence", SECRET) as server:
        directory = parcel(tmp_path)
        answer = output.deliver(directory, ftp(server, tmp_path))
        assert not answer.ok and answer.again and server.notices() == []
        assert output.deliver(directory, ftp(server, tmp_path, encryption="none")).ok
        assert len(server.notices()) == 1


def test_anonymous_login(output: Output, tmp_path: Path) -> None:
    with ftp_server(tmp_path / "plain", None, "", "") as server:
        settings = ftp(server, tmp_path, encryption="none", user="", password_file="")
        answer = output.deliver(parcel(tmp_path), settings)
        assert answer.ok, answer.reason


@pytest.mark.parametrize("trouble", ["full", "hang_up"])
def test_a_full_disk_or_a_dropped_line_is_worth_another_attempt_that_leaves_nothing_half(
    trouble: str, output: Output, server: FileServer, tmp_path: Path
) -> None:
    setattr(server, trouble, True)
    directory = parcel(tmp_path)
    answer = output.deliver(directory, ftp(server, tmp_path))
    assert not answer.ok and answer.again and answer.reason
    setattr(server, trouble, False)
    assert server.notices() == []
    assert output.deliver(directory, ftp(server, tmp_path)).ok
    assert len(server.notices()) == 1


def test_hostile_names_stay_in_their_place(output: Output, server: FileServer, tmp_path: Path) -> None:
    before = {path for path in tmp_path.rglob("*") if server.root not in path.parents}
    settings = ftp(server, tmp_path, directory="{site}/{rule}/{date}/{hour}")
    directory = parcel(tmp_path, hostile())
    answer = output.deliver(directory, settings)
    assert answer.ok, answer.reason
    assert len(server.notices()) == 1
    after = {path for path in tmp_path.rglob("*") if server.root not in path.parents}
    assert after - before <= {directory, *directory.iterdir(), tmp_path / "settings.json", tmp_path / "password"}
    for path in server.root.rglob("*.json"):
        parts = path.relative_to(server.root).parts
        assert len(parts) == 5 and all(re.fullmatch(r"\w[\w.-]*", part, re.ASCII) for part in parts), parts
