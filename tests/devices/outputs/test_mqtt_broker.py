"""The driver of `mqtt`, against Debian's mosquitto with TLS and a login."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from devices.host import DriverHost, DriverSpec
from devices.notice import Envelope, Raiser
from devices.reports import WentOnline
from devices.testing import gather, seen
from kernel.events import ActionRequested
from kernel.site.linkage_model import Mqtt
from support.brokers import Listener, broker
from support.deliveries import KEY, Output, hostile, notice, parcel, running, secret_file
from support.delivery_contract import SECRET, DeliveryContract
from support.receivers import Certificates

TOPIC = "emberline/North_fence/thermal"
STATE = f"{TOPIC}/gate/state"
AVAILABLE = "emberline/North_fence/availability"


def mqtt(server: Listener, where: Path, **more: object) -> Mqtt:
    plain = Mqtt(
        server="127.0.0.1",
        port=server.port,
        tls=True,
        user="fence",
        password_file=secret_file(where, SECRET),
        topic="emberline/{site}/{channel}",
        qos=1,
        retain=False,
        ca_file=str(where / "tls" / "authority.pem"),
    )
    return msgspec.structs.replace(plain, **more)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Listener]:
    with broker(tmp_path, "fence", SECRET) as listener:
        yield listener


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Output]:
    with running(tmp_path, "mqtt", "mqtt_broker") as output:
        yield output


class TestContract(DeliveryContract):
    kind, module = "mqtt", "mqtt_broker"

    def settings(self, server: Listener, where: Path) -> Mqtt:
        return mqtt(server, where)

    def arrived(self, server: Listener) -> int:
        server.wait_for(TOPIC)
        return sum(topic == TOPIC for topic, _, _ in server.messages)


def test_an_alarm_is_published_whole_and_as_a_state_that_goes_back_when_it_is_over(
    output: Output, server: Listener, tmp_path: Path
) -> None:
    assert output.deliver(parcel(tmp_path), mqtt(server, tmp_path)).ok
    assert json.loads(server.wait_for(TOPIC))["key"] == KEY
    server.wait_for(STATE, "ON")
    over = parcel(tmp_path, notice("f" * 24, state="inactive"), picture=None)
    assert output.deliver(over, mqtt(server, tmp_path)).ok
    server.wait_for(STATE, "OFF")


def test_with_two_alarms_of_a_rule_the_state_goes_back_after_the_last(
    output: Output, server: Listener, tmp_path: Path
) -> None:
    told = [(1, "active"), (2, "active"), (1, "inactive"), (2, "inactive")]
    for number, (ordinal, state) in enumerate(told):
        one = notice(f"{number:024x}", ordinal=ordinal, state=state)
        assert output.deliver(parcel(tmp_path, one, picture=None), mqtt(server, tmp_path)).ok
    server.wait_for(STATE, "OFF")
    assert [payload for topic, payload, _ in server.messages if topic == STATE] == ["ON", "ON", "ON", "OFF"]


@pytest.fixture
def introduced(server: Listener, tmp_path: Path) -> Iterator[DriverHost]:
    """The driver as the daemon starts it, with its settings."""
    envelope = Envelope(
        "mqtt",
        str(tmp_path),
        msgspec.Raw(msgspec.json.encode(mqtt(server, tmp_path))),
        "North fence",
        (Raiser("gate", "The gate", "thermal"),),
    )
    path = tmp_path / "settings.json"
    path.write_bytes(msgspec.json.encode(envelope))
    with DriverHost([DriverSpec("linkage.mqtt", "devices.drivers.mqtt_broker", ("--settings", str(path)))]) as host:
        gather(host, seen(WentOnline))
        yield host


def test_home_assistant_finds_a_sensor_for_each_rule_before_the_first_alarm(
    introduced: DriverHost, server: Listener
) -> None:
    topic = "homeassistant/binary_sensor/emberline_North_fence_gate/config"
    config = json.loads(server.wait_for(topic))
    assert (config["name"], config["state_topic"], config["availability_topic"]) == ("The gate", STATE, AVAILABLE)
    server.wait_for(AVAILABLE, "online")
    server.wait_for(STATE, "OFF")


def test_the_sensors_go_unavailable_when_the_driver_is_killed(introduced: DriverHost, server: Listener) -> None:
    server.wait_for(AVAILABLE, "online")
    pid = introduced.pid("linkage.mqtt")
    assert pid is not None
    import os
    import signal

    os.kill(pid, signal.SIGKILL)
    server.wait_for(AVAILABLE, "offline")
    server.forget()
    gather(introduced, seen(WentOnline))
    server.wait_for(AVAILABLE, "online")


def test_the_sensors_go_unavailable_when_the_daemon_ends(introduced: DriverHost, server: Listener) -> None:
    server.wait_for(AVAILABLE, "online")
    introduced.stop()
    server.wait_for(AVAILABLE, "offline")


def test_after_the_broker_was_away_the_line_is_there_again(output: Output, server: Listener, tmp_path: Path) -> None:
    assert output.deliver(parcel(tmp_path), mqtt(server, tmp_path)).ok
    server.stop()
    later = parcel(tmp_path, notice("e" * 24))
    answer = output.deliver(later, mqtt(server, tmp_path))
    assert not answer.ok and answer.again
    server.start()
    answers = [output.deliver(later, mqtt(server, tmp_path)) for _ in range(2)]
    assert answers[-1].ok, answers


def test_a_life_sign_is_published(output: Output, server: Listener, tmp_path: Path) -> None:
    request = output.request(parcel(tmp_path), mqtt(server, tmp_path))
    words = {**request.parameters, "interval_ns": "1000000000"}
    assert output.ask(ActionRequested("out", 99, "mqtt", "life_sign", words)).ok
    server.wait_for("emberline/_/availability", "online")


def test_a_wrong_password_is_worth_another_attempt_and_is_never_told(
    output: Output, server: Listener, tmp_path: Path
) -> None:
    answer = output.deliver(parcel(tmp_path), mqtt(server, tmp_path, user="somebody"))
    assert not answer.ok and answer.again and SECRET not in answer.reason and answer.reason


def test_a_certificate_of_an_unknown_authority_is_refused(output: Output, server: Listener, tmp_path: Path) -> None:
    other = Certificates(tmp_path / "unknown")
    answer = output.deliver(parcel(tmp_path), mqtt(server, tmp_path, ca_file=str(other.authority)))
    assert not answer.ok and answer.again and "certificate is not accepted" in answer.reason


def test_hostile_names_stay_in_their_place(output: Output, server: Listener, tmp_path: Path) -> None:
    answer = output.deliver(parcel(tmp_path, hostile()), mqtt(server, tmp_path, topic="a/{site}/{channel}/{rule}"))
    assert answer.ok, answer.reason
    topics = server.wait_for_some()
    assert all(topic.startswith("a/") and topic.count("/") <= 5 for topic in topics), topics
    assert not any(c in topic for topic in topics for c in "+#\x00\n\"'<")
