"""The models of a site, looking on while frames are folded."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec
import numpy as np

from detectors.recogniser.errors import ModelError
from detectors.recogniser.looks import Looks
from detectors.recogniser.model import Model
from kernel.events import Body, Box, FrameCaptured, LookRequested, ObjectsDetected, ObjectsRecognised
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Recogniser, Site

Recorded = Callable[[str, Model], Iterable[ObjectsRecognised]]
"""What is known already of a channel from a model."""


class Job(msgspec.Struct, frozen=True, eq=False):
    """Parts of a frame that a channel's model shall look at; `pixels` (height, width) uint8 or uint16."""

    source: str
    model: Model
    pixels: np.ndarray
    captured_ns: int
    parts: list[Box]

    def done(self) -> list[ObjectsRecognised]:
        """Have the model look. Raises `ModelError` where it fails at its work."""
        return self.model.look(self.pixels, self.captured_ns, self.parts)


class Onlooker:
    """Knows each channel's model and what it is to look at next."""

    def __init__(self, models: Mapping[str, Model], recorded: Recorded = lambda channel, model: ()) -> None:
        self._models = models
        self._looks = {channel: Looks(recorded(channel, model)) for channel, model in models.items()}

    def job(self, source: str, body: FrameCaptured, pixels: np.ndarray | None, derived: Iterable[Body]) -> Job | None:
        """What there is to look at in the frame of a fact, by what the fold derived from it; None where nothing."""
        channel = source.removeprefix(CHANNEL_SOURCE)
        if pixels is None or channel not in self._models:
            return None
        model, looks = self._models[channel], self._looks[channel]
        if model.follows:
            asked = [part for one in derived if isinstance(one, LookRequested) for part in one.parts]
            parts = looks.missing(body.captured_ns, asked)
        else:
            objects = [one for seen in derived if isinstance(seen, ObjectsDetected) for one in seen.objects]
            height, width = pixels.shape
            parts = looks.wanted(body.captured_ns, objects, width, height) if objects else []
        return Job(source, model, pixels, body.captured_ns, parts) if parts else None


def load_models(site: Site, base: Path) -> dict[str, Model]:
    """The model of each channel that has one switched on; their files are relative to `base`, each is loaded once.

    Raises `ModelError`, with the path of the channel's recogniser in the site.
    """
    loaded: dict[Recogniser, Model] = {}
    models: dict[str, Model] = {}
    for channel in site.channels:
        settings = channel.recogniser
        if settings is None or not settings.enabled:
            continue
        try:
            models[channel.id] = loaded[settings] = loaded.get(settings) or Model(settings, base)
        except ModelError as error:
            raise ModelError(f"channel.{channel.id}.recogniser.model = {settings.model!r}: {error}") from None
    return models
