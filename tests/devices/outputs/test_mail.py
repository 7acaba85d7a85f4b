"""The driver of `email`, against a real mail server with TLS and a login."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kernel.site.linkage_model import Email
from support.deliveries import KEY, PICTURE, Output, hostile, parcel, running, secret_file
from support.delivery_contract import SECRET, DeliveryContract
from support.mail_server import MailBox, mail_server
from support.receivers import Certificates

GUARD, CHIEF = "guard@example.org", "chief@example.org"


def email(box: MailBox, where: Path, **more: object) -> Email:
    password = secret_file(where, SECRET)
    ca_file = str(where / "tls" / "authority.pem")
    plain = Email(
        "127.0.0.1", box.port, "starttls", "fence", password, "fence@example.org", (GUARD, CHIEF), (), 1, None, ca_file
    )
    return msgspec.structs.replace(plain, **more)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailBox]:
    with mail_server(Certificates(tmp_path / "tls"), "fence", SECRET) as box:
        yield box


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Output]:
    with running(tmp_path, "email", "mail") as output:
        yield output


class TestContract(DeliveryContract):
    kind, module = "email", "mail"

    def settings(self, server: MailBox, where: Path) -> Email:
        return email(server, where)

    def arrived(self, server: MailBox) -> int:
        return len(server.messages)


def test_the_message_says_what_happened_and_carries_pictures(output: Output, server: MailBox, tmp_path: Path) -> None:
    answer = output.deliver(parcel(tmp_path), email(server, tmp_path))
    assert answer.ok, answer.reason
    ((to, message),) = server.messages
    assert to == [GUARD, CHIEF]
    assert message["Message-ID"] == f"<{KEY}@example.org>"
    assert message["Subject"] == "North fence: gate #3: line crossing, A to B, target human, on thermal"
    (picture,) = message.iter_attachments()
    assert picture.get_filename() == "thermal-at.jpg" and picture.get_content_type() == "image/jpeg"
    assert picture.get_payload(decode=True) == PICTURE
    body = message.get_body()
    assert body is not None
    text = body.get_content()
    assert "2026-03-01 02:00:04.125+01:00" in text and hashlib.sha256(PICTURE).hexdigest() in text


def test_tls_from_the_start(output: Output, tmp_path: Path) -> None:
    with mail_server(Certificates(tmp_path / "tls"), "fence", SECRET, implicit=True) as box:
        answer = output.deliver(parcel(tmp_path), email(box, tmp_path, encryption="tls"))
        assert answer.ok, answer.reason
        assert len(box.messages) == 1


def test_where_starttls_is_not_offered_nothing_is_sent(output: Output, tmp_path: Path) -> None:
    Certificates(tmp_path / "tls")
    with mail_server(None, "", "") as box:
        answer = output.deliver(parcel(tmp_path), email(box, tmp_path))
        assert not answer.ok and answer.again and "STARTTLS" in answer.reason.upper()
        assert box.messages == []


def test_a_certificate_of_an_unknown_authority_is_refused(output: Output, tmp_path: Path) -> None:
    with mail_server(Certificates(tmp_path / "unknown"), "fence", SECRET) as box:
        Certificates(tmp_path / "tls")
        answer = output.deliver(parcel(tmp_path), email(box, tmp_path))
        assert not answer.ok and answer.again and "certificate is not accepted" in answer.reason
        assert box.messages == []


def test_a_wrong_password_is_worth_another_attempt_and_is_never_told(
    output: Output, server: MailBox, tmp_path: Path
) -> None:
    server.login = ("fence", "another")
    answer = output.deliver(parcel(tmp_path), email(server, tmp_path))
    assert not answer.ok and answer.again and "login is refused" in answer.reason and SECRET not in answer.reason


def test_only_the_receiver_that_was_put_off_gets_another_attempt(
    output: Output, server: MailBox, tmp_path: Path
) -> None:
    server.refuse = {GUARD: "451 come back later"}
    directory = parcel(tmp_path)
    answer = output.deliver(directory, email(server, tmp_path))
    assert not answer.ok and answer.again and GUARD in answer.reason and "451" in answer.reason
    server.refuse = {}
    assert output.deliver(directory, email(server, tmp_path)).ok
    assert [to for to, _ in server.messages] == [[CHIEF], [GUARD]]
    assert server.messages[0][1]["Message-ID"] == server.messages[1][1]["Message-ID"]


def test_a_receiver_that_does_not_exist_is_reported_for_good(output: Output, server: MailBox, tmp_path: Path) -> None:
    server.refuse = {CHIEF: "550 no such user"}
    answer = output.deliver(parcel(tmp_path), email(server, tmp_path))
    assert not answer.ok and not answer.again and CHIEF in answer.reason
    assert [to for to, _ in server.messages] == [[GUARD]]


@pytest.mark.parametrize(("said", "again"), [("452 mailbox is full", True), ("554 no", False)])
def test_what_the_server_answers_decides_whether_to_try_again(
    said: str, again: bool, output: Output, server: MailBox, tmp_path: Path
) -> None:
    server.data_answer = said
    answer = output.deliver(parcel(tmp_path), email(server, tmp_path))
    assert (answer.ok, answer.again) == (False, again) and said[:3] in answer.reason


def test_a_line_that_drops_half_way_is_worth_another_attempt(output: Output, server: MailBox, tmp_path: Path) -> None:
    server.hang_up_at_data = True
    directory = parcel(tmp_path)
    answer = output.deliver(directory, email(server, tmp_path))
    assert not answer.ok and answer.again
    server.hang_up_at_data = False
    assert output.deliver(directory, email(server, tmp_path)).ok


def test_a_message_too_large_for_the_server_goes_out_without_its_files(
    output: Output, server: MailBox, tmp_path: Path
) -> None:
    server.largest = 20_000
    answer = output.deliver(parcel(tmp_path, picture=bytes(60_000)), email(server, tmp_path))
    assert answer.ok, answer.reason
    ((_, message),) = server.messages
    assert list(message.iter_attachments()) == []
    body = message.get_body()
    assert body is not None and "too large" in body.get_content()


def test_hostile_names_stay_in_their_place(output: Output, server: MailBox, tmp_path: Path) -> None:
    answer = output.deliver(parcel(tmp_path, hostile()), email(server, tmp_path))
    assert answer.ok, answer.reason
    ((to, message),) = server.messages
    assert to == [GUARD, CHIEF] and message["Bcc"] is None
    assert set(message.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "X-Emberline-Key"),
        *("MIME-Version", "Content-Type"),
    }
    body = message.get_body()
    assert body is not None and "\nBcc" not in body.get_content()
    assert [part.get_filename() for part in message.iter_attachments()] == ["thermal-at.jpg"]
