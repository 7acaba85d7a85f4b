"""The driver of `mqtt`: keeps a line to the broker, which so notices when Emberline is gone, and publishes notices."""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import aiomqtt
import msgspec

from devices.delivery import NotNow, Parcel, read_settings, run_delivery
from devices.mqtt_topics import (
    OFF,
    OFFLINE,
    ON,
    ONLINE,
    Message,
    availability_topic,
    discovery,
    raiser_of,
    state_topic,
    topic_of,
)
from devices.notice import BadNotice, Envelope, Notice
from devices.secrets import SecretError, read_secret
from devices.tls import tls_context, why_tls_failed
from devices.wire import Act
from kernel.site.linkage_model import Mqtt

ANSWER_S = 10.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0


class Broker:
    """The line to the broker: made anew whenever it breaks, or the settings change."""

    def __init__(self) -> None:
        self._with: tuple[Envelope, Mqtt] | None = None
        self._client: aiomqtt.Client | None = None
        self._why = "not connected yet"
        self._changed = asyncio.Event()
        self._wake = asyncio.Event()
        self._connected = asyncio.Event()
        self._failed = asyncio.Event()
        self._live: dict[str, set[int]] = {}

    def use(self, envelope: Envelope, settings: Mqtt) -> None:
        """Talk to the broker of these settings from now on."""
        if self._with != (envelope, settings):
            self._with = (envelope, settings)
            self._connected.clear()
            self._changed.set()
            self._wake.set()

    async def run(self) -> None:
        """Keep the line up until cancelled; then say goodbye."""
        wait_s = FIRST_WAIT_S
        while True:
            self._changed.clear()
            self._wake.clear()
            if self._with is not None:
                try:
                    await self._talk(*self._with)
                    wait_s = FIRST_WAIT_S
                except (aiomqtt.MqttError, SecretError, NotNow, OSError) as error:
                    self._why = why_tls_failed(error) or str(error)
                finally:
                    self._client = None
                    self._connected.clear()
                    self._failed.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s if self._with else None)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    async def _talk(self, envelope: Envelope, settings: Mqtt) -> None:
        base, gone = Path(envelope.base), availability_topic(settings.topic, envelope.site)
        async with aiomqtt.Client(
            settings.server.strip("[]"),
            settings.port,
            username=settings.user or None,
            password=read_secret(settings.password_file, base) if settings.password_file else None,
            will=aiomqtt.Will(gone, OFFLINE, qos=1, retain=True),
            tls_context=tls_context(settings.ca_file, base) if settings.tls else None,
            timeout=ANSWER_S,
            keepalive=15,
        ) as client:
            for message in self._greeting(envelope, settings):
                await client.publish(message.topic, message.payload, qos=1, retain=message.retain)
            self._client = client
            self._connected.set()
            try:
                await self._until_changed(client)
            finally:
                with suppress(aiomqtt.MqttError):
                    await client.publish(gone, OFFLINE, qos=1, retain=True)

    def _greeting(self, envelope: Envelope, settings: Mqtt) -> list[Message]:
        greeting = discovery(envelope, settings.topic, settings.discovery) if settings.discovery else []
        for raiser in envelope.raisers:
            topic = state_topic(settings.topic, envelope.site, raiser)
            greeting.append(Message(topic, ON if self._live.get(topic) else OFF, True))
        return [*greeting, Message(availability_topic(settings.topic, envelope.site), ONLINE, True)]

    async def _until_changed(self, client: aiomqtt.Client) -> None:
        changed = asyncio.create_task(self._changed.wait())
        listening = asyncio.create_task(_listen(client))
        try:
            done, _ = await asyncio.wait({changed, listening}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            changed.cancel()
            listening.cancel()

    async def publish(self, messages: Sequence[Message], qos: int) -> None:
        """Publish in order; returns when the broker has taken them. Raises `NotNow`."""
        if not self._connected.is_set():
            await self._attempt()
        client = self._client
        if client is None:
            raise NotNow(f"no line to the broker: {self._why}")
        try:
            for message in messages:
                await client.publish(message.topic, message.payload, qos=qos, retain=message.retain, timeout=ANSWER_S)
        except aiomqtt.MqttError as error:
            raise NotNow(f"the broker does not take it: {error}") from None

    async def _attempt(self) -> None:
        """Try for a line now instead of when it is next due; returns when there is one, or it is known that not."""
        self._failed.clear()
        self._wake.set()
        outcomes = {asyncio.create_task(event.wait()) for event in (self._connected, self._failed)}
        try:
            await asyncio.wait(outcomes, timeout=ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for outcome in outcomes:
                outcome.cancel()

    def state_after(self, topic: str, notice: Notice) -> str:
        """Whether any alarm of the topic is live after this notice."""
        live = self._live.setdefault(topic, set())
        (live.add if notice.state == "active" else live.discard)(notice.ordinal)
        return ON if live else OFF


async def _listen(client: aiomqtt.Client) -> None:
    """Nothing is subscribed to; this ends with an error when the line breaks."""
    async for _ in client.messages:
        pass


class Publisher:
    """What the driver does, on the broker that it is first told of."""

    def __init__(self, settings: Path | None) -> None:
        self._settings = settings
        self._broker: Broker | None = None

    async def meanwhile(self) -> None:
        """Keep the line up."""
        self._broker = Broker()
        if self._settings is not None:
            with suppress(BadNotice):
                self._broker.use(*read_settings(self._settings, Mqtt))
        await self._broker.run()

    async def deliver(self, parcel: Parcel[Mqtt]) -> None:
        """Publish the notice and the state that follows from it."""
        assert self._broker is not None
        settings, site = parcel.settings, parcel.envelope.site or parcel.notice.site
        if settings.password_file:
            parcel.secret(settings.password_file)
        self._broker.use(parcel.envelope, settings)
        raiser = raiser_of(parcel.notice)
        state = state_topic(settings.topic, site, raiser)
        whole = msgspec.json.encode(parcel.notice).decode()
        messages = [
            Message(topic_of(settings.topic, site, raiser), whole, settings.retain),
            Message(state, self._broker.state_after(state, parcel.notice), True),
        ]
        await self._broker.publish(messages, settings.qos)

    async def life_sign(self, act: Act, envelope: Envelope, settings: Mqtt) -> None:
        """Say again that all is well, for whoever does not rely on the broker's word."""
        assert self._broker is not None
        self._broker.use(envelope, settings)
        topic = availability_topic(settings.topic, envelope.site)
        await self._broker.publish([Message(topic, ONLINE, True)], settings.qos)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the driver."""
    parser = argparse.ArgumentParser(prog="devices.drivers.mqtt_broker", description=__doc__)
    parser.add_argument("--settings", type=Path, help="the settings to begin with, before the first notice")
    publisher = Publisher(parser.parse_args(arguments).settings)
    run_delivery("mqtt", Mqtt, publisher.deliver, publisher.life_sign, publisher.meanwhile)


if __name__ == "__main__":
    main()
