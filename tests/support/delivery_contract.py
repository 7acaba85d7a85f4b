"""What every driver that delivers notices promises, whatever it delivers them to."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kernel.events import ActionRequested
from kernel.site.linkage_model import LinkageSettings
from support.deliveries import Output, parcel, running, secret_file

SECRET = "correct horse battery"


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class SilentServer:
    """Takes connections and never says a word; with `hang_up` it ends each as soon as something was said to it."""

    def __init__(self, hang_up: bool = False) -> None:
        self._hang_up = hang_up
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._held: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                one, _ = self._socket.accept()
            except OSError:
                return
            if self._hang_up:
                one.settimeout(0.2)
                with suppress(OSError):
                    one.recv(100)
                one.close()
            else:
                self._held.append(one)

    def close(self) -> None:
        for one in [self._socket, *self._held]:
            one.close()


class DeliveryContract:
    """Derive from it, give `kind`, `module` and `settings`, and a fixture `server` with the real counterpart.

    `arrived` says how often a notice with the key came to the server.
    """

    kind: str
    module: str
    server_side = True
    """Whether there is a server that can be down or hang up."""

    def settings(self, server: Any, where: Path) -> LinkageSettings:
        raise NotImplementedError

    def elsewhere(self, settings: LinkageSettings, port: int) -> LinkageSettings:
        """The same settings with the server at another port of this machine."""
        return msgspec.structs.replace(settings, port=port)

    def arrived(self, server: Any) -> int:
        raise NotImplementedError

    @pytest.fixture
    def output(self, tmp_path: Path) -> Iterator[Output]:
        with running(tmp_path, self.kind, self.module) as output:
            yield output

    def test_it_delivers_and_says_so_and_a_repeated_key_is_not_delivered_again(
        self, output: Output, server: Any, tmp_path: Path
    ) -> None:
        request = output.request(parcel(tmp_path), self.settings(server, tmp_path))
        for _ in range(2):
            answer = output.ask(request)
            assert answer.ok, answer.reason
        assert self.arrived(server) == 1

    def test_it_refuses_what_is_no_notice_for_good(self, output: Output, server: Any, tmp_path: Path) -> None:
        answer = output.deliver(tmp_path / "nothing here", self.settings(server, tmp_path))
        assert not answer.ok and not answer.again and "nothing here" in answer.reason
        directory = parcel(tmp_path)
        (directory / "thermal-at.jpg").write_bytes(b"changed behind its back")
        answer = output.deliver(directory, self.settings(server, tmp_path))
        assert not answer.ok and not answer.again and "thermal-at.jpg" in answer.reason

    def test_it_refuses_a_command_that_it_does_not_know(self, output: Output) -> None:
        answer = output.ask(ActionRequested("x", 1, self.kind, "no such command", {}))
        assert not answer.ok and not answer.again and "no such command" in answer.reason

    def test_a_server_that_is_down_is_worth_another_attempt(self, output: Output, server: Any, tmp_path: Path) -> None:
        if not self.server_side:
            pytest.skip("this output has no server")
        answer = output.deliver(parcel(tmp_path), self.elsewhere(self.settings(server, tmp_path), closed_port()))
        assert not answer.ok and answer.again and answer.reason

    def test_a_server_that_hangs_up_is_worth_another_attempt(self, output: Output, server: Any, tmp_path: Path) -> None:
        if not self.server_side:
            pytest.skip("this output has no server")
        rude = SilentServer(hang_up=True)
        try:
            answer = output.deliver(parcel(tmp_path), self.elsewhere(self.settings(server, tmp_path), rude.port))
        finally:
            rude.close()
        assert not answer.ok and answer.again and answer.reason

    def test_a_password_file_that_others_may_read_is_not_used(
        self, output: Output, server: Any, tmp_path: Path
    ) -> None:
        settings = self.settings(server, tmp_path)
        if not getattr(settings, "password_file", ""):
            pytest.skip("this output knows no password")
        lax = msgspec.structs.replace(settings, password_file=secret_file(tmp_path, SECRET, 0o644))
        answer = output.deliver(parcel(tmp_path), lax)
        assert not answer.ok and answer.again
        assert "chmod 600" in answer.reason and SECRET not in answer.reason

    def test_it_ends_at_once_when_told_to_while_a_server_keeps_it_waiting(
        self, output: Output, server: Any, tmp_path: Path
    ) -> None:
        if not self.server_side:
            pytest.skip("this output has no server")
        slow = SilentServer()
        try:
            settings = self.elsewhere(self.settings(server, tmp_path), slow.port)
            output.host.act(output.driver, output.request(parcel(tmp_path), settings), 90.0)
            assert output.host.poll(0.7) == []
            began_s = time.monotonic()
            output.host.stop()
            assert time.monotonic() - began_s < 2.0
        finally:
            slow.close()
