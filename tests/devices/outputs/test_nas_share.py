"""The driver of `nas`: a local directory, a mounted path, and Debian's samba on a high port."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kernel.site.linkage_model import Nas
from support.deliveries import KEY, Output, hostile, notice, parcel, running, secret_file
from support.delivery_contract import SECRET, DeliveryContract
from support.file_servers import FileServer
from support.samba import samba
from support.small_disk import SmallDisk, small_disk


def nas(root: Path, **more: object) -> Nas:
    plain = Nas("local", "", str(root), "", "", "{site}/{channel}/{date}", True, False)
    return msgspec.structs.replace(plain, **more)


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Output]:
    with running(tmp_path, "nas", "nas_share") as output:
        yield output


@pytest.fixture
def card(tmp_path: Path) -> FileServer:
    (tmp_path / "card").mkdir()
    return FileServer(tmp_path / "card", 0)


class TestLocalDirectory(DeliveryContract):
    kind, module, server_side = "nas", "nas_share", False

    @pytest.fixture
    def server(self, card: FileServer) -> FileServer:
        return card

    def settings(self, server: FileServer, where: Path) -> Nas:
        return nas(server.root)

    def arrived(self, server: FileServer) -> int:
        return len(server.notices())


@pytest.fixture
def share(tmp_path: Path) -> Iterator[FileServer]:
    with samba(tmp_path / "samba", SECRET) as server:
        yield server


def on_share(server: FileServer, where: Path, **more: object) -> Nas:
    user = __import__("getpass").getuser()
    password = secret_file(where, SECRET)
    settings = nas(Path("alarms"), protocol="smb", server="127.0.0.1", port=server.port, user=user)
    return msgspec.structs.replace(settings, password_file=password, **more)


class TestSambaShare(DeliveryContract):
    kind, module = "nas", "nas_share"

    @pytest.fixture
    def server(self, share: FileServer) -> FileServer:
        return share

    def settings(self, server: FileServer, where: Path) -> Nas:
        return on_share(server, where)

    def arrived(self, server: FileServer) -> int:
        return len(server.notices())


def test_a_wrong_password_is_worth_another_attempt_and_is_never_told(
    output: Output, share: FileServer, tmp_path: Path
) -> None:
    settings = on_share(share, tmp_path)
    (tmp_path / "password").write_text("another secret")
    answer = output.deliver(parcel(tmp_path), settings)
    assert not answer.ok and answer.again and "another secret" not in answer.reason, answer


def test_hostile_names_stay_in_their_place_on_the_share(output: Output, share: FileServer, tmp_path: Path) -> None:
    settings = on_share(share, tmp_path, directory="{site}/{rule}/{date}/{hour}")
    answer = output.deliver(parcel(tmp_path, hostile()), settings)
    assert answer.ok, answer.reason
    (path,) = share.root.rglob("*.json")
    assert len(path.relative_to(share.root).parts) == 5


def test_the_files_lie_where_the_pattern_says_and_only_there(output: Output, card: FileServer, tmp_path: Path) -> None:
    assert output.deliver(parcel(tmp_path), nas(card.root)).ok
    directory = card.root / "North_fence" / "thermal" / "2026-03-01"
    stem = f"20260301T020004_gate_3_{KEY}"
    assert sorted(path.name for path in directory.iterdir()) == [f"{stem}.json", f"{stem}_thermal-at.jpg"]
    later = tmp_path / "later"
    assert output.deliver(parcel(later, hostile()), nas(card.root, directory="{rule}/{site}")).ok
    assert len(card.notices()) == 2
    assert {path.name for path in tmp_path.iterdir()} == {
        *("card", "later", "settings.json", f"notice-{KEY}"),
    }


def test_where_nothing_is_mounted_the_local_disk_stays_empty(output: Output, card: FileServer, tmp_path: Path) -> None:
    settings = nas(Path("/export"), protocol="nfs", server="nas.example", mount=str(card.root))
    answer = output.deliver(parcel(tmp_path), settings)
    assert not answer.ok and answer.again and "nothing is mounted" in answer.reason
    assert list(card.root.iterdir()) == []


LARGE = b"\xff\xd8" + bytes(200_000) + b"\xff\xd9"


def check_that_it_arrives_once_there_is_room(disk: SmallDisk, output: Output, settings: Nas, where: Path) -> None:
    directory = parcel(where, picture=LARGE)
    answer = output.deliver(directory, settings)
    assert not answer.ok and answer.again and answer.reason
    assert list(disk.path.rglob("*.json")) == []
    disk.grow()
    assert output.deliver(directory, settings).ok
    assert len(FileServer(disk.path, 0).notices()) == 1


def test_a_mounted_share_that_is_full_gets_the_notice_once_there_is_room(output: Output, tmp_path: Path) -> None:
    with small_disk(tmp_path / "mounted") as disk:
        settings = nas(Path("/export"), protocol="nfs", server="nas.example", mount=str(disk.path))
        answer = output.deliver(parcel(tmp_path / "other", notice("f" * 24), picture=LARGE), settings)
        assert "No space left on device" in answer.reason
        assert not [path for path in disk.path.rglob("*") if path.is_file()], (
            "what is half there takes room from others"
        )
        check_that_it_arrives_once_there_is_room(disk, output, settings, tmp_path)


def test_a_samba_share_whose_disk_is_full_gets_the_notice_once_there_is_room(output: Output, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, samba(tmp_path / "samba", SECRET, disk.path) as server:
        check_that_it_arrives_once_there_is_room(disk, output, on_share(server, tmp_path), tmp_path)


def test_a_share_that_is_no_directory_is_worth_another_attempt(output: Output, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = output.deliver(parcel(tmp_path), nas(tmp_path / "file"))
    assert not answer.ok and answer.again and "no such directory" in answer.reason
