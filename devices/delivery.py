"""What drivers of outputs that deliver notices are built on: `run_delivery` runs one from an async function.

The daemon hands over a notice by the name of its directory, and the driver makes one attempt within a time limit. An
attempt that failed is answered with whether another one makes sense; when that is due is the daemon's affair.
"""

import asyncio
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

import msgspec

from devices.driver import Line, run
from devices.notice import BadNotice, Envelope, Notice, read_notice
from devices.secrets import SecretError, read_secret, without_secrets
from devices.wire import Act, ActionDone, ActionRefused, plain_text

DELIVER, LIFE_SIGN = "deliver", "life_sign"
PARTING_S = 2.0
"""At its end the driver gets so long to say goodbye to servers."""
ATTEMPT_S = 60.0
"""An attempt that takes longer has failed."""
SLICE_S, BUSY_SLICE_S = 0.05, 0.005
"""How often the driver looks for what has ended: often while something is under way, for its lane waits for that."""
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
        self.envelope, self.settings = read_settings(path, settings)
        self.base = Path(self.envelope.base)
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


def read_settings(path: Path, kind: type[S]) -> tuple[Envelope, S]:
    """What the daemon wrote down for an output. Raises `BadNotice`."""
    try:
        envelope = msgspec.json.decode(path.read_bytes(), type=Envelope)
        return envelope, msgspec.json.decode(envelope.settings, type=kind)
    except OSError as error:
        raise BadNotice(f"{path}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise BadNotice(f"{path}: {error}") from None


Deliver = Callable[[Parcel[S]], Awaitable[None]]


LifeSign = Callable[[Act, Envelope, S], Awaitable[None]]


def run_delivery(
    kind: str,
    settings: type[S],
    deliver: Deliver[S],
    life_sign: LifeSign[S] | None = None,
    meanwhile: Callable[[], Coroutine[object, object, None]] | None = None,
) -> NoReturn:
    """Run a driver that delivers the notices of linkages of this kind, and end the process with its exit status.

    `deliver` makes one attempt. It raises `Undeliverable` where no other attempt makes sense; whatever else it raises
    is taken for trouble that may pass. `life_sign` tells the other side that all is well. `meanwhile` runs beside it
    all, and is cancelled when the driver is to end.
    """

    def talk(line: Line) -> None:
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, name="deliveries", daemon=True).start()
        beside = None if meanwhile is None else asyncio.run_coroutine_threadsafe(_begin(meanwhile()), loop).result()
        line.hello({"driver": kind, "actions": kind})
        try:
            _serve(line, lambda act: asyncio.run_coroutine_threadsafe(_answer(act), loop))
        finally:
            if beside is not None:
                asyncio.run_coroutine_threadsafe(_part(beside), loop).result(PARTING_S)

    async def _answer(act: Act) -> ActionDone | ActionRefused:
        if act.command == LIFE_SIGN and life_sign is not None:
            return await _sign_of_life(settings, life_sign, act)
        return await _attempt(kind, settings, deliver, act)

    code = run(talk)
    sys.stderr.flush()
    os._exit(code)  # threads that wait for a server would hold up an orderly exit


async def _begin(work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
    return asyncio.create_task(work)


async def _part(task: "asyncio.Task[None]") -> None:
    """Return once the task has come to its end after it was cancelled, or takes too long for that."""
    task.cancel()
    await asyncio.wait({task}, timeout=PARTING_S / 2)


async def _sign_of_life(settings: type[S], life_sign: LifeSign[S], act: Act) -> ActionDone | ActionRefused:
    try:
        async with asyncio.timeout(ATTEMPT_S):
            await life_sign(act, *read_settings(Path(act.parameters.get("settings", "")), settings))
    except Exception as error:
        what = str(error) if isinstance(error, NotNow | SecretError) else type(error).__name__
        return ActionRefused(act.output, act.ordinal, plain_text(f"no life sign: {what}"))
    return ActionDone(act.output, act.ordinal)


def _serve(line: Line, begin: Callable[[Act], "Future[ActionDone | ActionRefused]"]) -> None:
    """Begin what is asked for and answer what has ended, so that Stop and heartbeats never wait for a server."""
    under_way: OrderedDict[tuple[str, int], Future[ActionDone | ActionRefused]] = OrderedDict()
    done: OrderedDict[tuple[str, int], ActionDone] = OrderedDict()
    while True:
        line.serve(BUSY_SLICE_S if under_way else SLICE_S)
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
