"""The site's models at work in the daemon: in a thread of their own while it is live, in step at speed max."""

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from detectors.recogniser.errors import ModelError
from detectors.recogniser.onlooker import Job, Onlooker, load_models
from devices.wire import Pace
from emberline.wiring import make_engine
from kernel.events import Body, DeviceFault, Event, FrameCaptured
from kernel.site.model import Site
from replay.scout import Scout

DEVICE = "device.recogniser"
"""The source of what is wrong with a model."""
FAREWELL_S = 10.0


def make_scout(site: Site, base: Path) -> Scout | None:
    """What has the site's models look at recordings; None where it names none. Their files are relative to `base`.

    Raises `ModelError` where one cannot be used.
    """
    models = load_models(site, base)
    return Scout(make_engine(), models) if models else None


class Recognising:
    """Takes in what was folded and gives back, as facts to be admitted, what the models found in it.

    Live, a model that is still busy passes over what moves meanwhile: the fold never waits for it. At speed max each
    frame's findings follow it at once, so that they are the same however often the recording is run.
    """

    def __init__(self, base: Path, pace: Pace) -> None:
        self._base = base
        self._live = pace == "realtime"
        self._onlooker = Onlooker({})
        self._jobs: queue.Queue[Job | None] = queue.Queue(maxsize=1)
        self._done: queue.Queue[tuple[str, Body]] = queue.Queue()
        self._failed: set[str] = set()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Recognising":
        return self

    def __exit__(self, *_: object) -> None:
        """Let the thread finish what it is at."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(FAREWELL_S)

    def configure(self, site: Site) -> None:
        """Load the models of a site that comes into force. A model that has become unfit since is reported."""
        self._failed.clear()
        try:
            models = load_models(site, self._base)
        except ModelError as error:
            models = {}
            self._report(error)
        self._onlooker = Onlooker(models)
        if models and self._live and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="recogniser", daemon=True)
            self._thread.start()

    def take(self, unit: tuple[Event, ...], pixels: np.ndarray | None) -> None:
        """A fact and what came of it; `pixels` are those of a frame, (height, width) uint8 or uint16."""
        fact = next(event for event in unit if event.is_fact)
        if not isinstance(fact.body, FrameCaptured):
            return
        if self._live and self._jobs.full():
            return
        job = self._onlooker.job(fact.source, fact.body, pixels, (event.body for event in unit))
        if job is not None and not self._live:
            self._work(job)
        elif job is not None:
            with suppress(queue.Full):
                self._jobs.put_nowait(job)

    def found(self) -> Iterator[tuple[str, Body]]:
        """What was found since the last time: the facts' sources and bodies."""
        while not self._done.empty():
            yield self._done.get_nowait()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._work(job)

    def _work(self, job: Job) -> None:
        try:
            for found in job.done():
                self._done.put((job.source, found))
        except ModelError as error:
            self._report(error)

    def _report(self, error: ModelError) -> None:
        """Once: a model that fails does so frame after frame."""
        if str(error) not in self._failed:
            self._failed.add(str(error))
            self._done.put((DEVICE, DeviceFault("recogniser", str(error))))
