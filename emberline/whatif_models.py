"""The models of a what-if: they look only where nobody has looked yet, and are not needed where all is recorded."""

from pathlib import Path

import msgspec

from detectors.recogniser.errors import ModelError
from detectors.recogniser.model import Model
from detectors.recogniser.onlooker import Onlooker, load_models
from emberline.console import warn
from kernel.engine import ReadSite
from kernel.events import ConfigChanged, ObjectsRecognised
from kernel.log.contract import EventLog
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Site
from replay.sessions import Session

Recorded = dict[str, list[ObjectsRecognised]]
"""By channel."""


def whatif_onlooker(log: EventLog, session: Session, read_site: ReadSite, base: Path) -> Onlooker | None:
    """The models of the settings that the session ends with, their files relative to `base`; None where there is none.

    A model that cannot be loaded is done without, with a warning, where the session has findings of it; otherwise
    `ModelError` is raised.
    """
    changes = [fact.body for fact in log.read(session.facts("ConfigChanged"))]
    documents = [change.document for change in changes if isinstance(change, ConfigChanged)]
    if not documents:
        return None
    recorded: Recorded = {}
    for fact in log.read(session.facts("ObjectsRecognised")):
        assert isinstance(fact.body, ObjectsRecognised)
        recorded.setdefault(fact.source.removeprefix(CHANNEL_SOURCE), []).append(fact.body)
    models: dict[str, Model] = {}
    site = read_site(documents[-1])
    for channel in site.channels:
        models |= _models(msgspec.structs.replace(site, channels=(channel,)), base, recorded)
    if not models:
        return None
    return Onlooker(
        models, lambda channel, model: [r for r in recorded.get(channel, []) if r.model_sha256 == model.sha256]
    )


def _models(site: Site, base: Path, recorded: Recorded) -> dict[str, Model]:
    """The model of a site of one channel."""
    try:
        return load_models(site, base)
    except ModelError as error:
        (channel,) = site.channels
        settings = channel.recogniser
        if settings is None or all(r.model != settings.model for r in recorded.get(channel.id, [])):
            raise
        warn(f"only what is recorded of it is used: {error}")
        return {}
