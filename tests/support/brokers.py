"""Debian's mosquitto, with TLS and a login."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from support.delivery_contract import closed_port
from support.receivers import Certificates

MOSQUITTO = Path("/usr/sbin/mosquitto")


class Listener:
    """A broker and all that was published on it."""

    def __init__(self, where: Path, certificates: Certificates, user: str, password: str) -> None:
        self._where = where
        self._certificates = certificates
        self._login = (user, password)
        self.port = closed_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._changed = threading.Condition()
        self.messages: list[tuple[str, str, bool]] = []
        self._client: paho.Client | None = None

    def start(self) -> None:
        """Start the broker, and listen."""
        passwords = self._where / "passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), *self._login], check=True, capture_output=True)
        passwords.chmod(0o644)
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"certfile {self._certificates.chain}",
            f"keyfile {self._certificates.key}",
            "allow_anonymous false",
            f"password_file {passwords}",
            "user root" if os.getuid() == 0 else "",
        ]
        (self._where / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        command = [str(MOSQUITTO), "-c", str(self._where / "mosquitto.conf")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._listen()

    def _listen(self) -> None:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.username_pw_set(*self._login)
        client.tls_set(ca_certs=str(self._certificates.authority))
        client.on_connect = lambda c, *_: c.subscribe("#", 1)
        client.on_message = self._heard
        subscribed = threading.Event()
        client.on_subscribe = lambda *_: subscribed.set()
        until = time.monotonic() + 60
        while True:
            try:
                client.connect("127.0.0.1", self.port)
                break
            except OSError:
                assert time.monotonic() < until, "mosquitto does not start"
                time.sleep(0.05)
        client.loop_start()
        self._client = client
        assert subscribed.wait(60), "mosquitto does not take the subscription"

    def _heard(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        with self._changed:
            self.messages.append((message.topic, message.payload.decode(), message.retain))
            self._changed.notify_all()

    def wait_for(self, topic: str, payload: str | None = None, timeout_s: float = 60.0) -> str:
        """The payload of the first message on the topic (with this payload), now or within the time."""

        def found() -> str | None:
            return next((p for t, p, _ in self.messages if t == topic and payload in (None, p)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, timeout_s), (topic, payload, self.messages)
            return found() or ""

    def wait_for_some(self, timeout_s: float = 60.0) -> set[str]:
        """The topics of what was published so far, as soon as there is something."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.messages, timeout_s), "nothing was published"
            return {topic for topic, _, _ in self.messages}

    def forget(self) -> None:
        with self._changed:
            self.messages.clear()

    def stop(self) -> None:
        if self._client is not None:
            self._client.loop_stop()
            self._client = None
        if self._process is not None:
            self._process.terminate()
            self._process.wait(5)
            self._process = None


@contextmanager
def broker(where: Path, user: str, password: str) -> Iterator[Listener]:
    """A broker; the test is skipped where there is no mosquitto."""
    if not MOSQUITTO.exists():
        pytest.skip("mosquitto is not installed (Debian: apt install mosquitto)")
    listener = Listener(where, Certificates(where / "tls"), user, password)
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()
