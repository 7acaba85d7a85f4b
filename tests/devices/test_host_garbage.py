"""What reaches the driver host and does not fit: garbage, strangers, somebody else's token."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.host import DriverHost
from devices.reports import UNKNOWN, Faulted, WentOnline
from devices.testing import gather, seen
from devices.wire import Fault, Heartbeat, Hello, ShotTaken, encode
from support.host_drivers import spec


class Raw:
    """Sockets of somebody who knows where the host listens."""

    def __init__(self, host: DriverHost) -> None:
        self._context = zmq.Context()
        self.facts = self._context.socket(zmq.PUSH)
        self.facts.connect(host.facts)
        self.commands = self._context.socket(zmq.DEALER)
        self.commands.connect(host.commands)

    def close(self) -> None:
        self._context.destroy(linger=200)


@pytest.fixture(scope="module")
def _keyholders(drivers_folder: Path) -> Iterator[tuple[DriverHost, dict[str, bytes], Raw]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(drivers_folder))
        host = DriverHost([spec("keyholder", id="a"), spec("keyholder", id="b")])
        host.start()
    online = gather(host, seen(WentOnline, 2))
    tokens = {r.driver: r.capabilities["token"].encode() for r in online if isinstance(r, WentOnline)}
    raw = Raw(host)
    yield host, tokens, raw
    raw.close()
    host.stop()


Keyholders = tuple[DriverHost, dict[str, bytes], Raw]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.binary(max_size=80), min_size=1, max_size=4),
    with_token=st.booleans(),
    header=st.sampled_from(
        [None, encode(Heartbeat()), encode(ShotTaken(0, 0, 9, 9, "gray8")), encode(Fault("x"))[:-1]]
    ),
    on_facts=st.booleans(),
)
def test_garbage_never_raises(
    _keyholders: Keyholders, parts: list[bytes], with_token: bool, header: bytes | None, on_facts: bool
) -> None:
    host, tokens, raw = _keyholders
    message = ([tokens["a"]] if with_token else []) + ([header] if header is not None else []) + parts
    (raw.facts if on_facts else raw.commands).send_multipart(message)
    assert all(isinstance(report, Faulted) for report in host.poll(0.0))


def test_garbage_is_counted_reported_at_a_limited_rate_and_harms_nobody(_keyholders: Keyholders) -> None:
    host, tokens, raw = _keyholders
    for socket in (raw.facts, raw.commands):  # once this is through, so is everything before it
        socket.send_multipart([tokens["b"], encode(Fault("heard"))])
    gather(host, lambda reports: reports.count(Faulted("b", "heard")) == 2)
    before = host.malformed[UNKNOWN], host.malformed["b"]
    for n in range(100):
        raw.facts.send_multipart([b"nobody", bytes([n])])
        raw.facts.send_multipart([tokens["b"], bytes([n])])
    until_s = time.monotonic() + 60
    reports: list[object] = []
    while (host.malformed[UNKNOWN] < before[0] + 100 or host.malformed["b"] < before[1] + 100) and (
        time.monotonic() < until_s
    ):
        reports += host.poll(0.05)
    assert (host.malformed[UNKNOWN], host.malformed["b"]) == (before[0] + 100, before[1] + 100)
    assert len(reports) <= 2
    raw.facts.send_multipart([tokens["b"], encode(Fault("still heard"))])
    assert gather(host, seen(Faulted))[-1] == Faulted("b", "still heard")


def test_a_token_speaks_for_its_own_driver_alone(_keyholders: Keyholders) -> None:
    host, tokens, raw = _keyholders
    before = host.malformed[UNKNOWN], host.malformed["a"]
    raw.commands.send_multipart([b"0" * 32, encode(Hello("b", 1))])
    raw.commands.send_multipart([tokens["a"], encode(Hello("b", 1))])
    until_s = time.monotonic() + 60
    reports: list[object] = []
    while (host.malformed[UNKNOWN], host.malformed["a"]) != (before[0] + 1, before[1] + 1):
        assert time.monotonic() < until_s
        reports += host.poll(0.05)
    assert not any(isinstance(report, WentOnline) for report in reports)
