"""Having models look at recorded frames: the facts are folded along, only to know where something moves."""

from collections.abc import Mapping

import numpy as np

from detectors.recogniser.model import Model
from detectors.recogniser.onlooker import Onlooker
from kernel.engine import Engine
from kernel.events import Event, FrameCaptured, ObjectsRecognised


class Scout:
    """Hears every fact of a session as it is imported; its Engine's conclusions are not kept."""

    def __init__(self, engine: Engine, models: Mapping[str, Model]) -> None:
        self._engine = engine
        self._onlooker = Onlooker(models)

    def hear(self, fact: Event, pixels: np.ndarray | None) -> list[ObjectsRecognised]:
        """What the channel's model finds in the frame of a fact; nothing for other facts.

        Raises `ModelError` where a model fails at its work.
        """
        before, after = self._engine.handle(fact, pixels)
        if not isinstance(fact.body, FrameCaptured):
            return []
        job = self._onlooker.job(fact.source, fact.body, pixels, (draft.body for draft in (*before, *after)))
        return [] if job is None else job.done()
