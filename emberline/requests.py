"""What others ask of the running daemon through its control socket."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from emberline.admission import Admission
from emberline.control import Answer, Handlers
from emberline.defaults import with_defaults
from emberline.live_rows import answer_rows
from emberline.operation.health import Health
from kernel import events as e
from kernel.commands import BadCommand, check_command
from kernel.engine import recorded_site
from kernel.site.model import Site
from kernel.site.reader import SiteErrors
from replay.labels import LABEL_COMMAND, REVIEW, ReviewError, judgement_in


class InForce(Protocol):
    """The settings in force."""

    @property
    def site(self) -> Site: ...

    @property
    def document(self) -> str:
        """The site file that says them."""
        ...

    def configure(self, site: Site, document: str, who: str) -> None:
        """Put others in force, with the same drivers."""
        ...


class Requests:
    """Answers commands, and questions for rows of the log and for the daemon's health."""

    def __init__(self, admission: Admission, settings: InForce, health: Callable[[], Health]) -> None:
        self._admission = admission
        self._log = admission.log
        self._settings = settings
        self._health = health

    def handlers(self) -> Handlers:
        """What answers each request, by its name."""
        return {
            "command": lambda body: self._obey(msgspec.msgpack.decode(body, type=e.CommandReceived)),
            "status": lambda _: Answer(True, data=msgspec.json.encode(self._health())),
            "rows": lambda body: answer_rows(self._log, body),
            "configure": lambda body: self._put_back(msgspec.msgpack.decode(body, type=e.ConfigChanged)),
        }

    def _obey(self, command: e.CommandReceived) -> Answer:
        """An operator's command: a fact, and what follows from it."""
        if command.name == LABEL_COMMAND:
            return self._review(command)
        try:
            check_command(command, self._settings.site)
        except BadCommand as error:
            return Answer(False, str(error))
        self._admission.fact("operator", command)
        if command.name == "restore-defaults":
            document = with_defaults(self._settings.document)
            self._settings.configure(recorded_site(document), document, command.who)
        self._log.sync()
        return Answer(True, f"done: {' '.join((command.name, *command.arguments))}")

    def _put_back(self, earlier: e.ConfigChanged) -> Answer:
        """Put an earlier document in force."""
        try:
            site = recorded_site(earlier.document)
        except SiteErrors as errors:
            return Answer(False, f"this document does not fit this version: {errors}")
        if {c.id: c.source for c in site.channels} != {c.id: c.source for c in self._settings.site.channels}:
            return Answer(False, "its channels or their sources are others than those that the daemon runs")
        self._settings.configure(site, earlier.document, earlier.who)
        self._log.sync()
        return Answer(True, "in force")

    def _review(self, command: e.CommandReceived) -> Answer:
        """Somebody judges an alarm: a fact too, of its own kind."""
        try:
            review = judgement_in(self._log, command)
        except ReviewError as error:
            return Answer(False, str(error))
        self._admission.fact(REVIEW, review)
        self._log.sync()
        return Answer(True, f"{review.rule}#{review.ordinal}: {review.label}")
