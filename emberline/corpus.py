"""Several logs opened together, with what is known of their sessions."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from emberline.errors import Unusable
from emberline.sites import error_lines
from emberline.wiring import read_log
from kernel.site.reader import SiteErrors
from replay.labels import TruthError
from replay.scoring.corpus import KnownSession, known_sessions


@contextmanager
def open_corpus(paths: list[Path], truth: Path | None, site: str | None = None) -> Iterator[list[KnownSession]]:
    """The sessions of the logs. Raises `Unusable` where there is none, or the truth file cannot be used."""
    names = [path.resolve().name for path in paths]
    for name in names:
        if names.count(name) > 1:
            raise Unusable(f"two logs are called {name}: truth files and reports could not tell them apart")
    with ExitStack() as stack:
        logs = {path: stack.enter_context(read_log(path)) for path in paths}
        try:
            sessions = known_sessions(logs, truth, site)
        except TruthError as error:
            raise Unusable(str(error)) from None
        except SiteErrors as errors:
            raise Unusable(*error_lines("site", errors)) from None
        if not sessions:
            raise Unusable("the logs hold no session yet; import a recording, or run the daemon")
        yield sessions
