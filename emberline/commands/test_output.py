"""`emberline test-output SITE NAME`"""

import secrets
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer

from devices.host import DriverHost
from devices.notice import Attachment, Notice, attach, write_notice
from devices.process import DriverSpec
from devices.reports import ActionAnswered, WentOffline
from emberline.delivery.outbox import Outbox
from emberline.delivery.settings import delivery_spec, envelope_of
from emberline.drivers import DELIVERIES, signal_spec
from emberline.errors import AnswerIsNo, Unusable
from emberline.picture import Overlay, draw
from emberline.sites import load_site
from kernel.events import ActionRequested
from kernel.schedule import zone_info
from kernel.site.linkage_model import Email, Ftp, Http, Light, Nas, Notify, Sftp
from kernel.site.model import Linkage, Site

PATIENCE_S = 90.0
SHOWN_S = 2.0
"""A relay or a light is on for so long."""
WITH_PICTURES = (Email, Ftp, Http, Nas, Notify, Sftp)


def test_output(
    site: Annotated[Path, typer.Argument(help="The site file (TOML).")],
    name: Annotated[str, typer.Argument(help="The linkage's name.")],
) -> None:
    """Try an output: a test message through its real driver, or a relay, light or sound for a moment."""
    loaded = load_site(site).site
    link = next((link for link in loaded.linkages if link.id == name), None)
    if link is None:
        known = ", ".join(link.id for link in loaded.linkages) or "none"
        raise Unusable(f"there is no linkage {name!r}; there are: {known}")
    base = site.resolve().parent
    began_s = time.monotonic()
    if link.kind in DELIVERIES:
        _deliver(loaded, link, base)
    else:
        _signal(loaded, link, base)
    print(f"{name}: done in {time.monotonic() - began_s:.1f} s")


def _deliver(site: Site, link: Linkage, base: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="emberline-test-") as where:
        outbox = Outbox(Path(where))
        settings = outbox.write_settings(link.id, envelope_of(site, link, base))
        directory = outbox.path / "test"
        directory.mkdir(mode=0o700)
        write_notice(directory, _notice(site, link, directory))
        words = {"notice": str(directory), "settings": str(settings)}
        _carry_out(
            delivery_spec(link, DELIVERIES, settings), [ActionRequested(link.id, 1, link.kind, "deliver", words)]
        )


def _notice(site: Site, link: Linkage, directory: Path) -> Notice:
    now = datetime.now(zone_info(site.timezone)).isoformat(" ", "milliseconds")
    summary = f"test of output {link.id}"
    attachments: tuple[Attachment, ...] = ()
    if isinstance(link.settings, WITH_PICTURES):
        ramp = np.linspace(0, 255, 640).astype(np.uint8)
        path = directory / "test.jpg"
        draw(np.repeat(ramp[None], 360, axis=0), True, Overlay(caption=f"{summary}\n{now}")).save(path, quality=90)
        shown = {"channel": "", "first": now, "last": now, "frames": 1}
        attachments = (attach(path, "picture", "image/jpeg", **shown),)
    return Notice(
        key=secrets.token_hex(12),
        event="Test",
        state="active",
        site=site.name,
        output=link.id,
        seq=0,
        time=now,
        utc="",
        summary=summary,
        type="test",
        attachments=attachments,
    )


def _signal(site: Site, link: Linkage, base: Path) -> None:
    spec = signal_spec(site, link, base)
    if spec is None:
        raise Unusable(f"linkage.{link.id}: {link.kind} goes into the log; there is nothing to try")
    if link.kind == "audible":
        settings = msgspec.to_builtins(link.settings)
        words = {"file": settings["file"], "times": "1", "volume": str(settings["volume"])}
        _carry_out(spec, [ActionRequested(link.id, 1, link.kind, "play", words)])
        return
    words = {"number": str(link.number)}
    if isinstance(link.settings, Light):
        light = link.settings
        words = {"mode": light.mode, "frequency": light.frequency, "brightness": str(light.brightness)}
    commands = ("on", "off")
    _carry_out(spec, [ActionRequested(link.id, n, link.kind, what, words) for n, what in enumerate(commands, 1)])


def _carry_out(spec: DriverSpec, actions: list[ActionRequested]) -> None:
    with DriverHost([spec]) as host:
        for number, action in enumerate(actions):
            if number:
                _wait(host, SHOWN_S)
            host.act(spec.id, action, PATIENCE_S)
            answer = _answer(host)
            if not answer.ok:
                raise AnswerIsNo(f"{action.output}: {answer.reason}")
        _wait(host, SHOWN_S if len(actions) == 1 and actions[0].command == "play" else 0.0)


def _answer(host: DriverHost) -> ActionAnswered:
    trouble = "the driver does not answer"
    until_s = time.monotonic() + PATIENCE_S + 5.0
    while time.monotonic() < until_s:
        for report in host.poll(0.1):
            if isinstance(report, ActionAnswered):
                return report
            if isinstance(report, WentOffline):
                trouble = report.reason
    raise AnswerIsNo(trouble)


def _wait(host: DriverHost, seconds: float) -> None:
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        host.poll(0.1)
