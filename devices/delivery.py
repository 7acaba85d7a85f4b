"""What drivers of outputs that deliver notices are built on: `run_delivery` runs one from an async function.

The daemon hands over a notice by the name of its directory, and the driver makes one attempt within a time limit. An
attempt that failed is answered with whether another one makes sense; when that is due is the daemon's affair.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from devices.driver import Line, run
from devices.notice import BadNotice, Envelope, Notice, read_notice
from devices.secrets import SecretError, read_secret, without_secrets
from devices.wire import Act, ActionDone, ActionRefused, plain_text

DELIVER = "deliver"
ATTEMPT_S = 60.0
"""An attempt that takes longer has failed."""
SLICE_S = 0.05
REMEMBERED = 1024
S = TypeVar("S")


class Undeliverable(Exception):
    """This notice cannot be delivered, and another attempt would end the same way; the message says why."""


class NotNow(Exception):
    """The attempt failed; another one may succeed. The message says why."""


class Parcel(Generic[S]):
    """A notice on its way, the directory of its files, and the settings of its output.

    Raises `BadNotice` where what the action names is no notice, or no settings of this kind.
    """

    def __init__(self, act: Act, settings: type[S]) -> None:
        self.directory = Path(act.parameters.get("notice", ""))
        self.notice: Notice = read_notice(self.directory)
        path = Path(act.parameters.get("settings", ""))
        try:
            envelope = msgspec.json.decode(path.read_bytes(), type=Envelope)
            self.settings: S = msgspec.json.decode(envelope.settings, type=settings)
        except OSError as error:
            raise BadNotice(f"{path}: {error.strerror}") from None
        except msgspec.DecodeError as error:
            raise BadNotice(f"{path}: {error}") from None
        self.base = Path(envelope.base)
        self.secrets: set[str] = set()

    def secret(self, reference: str) -> str:
        """The secret that the settings name; it is blotted out of whatever this attempt says."""
        value = read_secret(reference, self.base)
        self.secrets.add(value)
        return value

    def path(self, name: str) -> Path:
        """A file that the settings name."""
        return self.base / name

    def files(self) -> list[Path]:
        """The files that go along, in the order of the notice's attachments."""
        return [self.directory / attachment.name for attachment in self.notice.attachments]


Deliver = Callable[[Parcel[S]], Awaitable[None]]


def run_delivery(kind: str, settings: type[S], deliver: Deliver[S]) -> int:
    """Run a driver that delivers the notices of linkages of this kind. Returns the process's exit status.

    `deliver` makes one attempt. It raises `Undeliverable` where no other attempt makes sense; whatever else it raises
    is taken for trouble that may pass.
    """

    def talk(line: Line) -> None:
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, name="deliveries", daemon=True).start()
        line.hello({"driver": kind, "actions": kind})
        _serve(line, lambda act: asyncio.run_coroutine_threadsafe(_attempt(kind, settings, deliver, act), loop))

    return run(talk)


def _serve(line: Line, begin: Callable[[Act], "Future[ActionDone | ActionRefused]"]) -> None:
    """Begin what is asked for and answer what has ended, so that Stop and heartbeats never wait for a server."""
    under_way: OrderedDict[tuple[str, int], Future[ActionDone | ActionRefused]] = OrderedDict()
    done: OrderedDict[tuple[str, int], ActionDone] = OrderedDict()
    while True:
        line.serve(SLICE_S)
        while line.actions:
            act = line.actions.popleft()
            key = (act.output, act.ordinal)
            if key in done:
                line.answer(done[key])
            elif key not in under_way:
                under_way[key] = begin(act)
        for key in [key for key, attempt in under_way.items() if attempt.done()]:
            answer = under_way.pop(key).result()
            line.answer(answer)
            if isinstance(answer, ActionDone):
                done[key] = answer
                if len(done) > REMEMBERED:
                    done.popitem(last=False)


async def _attempt(kind: str, settings: type[S], deliver: Deliver[S], act: Act) -> ActionDone | ActionRefused:
    def refused(reason: str, again: bool) -> ActionRefused:
        return ActionRefused(act.output, act.ordinal, plain_text(reason), again)

    if act.kind != kind or act.command != DELIVER:
        return refused(f"this driver carries out {DELIVER} of {kind}, not {act.command} of {act.kind}", False)
    try:
        parcel = Parcel(act, settings)
    except BadNotice as error:
        return refused(str(error), False)
    try:
        async with asyncio.timeout(ATTEMPT_S):
            await deliver(parcel)
    except Undeliverable as error:
        return refused(without_secrets(str(error), parcel.secrets), False)
    except (NotNow, SecretError) as error:
        return refused(without_secrets(str(error), parcel.secrets), True)
    except TimeoutError:
        return refused(f"it took longer than {ATTEMPT_S:g} s", True)
    except Exception as error:
        return refused(without_secrets(f"{type(error).__name__}: {error}", parcel.secrets), True)
    return ActionDone(act.output, act.ordinal)
